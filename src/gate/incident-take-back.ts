import { isRestorable, isRevertible } from '../actions/taken-back.ts';
import type { Undo } from '../contracts/undo.ts';
import { ERRORS } from '../core/errors.ts';
import { laterEditStart } from '../core/incident-text.ts';
import type { IncidentRecord } from '../core/incident.ts';
import type { RogueChange } from '../core/rogue-change.ts';
import { type LeftAlone, type NotRevertible, RESTORE_PAGE } from './divided-undos.ts';
import type { Wanted } from './folded-undos.ts';
import { planChanges, type TakeBackDependencies } from './take-back-plan.ts';
import { requestTakeBack, type TakeBackRules } from './take-back-request.ts';

/** Nobody on the roster: whoever contained it may decide on what is set back. */
const ASKED_BY = 'sallyport';

type Values = Readonly<Record<string, string>>;

const valuesOf = ({ properties }: RogueChange, side: 'before' | 'after'): Values =>
  Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, value[side] ?? '']));

/** What would take it back; nothing of what only people can set right in HubSpot. */
function undoOf(rogue: RogueChange): Undo[] {
  const { kind, objectType: object_type, objectId: id } = rogue;
  const expects = valuesOf(rogue, 'after');
  if (kind === 'created' && isRevertible(object_type))
    return [{ kind: 'archive', object_type, id, expects }];
  if (kind === 'changed' && isRevertible(object_type) && isRestorable(object_type))
    return [{ kind: 'restore', object_type, id, properties: valuesOf(rogue, 'before'), expects }];
  return [];
}

const recordText = (one: { readonly object_type: string | null; readonly id: string | null }) =>
  `${one.object_type ?? 'a change'} ${one.id ?? ''}`.trim();

/** By whom, never the value: that stands in the findings. */
const leftText = (one: LeftAlone): string =>
  `${laterEditStart(one.object_type, one.id, one.property)}${one.changed_by === null ? '' : ` (${one.changed_by.source}, ${one.changed_by.at})`}; the later edit stays.`;

const notText = ({ reason, url, ...one }: NotRevertible): string =>
  `${recordText(one)}: ${reason}.${url === undefined ? '' : ` ${url}`}`;

const byHandText = ({ kind, objectType, objectId }: RogueChange): string =>
  kind === 'archived'
    ? `${objectType} ${objectId}: it is archived; HubSpot restores it for 90 days, by hand. ${RESTORE_PAGE}`
    : `${objectType} ${objectId}: its values are set back by hand, in HubSpot.`;

/** Newest first: of several changes of one value the oldest says what stood there before. */
const newestFirst = (rogue: readonly RogueChange[]): RogueChange[] =>
  rogue.toSorted((a, b) => b.at.getTime() - a.at.getTime());

/**
 * Asks people to take back what was found, as ordinary requests; what somebody has changed since is left
 * alone (law 12). Asking again makes none twice. Throws what `planChanges` and `requestTakeBack` throw.
 */
export async function askToTakeBack(
  deps: TakeBackDependencies,
  rules: TakeBackRules,
  { id }: Pick<IncidentRecord, 'id'>,
  rogue: readonly RogueChange[],
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
    ...found.filter((one) => undoOf(one).length === 0).map(byHandText),
    ...refused,
  ];
  return { requests, leftAlone };
}
