import type { IncidentView } from '../../contracts/incident.ts';
import { STAGE_TITLES } from '../../core/incident-text.ts';
import { isOperator } from '../../core/roles.ts';
import type { Frame } from '../frame.ts';
import { type Html, html } from '../html.ts';
import { page } from '../page.ts';
import { reasonSheet } from '../reason-sheet.ts';
import { hiddenHint, shownLines, shownPlain } from '../shown-text.ts';
import { moment } from '../times.ts';
import { versionOf } from '../version.ts';
import { incidentClocks } from './incident-clocks.ts';
import { incidentSteps } from './incident-steps.ts';
import { signedAt } from './incident-step.ts';
import { actorWords, type IncidentFacts, turnOf } from './incident-words.ts';

function takeBackWords({ findings }: IncidentView): string {
  const count = findings?.rogue.length ?? 0;
  const ours = count === 1 ? '1 change was not ours.' : `${count} changes were not ours.`;
  return count === 0 ? 'Every change found is ours.' : `${ours} People decide what is set back.`;
}

const LEADS: Readonly<Record<IncidentView['stage'], (incident: IncidentView) => string>> = {
  containing: () => 'No call to HubSpot starts. What had not begun is being ended.',
  rotating: () =>
    'No call to HubSpot starts. Someone else may hold the key, so a person rotates it in HubSpot.',
  verifying: () => 'The new key is stored, and does not count before every check has passed.',
  assessing: () => 'The old key is dead. Every change under our key is being matched with the log.',
  reverting: (incident) => `The old key is dead. ${takeBackWords(incident)}`,
  resuming: ({ is_false_alarm: is }) =>
    is
      ? 'It was a false alarm: the key is kept. A second person opens the connection again.'
      : 'The old key is dead, the new one verified. A second person opens the connection again.',
  closed: ({ is_false_alarm: is }) =>
    `${is ? 'It was a false alarm: the key was kept. ' : ''}Calls to HubSpot start again.`,
};

const YOUR_STEP: Readonly<Partial<Record<IncidentView['stage'], string>>> = {
  rotating: 'Your step: rotate the key',
  verifying: 'Your step: see what failed',
  reverting: 'Your step: decide on the plan',
  resuming: 'Your step: open again',
};

function jump(frame: Frame, facts: IncidentFacts): Html | null {
  const words = YOUR_STEP[facts.incident.stage];
  return words !== undefined && turnOf(frame, facts)?.who === 'you'
    ? html`<a class="btn btn--main jump" href="#now">${words}</a>`
    : null;
}

function heading(frame: Frame, facts: IncidentFacts): Html {
  const { incident } = facts;
  const { reason, opened_by: by, opened_at: at, stage } = incident;
  const hint = hiddenHint(reason);
  return html`<div class="row">
    <div class="at">${moment(at)}</div>
    <div class="is">
      <h1>${shownLines(reason)}</h1>
      ${hint === undefined ? null : html`<p class="small quiet">${hint}</p>`}
      <p class="facts">
        <span>Opened by ${actorWords(frame, by)}</span> <span class="mono">${incident.id}</span>
      </p>
      <p class="lead">${LEADS[stage](incident)}</p>
      ${jump(frame, facts)}
    </div>
  </div>`;
}

function sheets(frame: Frame, { id, stage }: IncidentView): Html[] {
  if (stage !== 'rotating' || !isOperator(frame.reader)) return [];
  return [
    reasonSheet(frame, {
      id: 'false-alarm',
      ...signedAt(id, 'false-alarm'),
      title: 'False alarm',
      text: 'The key stays the one it is. A second person still opens the connection again.',
      button: 'Say so with passkey',
    }),
  ];
}

/** One incident: how it stands, whose turn it is, and what was found. */
export function incidentPage(visited: Frame, facts: IncidentFacts): string {
  const { incident, takeBacks } = facts;
  const { stage, reason } = incident;
  const states = takeBacks.map(({ id, approval }) => [id, approval?.status, approval?.you]);
  return page(visited, {
    title: `Incident: ${shownPlain(reason)}`,
    place: 'incidents',
    incident: incident.id,
    main: html`${heading(visited, facts)}${incidentClocks(visited, facts)}${incidentSteps(
      visited,
      facts,
    )}`,
    sheets: sheets(visited, incident),
    version: versionOf([incident, states, visited.reader.roles]),
    says: `Incident: ${STAGE_TITLES[stage]}`,
  });
}
