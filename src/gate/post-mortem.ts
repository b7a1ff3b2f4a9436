import type { AuditEntry } from '../contracts/audit-entry.ts';
import { durationWords } from '../core/durations.ts';
import { CLOCKS, type IncidentRecord } from '../core/incident.ts';
import { CHECK_TITLES, CLOCK_TITLES } from '../core/incident-text.ts';
import { hardeningFor } from '../core/incident-hardening.ts';
import type { RogueChange } from '../core/rogue-change.ts';
import type { StoreReads } from '../ports/store.ts';
import { clocksOf } from './incident-view.ts';
import { entryOf } from './logged.ts';

const PAGE_ENTRIES = 1_000;

/** Whose entry it is: the incident's own, its freeze's, and those of what it asked to be taken back. */
function isPart(entry: AuditEntry, { id, freezeId, takeBacks }: IncidentRecord): boolean {
  const { facts, request_id } = entry;
  return (
    facts['incident'] === id ||
    facts['freeze'] === freezeId ||
    (request_id !== null && takeBacks.includes(request_id))
  );
}

async function storyOf(
  { log }: Pick<StoreReads, 'log'>,
  incident: IncidentRecord,
): Promise<AuditEntry[]> {
  // The freeze is the entry before the first.
  const from = Math.max(0, incident.firstEntry - 1);
  const size = await log.size();
  const story: AuditEntry[] = [];
  for (let at = from; at < size; at += PAGE_ENTRIES) {
    const leaves = await log.leaves(at, Math.min(at + PAGE_ENTRIES, size));
    story.push(...leaves.map(entryOf).filter((entry) => isPart(entry, incident)));
  }
  return story;
}

/** What comes from records is data: no table, link or heading is made of it. */
const plain = (text: string | null): string =>
  text === null || text === ''
    ? '*empty*'
    : `\`${text.replaceAll('`', 'ˋ').replaceAll('|', '¦').replaceAll(/\s+/g, ' ')}\``;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  `| ${head.join(' | ')} |`,
  `| ${head.map(() => '---').join(' | ')} |`,
  ...rows.map((row) => `| ${row.join(' | ')} |`),
];

function clockLines(incident: IncidentRecord): string[] {
  const clocks = clocksOf(incident);
  const rows = CLOCKS.map((clock) => {
    const ms = clocks[clock];
    return [CLOCK_TITLES[clock], ms === undefined ? 'not reached' : durationWords(ms)];
  });
  return table(['clock', 'after the opening'], rows);
}

const factsText = ({ facts }: AuditEntry): string =>
  Object.entries(facts)
    .filter(([name]) => name !== 'incident' && name !== 'connection')
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');

/** Each line is an entry of the log; `audit prove` makes its proof for anyone with the public key. */
function timeLine(story: readonly AuditEntry[]): string[] {
  const rows = story.map((entry) => [
    entry.timestamp,
    String(entry.index),
    entry.event,
    plain(entry.actor),
    plain(
      [
        entry.hubspot_endpoint,
        entry.response_status,
        entry.request_id,
        entry.code,
        factsText(entry),
      ]
        .filter((part) => part !== null && part !== '')
        .join(' '),
    ),
  ]);
  return table(['time (UTC)', 'entry', 'event', 'by', 'what'], rows);
}

const rogueRows = ({ kind, objectType, objectId, recordName, at, properties }: RogueChange) => {
  const of = [`${objectType} ${objectId}`, plain(recordName), at.toISOString(), kind];
  const values = Object.entries(properties);
  if (values.length === 0) return [[...of, '', '', '']];
  return values.map(([name, { before, after }]) => [
    ...of,
    plain(name),
    plain(before),
    plain(after),
  ]);
};

function findingLines({ findings }: IncidentRecord): string[] {
  if (findings === null) return ['Not assessed.'];
  const { rogue, exposures, unread, leftAlone } = findings;
  const changes =
    rogue.length === 0
      ? ['No change under our key is missing from the log.']
      : table(
          ['record', 'name', 'at', 'change', 'field', 'before', 'rogue value'],
          rogue.flatMap(rogueRows),
        );
  const shown =
    exposures.length === 0
      ? ['No agent read anything.']
      : table(
          ['agent', 'action', 'reads', 'records', 'fields'],
          exposures.map(({ agentId, action, reads, recordsTotal, fields }) => [
            plain(agentId),
            action,
            String(reads),
            String(recordsTotal),
            plain(fields.join(', ')),
          ]),
        );
  return [
    `Looked at: ${findings.from.toISOString()} to ${findings.to.toISOString()}.`,
    '',
    '### Changes that are not in the log',
    '',
    ...changes,
    ...list('Could not be looked at', unread),
    ...list('Left as it is', leftAlone),
    '',
    '### What agents were shown',
    '',
    ...shown,
  ];
}

const list = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', `${title}:`, '', ...lines.map((line) => `- ${line}`)];

const QUESTIONS = [
  'How did somebody else come to act with our key: where did it lie beside the secret store?',
  'What would have shown it earlier? Which rule of detection was missing, or too wide?',
  'Which of the exposed records need a notice to the people in them (data protection law: 72 hours)?',
  'Which agent could do more than its work needs?',
  'What slowed the people’s steps down?',
];

/**
 * The report of an incident, made from the record and the log alone: Markdown, with the log's entry
 * behind each line of the time line. Throws `plan.tampered` for entries that do not open.
 */
export async function writePostMortem(
  store: Pick<StoreReads, 'log'>,
  incident: IncidentRecord,
): Promise<string> {
  const story = await storyOf(store, incident);
  const { id, connection, reason, openedBy, openedAt, stage, evidence, checks } = incident;
  const lines = [
    `# Incident ${id}`,
    '',
    `Connection ${plain(connection)}, opened ${openedAt.toISOString()} by ${plain(openedBy)}: ${plain(reason)}`,
    stage === 'closed'
      ? `Closed by ${plain(incident.resumedBy)}.${incident.isFalseAlarm ? ' It was a false alarm: the key was kept.' : ''}`
      : `Still open (${stage}): this report is not final.`,
    '',
    '## The clocks',
    '',
    ...clockLines(incident),
    '',
    '## Evidence kept at containment',
    '',
    evidence === null
      ? 'None.'
      : `Log of ${evidence.log.size} entries, root ${plain(evidence.log.rootPrefix)}; ${evidence.begun.length} writes under way, ${evidence.cancelled.length} requests ended for it.`,
    '',
    '## Verification',
    '',
    ...(checks.length === 0
      ? ['The key was not replaced.']
      : table(
          ['check', 'result', 'detail'],
          checks.map(({ name, state, detail }) => [CHECK_TITLES[name], state, plain(detail)]),
        )),
    '',
    '## Findings',
    '',
    ...findingLines(incident),
    '',
    '## Time line',
    '',
    '`npx sallyport audit prove ENTRY` makes a proof of each entry that anyone can check with the log’s public key.',
    '',
    ...timeLine(story),
    '',
    '## Questions for the people',
    '',
    ...QUESTIONS.map((question) => `- ${question}`),
    '',
    '## Proposed hardening',
    '',
    'Add to the policy file, adapt, and check with `npx sallyport policy explain`:',
    '',
    '```cedar',
    hardeningFor(incident),
    '```',
    '',
  ];
  return lines.join('\n');
}
