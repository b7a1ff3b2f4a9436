// J K Enter A R C N ?: never while a field has the focus, and nothing is decided by one key: A opens the passkey
// prompt, or goes to the button, which Enter then presses.
const isWriting = () => document.activeElement?.matches('input, textarea, select') ?? false;
const isOnControl = () => document.activeElement?.matches('a, button, summary') ?? false;
const isAsking = () => document.querySelector(':popover-open') !== null;

const rows = () => [...document.querySelectorAll('.wait')];
const currentRow = () => document.querySelector('.wait[aria-current]');

function select(row) {
  for (const each of rows()) each.removeAttribute('aria-current');
  row.setAttribute('aria-current', 'true');
  row.scrollIntoView({ block: 'nearest' });
}

function move(by) {
  const all = rows();
  if (all.length === 0) return press('j');
  const at = all.indexOf(currentRow());
  const next = all[Math.min(all.length - 1, Math.max(0, at + by))];
  if (next) select(next);
}

/** The control that a key stands for: in the selected row, else in the bar of the card. */
function controlOf(key) {
  const place = currentRow() ?? document.getElementById('decide');
  return place?.querySelector(`[data-key="${key}"]`);
}

function press(key) {
  controlOf(key)?.click();
}

function approve() {
  const button = controlOf('a');
  if (!button) return;
  if (button.form?.dataset.passkey) button.click();
  else button.focus();
}

const ACTIONS = {
  j: () => move(1),
  k: () => move(-1),
  a: approve,
  r: () => press('r'),
  c: () => press('c'),
  n: () => press('n'),
  '?': () => document.getElementById('keys')?.showPopover(),
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (isWriting() || isAsking()) return;
  if (event.key === 'Enter') {
    if (!isOnControl()) currentRow()?.querySelector('[data-open]')?.click();
    return;
  }
  const action = ACTIONS[event.key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  action();
}

export function startKeys() {
  document.addEventListener('keydown', onKey);
}
