import { ObjectTypeSchema } from '../contracts/plan.ts';
import type { Undo } from '../contracts/undo.ts';
import { ERRORS } from '../core/errors.ts';
import { laterEditStart } from '../core/incident-text.ts';
import type { IncidentRecord } from '../core/incident.ts';
import type { RogueFinding } from '../core/rogue-finding.ts';
import type { LeftAlone, NotRevertible } from './divided-undos.ts';
import type { Wanted } from './folded-undos.ts';
import { planChanges, type TakeBackDependencies } from './take-back-plan.ts';
import { requestTakeBack, type TakeBackRules } from './take-back-request.ts';

/** Nobody on the roster: whoever contained it may decide on what is set back. */
const ASKED_BY = 'sallyport';

type Values = Readonly<Record<string, string>>;

const valuesOf = ({ properties }: RogueFinding, side: 'before' | 'after'): Values =>
  Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, value[side] ?? '']));

/** What would take it back; nothing of what HubSpot alone can bring back. */
function undoOf(rogue: RogueFinding): Undo[] {
  const type = ObjectTypeSchema.safeParse(rogue.objectType);
  if (!type.success || rogue.kind === 'archived') return [];
  const record = { object_type: type.data, id: rogue.objectId };
  const expects = valuesOf(rogue, 'after');
  return rogue.kind === 'created'
    ? [{ kind: 'archive', ...record, expects }]
    : [{ kind: 'restore', ...record, properties: valuesOf(rogue, 'before'), expects }];
}

const recordText = (one: { readonly object_type: string | null; readonly id: string | null }) =>
  `${one.object_type ?? 'a change'} ${one.id ?? ''}`.trim();

/** By whom, never the value: that stands in the findings. */
const leftText = (one: LeftAlone): string =>
  `${laterEditStart(one.object_type, one.id, one.property)}${one.changed_by === null ? '' : ` (${one.changed_by.source}, ${one.changed_by.at})`}; the later edit stays.`;

const notText = ({ reason, url, ...one }: NotRevertible): string =>
  `${recordText(one)}: ${reason}.${url === undefined ? '' : ` ${url}`}`;

const archivedText = ({ objectType, objectId }: RogueFinding): string =>
  `${objectType} ${objectId}: it is archived; HubSpot restores it for 90 days, by hand. https://knowledge.hubspot.com/records/restore-deleted-records`;

/** Newest first: of several changes of one value the oldest says what stood there before. */
const newestFirst = (rogue: readonly RogueFinding[]): RogueFinding[] =>
  rogue.toSorted((a, b) => b.at.getTime() - a.at.getTime());

/**
 * Asks people to take back what was found, as ordinary requests; what somebody has changed since is left
 * alone (law 12). Asking again makes none twice. Throws what `planChanges` and `requestTakeBack` throw.
 */
export async function askToTakeBack(
  deps: TakeBackDependencies,
  rules: TakeBackRules,
  { id }: Pick<IncidentRecord, 'id'>,
  rogue: readonly RogueFinding[],
): Promise<{ readonly requests: readonly string[]; readonly leftAlone: readonly string[] }> {
  const found = newestFirst(rogue);
  const wanted: Wanted[] = found.flatMap(undoOf).map((undo) => ({ of: null, undo }));
  const plan = await planChanges(deps, wanted);
  const requests: string[] = [];
  const refused: string[] = [];
  for (const order of plan.to_take_back) {
    const reason = `Take back what was found in incident ${id}.`;
    const asked = await requestTakeBack(deps, rules, {
      ...order,
      ...{ userId: ASKED_BY, reason, by: 'gateway' },
    });
    if (asked.kind === 'asked' || asked.kind === 'waiting') requests.push(asked.requestId);
    if (asked.kind === 'refused')
      refused.push(`${asked.requestId}: ${asked.detail ?? ERRORS[asked.code].title}`);
  }
  const leftAlone = [
    ...plan.left_alone.map(leftText),
    ...plan.not_revertible.map(notText),
    ...found.filter(({ kind }) => kind === 'archived').map(archivedText),
    ...refused,
  ];
  return { requests, leftAlone };
}
