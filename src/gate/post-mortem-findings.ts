import { NOT_LOOKED_AT } from '../core/incident-text.ts';
import type { IncidentRecord } from '../core/incident.ts';
import { list, plain, table } from '../core/report-markdown.ts';
import type { RogueChange } from '../core/rogue-change.ts';

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

type Findings = NonNullable<IncidentRecord['findings']>;

/** Each record once: what was done to it, and to which agents it was shown. Contacts are people. */
function affectedLines({ rogue, exposures }: Findings): string[] {
  const how = new Map<string, Set<string>>();
  const note = (record: string, what: string): void => {
    how.set(record, (how.get(record) ?? new Set<string>()).add(what));
  };
  for (const { objectType, objectId, kind } of rogue) note(`${objectType} ${objectId}`, kind);
  for (const { records, agentId } of exposures)
    for (const record of records) note(record, `shown to ${agentId}`);
  if (how.size === 0) return ['None.'];
  const names = new Map(
    rogue.map(({ objectType, objectId, recordName }) => [`${objectType} ${objectId}`, recordName]),
  );
  const people = [...how.keys()].filter((record) => record.startsWith('contacts ')).length;
  const unnamed = exposures.filter(({ records, recordsTotal }) => recordsTotal > records.length);
  return [
    `${how.size} records, ${people} of them contacts, which are people.`,
    ...unnamed.map(
      ({ agentId, records, recordsTotal }) =>
        `Of what ${plain(agentId)} was shown ${recordsTotal - records.length} more are in the log alone.`,
    ),
    '',
    ...table(
      ['record', 'name', 'what'],
      [...how]
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .map(([record, what]) => [
          plain(record),
          plain(names.get(record) ?? null),
          plain([...what].join(', ')),
        ]),
    ),
  ];
}

/** What the window held: changes that are not ours, what agents were shown, and all that is touched by either. */
export function findingLines({ findings }: IncidentRecord): string[] {
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
    NOT_LOOKED_AT,
    '',
    ...list('Could not be looked at', unread),
    ...list('Left as it is', leftAlone),
    '',
    '### What agents were shown',
    '',
    ...shown,
    '',
    '### Affected records and people',
    '',
    ...affectedLines(findings),
  ];
}
