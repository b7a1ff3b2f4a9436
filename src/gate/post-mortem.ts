import { durationWords } from '../core/durations.ts';
import { CLOCKS, type IncidentRecord } from '../core/incident.ts';
import { CHECK_TITLES, CLOCK_TITLES } from '../core/incident-text.ts';
import { hardeningFor } from '../core/incident-hardening.ts';
import { plain, table } from '../core/report-markdown.ts';
import type { StoreReads } from '../ports/store.ts';
import { alertsSince } from './alerts.ts';
import { clocksOf } from './incident-view.ts';
import { findingLines } from './post-mortem-findings.ts';
import { type Story, storyOf, whatRuleSaw } from './post-mortem-story.ts';
import { timeLine } from './post-mortem-time-line.ts';

/** Never so many as to bury what is left to read. */
const LOST_NAMED_MAX = 20;

function lostLines({ lost }: Story): string[] {
  if (lost.length === 0) return [];
  const named = lost.slice(0, LOST_NAMED_MAX).join(', ');
  const more = lost.length > LOST_NAMED_MAX ? ` and ${lost.length - LOST_NAMED_MAX} more` : '';
  return [
    `Entries ${named}${more} are gone from the store or were changed there, and may belong here. What was published of them stands in the log’s folder, and in copies of it.`,
    '',
  ];
}

const wordsOf = (ms: number | undefined): string =>
  ms === undefined ? 'not reached' : durationWords(ms);

function clockLines(incident: IncidentRecord): string[] {
  const clocks = clocksOf(incident);
  const rows = CLOCKS.map((clock) => [CLOCK_TITLES[clock], wordsOf(clocks[clock])]);
  return table(['clock', 'after the opening'], rows);
}

/** Of a person's own opening only they know what they had seen. */
async function detectionLine(
  store: Pick<StoreReads, 'log'>,
  incident: IncidentRecord,
): Promise<string[]> {
  const seen = await whatRuleSaw(store, incident);
  if (seen === undefined) return [];
  const ms = incident.openedAt.getTime() - Date.parse(seen.timestamp);
  return ['', `Frozen ${durationWords(ms)} after entry ${seen.index}, by which the rule noticed.`];
}

function evidenceLines({ evidence }: IncidentRecord): string[] {
  if (evidence === null) return ['None.'];
  const { log, counters, begun, cancelled } = evidence;
  const asked = counters.agents.map(({ id, lastHour, lastDay }) => [
    ...[plain(id), String(lastHour), String(lastDay)],
  ]);
  return [
    `Log of ${log.size} entries, root ${plain(log.rootPrefix)}; ${begun.length} writes under way, ${cancelled.length} requests ended for it; ${counters.alertsLastDay} alerts within the day.`,
    ...(asked.length === 0
      ? []
      : ['', ...table(['agent', 'asked in the hour before', 'in the day'], asked)]),
  ];
}

/** Whether what opened it has come again since it was let go on. */
async function watchLines(
  store: Pick<StoreReads, 'log'>,
  { cause, reached: { closed } }: IncidentRecord,
): Promise<string[]> {
  if (cause === null || closed === undefined) return [];
  let again = 0;
  for await (const { rule, raisedAt } of alertsSince(store, closed))
    if (rule === cause.rule && raisedAt > closed) again += 1;
  const since = closed.toISOString();
  return [
    '',
    `The rule ${plain(cause.rule)} goes on watching. Told again since ${since}: ${again}.`,
  ];
}

const QUESTIONS = [
  'How did somebody else come to act with our key: where did it lie beside the secret store?',
  'What would have shown it earlier? Which rule of detection was missing, or too wide?',
  'Which of the exposed records need a notice to the people in them (data protection law: 72 hours)?',
  'Which agent could do more than its work needs?',
  'What slowed the people’s steps down?',
];

/** Of a key that was kept nobody has to find out who had it. */
const FALSE_ALARM_QUESTIONS = [
  'What made it look like an incident: which rule was too wide, or what did somebody take for one?',
  'What stood still meanwhile, and would the freeze of one agent have been enough?',
  'What slowed the people’s steps down?',
];

function endLine(incident: IncidentRecord, { falseAlarm }: Story): string {
  const { stage, resumedBy, isFalseAlarm } = incident;
  const why = falseAlarm === undefined ? '' : ` Because: ${plain(falseAlarm)}`;
  const kept = isFalseAlarm ? ` It was a false alarm: the key was kept.${why}` : '';
  return stage === 'closed'
    ? `Closed by ${plain(resumedBy)}.${kept}`
    : `Still open (${stage}): this report is not final.${kept}`;
}

function checkLines({ isFalseAlarm, checks }: IncidentRecord): string[] {
  if (isFalseAlarm) return ['The key was kept: there was nothing to verify.'];
  if (checks.length === 0) return ['The key was not replaced.'];
  const rows = checks.map(({ name, state, detail }) => [CHECK_TITLES[name], state, plain(detail)]);
  return table(['check', 'result', 'detail'], rows);
}

function hardeningLines(incident: IncidentRecord): string[] {
  if (incident.isFalseAlarm)
    return ['None. How a rule is made narrower: docs/operations.md, "What is looked for".'];
  return [
    'Add to the policy file, adapt, and check with `npx sallyport policy explain`:',
    '',
    '```cedar',
    hardeningFor(incident),
    '```',
  ];
}

/**
 * The report of an incident, made from the record and the log alone: Markdown, with the log's entry
 * behind each line of the time line. Entries that do not open are named.
 */
export async function writePostMortem(
  store: Pick<StoreReads, 'log'>,
  incident: IncidentRecord,
): Promise<string> {
  const story = await storyOf(store, incident);
  const { id, connection, reason, openedBy, openedAt, isFalseAlarm } = incident;
  const lines = [
    `# Incident ${id}`,
    '',
    `Connection ${plain(connection)}, opened ${openedAt.toISOString()} by ${plain(openedBy)}: ${plain(reason)}`,
    endLine(incident, story),
    '',
    '## The clocks',
    '',
    ...clockLines(incident),
    ...(await detectionLine(store, incident)),
    ...(await watchLines(store, incident)),
    '',
    '## Evidence kept at containment',
    '',
    ...evidenceLines(incident),
    '',
    '## Verification',
    '',
    ...checkLines(incident),
    '',
    '## Findings',
    '',
    ...findingLines(incident),
    '',
    '## Time line',
    '',
    'Each entry stands in the log; looks that came out alike are one line here. `npx sallyport audit verify` checks it with the log’s public key.',
    '',
    ...lostLines(story),
    ...timeLine(story.entries),
    '',
    '## Questions for the people',
    '',
    ...(isFalseAlarm ? FALSE_ALARM_QUESTIONS : QUESTIONS).map((question) => `- ${question}`),
    '',
    '## Proposed hardening',
    '',
    ...hardeningLines(incident),
    '',
  ];
  return lines.join('\n');
}
