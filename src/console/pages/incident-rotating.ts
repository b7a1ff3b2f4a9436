import type { IncidentView } from '../../contracts/incident.ts';
import { CHECKS } from '../../core/incident.ts';
import { CHECK_TITLES } from '../../core/incident-text.ts';
import { isOperator } from '../../core/roles.ts';
import type { Frame } from '../frame.ts';
import { type Html, html } from '../html.ts';
import { shown } from '../shown-text.ts';
import { moment } from '../times.ts';
import { keyForm, rotateHow, rotateSteps } from './incident-key.ts';
import { fact, facts, FALSE_ALARM, isLeftOut, type Make, names } from './incident-step.ts';
import { actorWords, checkOf, isOldKeyGone } from './incident-words.ts';

/** The steps until the new key counts. */

export const detect: Make = (frame, { incident }) => ({
  ...{ heading: 'Detect', isDone: true, isNow: false, whose: 'machine', ms: 0 },
  body: facts([
    incident.rule === null
      ? fact('yes', html`Opened by ${actorWords(frame, incident.opened_by)}`)
      : fact('yes', html`Rule <span class="mono">${incident.rule}</span>`),
    fact('yes', html`Changes and reads are looked at from ${moment(incident.since)} on`),
  ]),
});

function evidenceLines({ evidence }: IncidentView): Html[] {
  if (evidence === null) return [fact('todo', html`What had not begun is being ended`)];
  const { begun, cancelled, log_size: size, log_root_prefix: root } = evidence;
  const count =
    cancelled.length === 1 ? '1 waiting request' : `${cancelled.length} waiting requests`;
  const ended =
    cancelled.length === 0 ? 'No request was waiting' : `${count} cancelled, each agent told why`;
  const underWay = begun.map(
    (id, at) =>
      html`${at === 0 ? '' : ', '}<a href="/console/requests/${id}" class="mono">${id}</a>`,
  );
  return [
    fact('yes', html`${ended}`),
    begun.length === 0
      ? fact('yes', html`No write was under way`)
      : fact('todo', html`Under way when it was frozen: ${underWay}`),
    fact(
      'yes',
      html`Evidence kept: log ${size.toLocaleString('en-US')}, root
        <span class="mono">${root}</span>`,
    ),
  ];
}

export const contain: Make = (_frame, { incident }) => ({
  ...{ heading: 'Contain', whose: 'machine', ms: incident.clocks_ms.contained },
  isDone: incident.stage !== 'containing',
  isNow: incident.stage === 'containing',
  body: facts([fact('yes', html`Frozen. No call to HubSpot starts`), ...evidenceLines(incident)]),
});

function oldKeyLine(incident: IncidentView): Html {
  const check = checkOf(incident, 'old_key_dead');
  if (check === undefined) return fact('todo', html`The old key has not been tried yet.`);
  if (isOldKeyGone(incident)) return fact('yes', html`Old key: ${shown(check.detail)}`);
  return fact(
    'bad',
    html`<span role="status"><b>${shown(check.detail)}</b> It is tried every 5 s.</span>`,
  );
}

const newKeyLine = ({ is_new_key_stored: is }: IncidentView): Html =>
  is ? fact('yes', html`New key stored.`) : fact('todo', html`New key not received.`);

const operatorsDo = ({ people }: Frame): Html => {
  const able = people.filter((person) => person.revoked_at === null && isOperator(person));
  return html`<p class="small">Someone with the role operator does this: ${names(able)}.</p>`;
};

function rotateNow(frame: Frame, incident: IncidentView): Html {
  const falseAlarm = html`<p class="btns">
    <button class="btn" type="button" popovertarget="false-alarm" data-decides="1">
      False alarm
    </button>
  </p>`;
  return html`<p class="lead">
      HubSpot offers no way for us to do this. It takes about two minutes.
    </p>
    ${facts([oldKeyLine(incident), newKeyLine(incident)])}
    ${isOperator(frame.reader) ? html`${rotateSteps(frame, incident)}${falseAlarm}` : operatorsDo(frame)}`;
}

export const rotate: Make = (frame, { incident }) => {
  const { stage, clocks_ms: clocks } = incident;
  const isNow = stage === 'rotating';
  const isDone = !['containing', 'rotating'].includes(stage);
  const of = { whose: 'a person', isNow, isDone, ms: clocks.supplied } as const;
  const heading = isNow ? 'Revoke and rotate the key in HubSpot' : 'Revoke and rotate';
  if (isNow) return { ...of, heading, body: rotateNow(frame, incident) };
  if (isDone && isLeftOut(incident))
    return { ...of, heading, body: facts([fact('yes', html`False alarm: the key is kept.`)]) };
  const body = isDone
    ? facts([newKeyLine(incident), oldKeyLine(incident)])
    : html`<p class="small">HubSpot offers no way for us to do this</p>`;
  return { ...of, heading, body };
};

const CHECK_MARKS = {
  passed: 'yes',
  waiting: 'todo',
  failed: 'bad',
  not_possible: 'todo',
} as const;
const CHECK_WORDS = {
  passed: '',
  waiting: ' (waits)',
  failed: ' (failed)',
  not_possible: ' (cannot be found out)',
} as const;

const checkLines = (incident: IncidentView): Html[] =>
  CHECKS.map((name) => {
    const check = checkOf(incident, name);
    const title = CHECK_TITLES[name];
    if (check === undefined) return fact('todo', html`${title}: not asked yet`);
    const { state, detail } = check;
    return fact(CHECK_MARKS[state], html`${title}${CHECK_WORDS[state]}: ${shown(detail)}`);
  });

function verifyNow(frame: Frame, incident: IncidentView): Html {
  const how = isOldKeyGone(incident)
    ? null
    : html`<ol class="human">
        ${rotateHow(incident)}
      </ol>`;
  const another = isOperator(frame.reader)
    ? html`<details>
        <summary>Was it not the new key? Store another one</summary>
        ${keyForm(frame, incident)}
      </details>`
    : null;
  return html`${facts(checkLines(incident))}${how}${another}`;
}

export const verify: Make = (frame, { incident }) => {
  const { stage, clocks_ms: clocks } = incident;
  const isNow = stage === 'verifying';
  const isDone = clocks.verified !== undefined;
  const of = { heading: 'Verify', whose: 'machine', isNow, isDone, ms: clocks.verified } as const;
  if (isNow) return { ...of, body: verifyNow(frame, incident) };
  if (isDone) return { ...of, body: facts(checkLines(incident)) };
  if (isLeftOut(incident)) return { ...of, body: FALSE_ALARM };
  const titles = CHECKS.map((name) => CHECK_TITLES[name]).join(' · ');
  return { ...of, body: html`<p class="small">${titles}</p>` };
};
