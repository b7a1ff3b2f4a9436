const NUMBER = /^-?\d{1,15}(?:\.\d{1,6})?$/;
const DAY = /^(\d{4}-\d{2}-\d{2})(?:T00:00:00(?:\.000)?Z)?$/;
const DAY_MS = 86_400_000;

const signed = (value: number): string => (value > 0 ? `+${value}` : `−${Math.abs(value)}`);

function amountHint(before: string, after: string): string | undefined {
  if (!NUMBER.test(before) || !NUMBER.test(after)) return undefined;
  const [from, to] = [Number(before), Number(after)];
  const by = Math.abs(to - from).toLocaleString('en-US', { maximumFractionDigits: 2 });
  if (to === from) return undefined;
  const share = from === 0 ? '' : `, ${signed(Math.round(((to - from) / Math.abs(from)) * 100))} %`;
  return `${by} ${to > from ? 'more' : 'less'}${share}`;
}

function dayHint(before: string, after: string): string | undefined {
  const [from, to] = [DAY.exec(before)?.[1], DAY.exec(after)?.[1]];
  if (from === undefined || to === undefined) return undefined;
  const days = Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);
  if (Number.isNaN(days) || days === 0) return undefined;
  const count = Math.abs(days) === 1 ? '1 day' : `${Math.abs(days)} days`;
  return `${count} ${days > 0 ? 'later' : 'earlier'}`;
}

/** How far a number or a day moves; nothing where that says nothing. Never instead of the values themselves. */
export const changeHint = (before: string | null, after: string): string | undefined =>
  before === null ? undefined : (amountHint(before, after) ?? dayHint(before, after));
