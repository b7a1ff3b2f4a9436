import { isTampered } from '../core/gateway-error.ts';
import { firstPersonOf, type IncidentRecord } from '../core/incident.ts';
import { type PersonStep, personStepOf, remindersBy } from '../core/incident-needs.ts';
import type { NoticeRecord } from '../core/notices.ts';
import type { Logger } from '../ports/logger.ts';
import type { Store, StoreTransaction } from '../ports/store.ts';
import { type AlarmToOwe, oweAlarm } from './alarm-notices.ts';
import { incidentEntry } from './incidents.ts';
import type { NoticePlace } from './notices.ts';

/** So many places are named in an entry; of each that is told there is one of its own. */
const NAMED_MAX = 100;

/** Mostly what is to be done is known by then, and said in the first message. */
const CONTAINED_BY_MS = 2_000;

/** A step has the first message about it by its key, a reminder by key and number. */
const reminderOf = ({ key }: PersonStep, count: number): string => `${key}#${count}`;

/** Each step's key begins with the stage that it is one of. */
export const stageIn = (occasion: string): string => /^[a-z]*/.exec(occasion)?.[0] ?? '';

type Due = Pick<AlarmToOwe, 'kind' | 'occasion'>;

/** What people are to be told of an incident and were not yet; nothing while the machine goes on by itself. */
function dueOf(
  incident: Pick<IncidentRecord, 'stage' | 'openedAt'>,
  step: PersonStep | undefined,
  told: readonly NoticeRecord[],
  now: Date,
): Due | undefined {
  if (!told.some(({ kind }) => kind === 'incident_opened')) {
    const isEarly = Math.abs(now.getTime() - incident.openedAt.getTime()) < CONTAINED_BY_MS;
    if (incident.stage === 'containing' && isEarly) return undefined;
    return { kind: 'incident_opened', occasion: step?.key ?? '' };
  }
  if (step === undefined) return undefined;
  const first = told.find(
    ({ kind, occasion }) => kind !== 'incident_reminded' && occasion === step.key,
  );
  if (first === undefined) return { kind: 'incident_step', occasion: step.key };
  const count = remindersBy(now.getTime() - first.createdAt.getTime());
  const occasion = reminderOf(step, count);
  const isNoted = count === 0 || told.some((one) => one.occasion === occasion);
  return isNoted ? undefined : { kind: 'incident_reminded', occasion };
}

interface Looked {
  readonly incident: IncidentRecord;
  readonly due: Due | undefined;
}

type Reads = Pick<Store, 'incidents' | 'notices' | 'connections'>;

async function lookAt(reads: Reads, id: string, now: Date): Promise<Looked | undefined> {
  const incident = await reads.incidents.get(id);
  if (incident === undefined || incident.stage === 'closed') return undefined;
  const { portalId } = (await reads.connections.get(incident.connection)) ?? {};
  const step = personStepOf(incident, portalId, now);
  return { incident, due: dueOf(incident, step, await reads.notices.of(id), now) };
}

/** Who contained it does not open it again: they are not asked to. */
const besidesIn = (incident: IncidentRecord): string | null =>
  incident.stage === 'resuming' ? (firstPersonOf(incident)?.slice('person:'.length) ?? null) : null;

async function oweOf(
  tx: StoreTransaction,
  id: string,
  places: readonly NoticePlace[],
): Promise<void> {
  const looked = await lookAt(tx, id, tx.now);
  if (looked?.due === undefined) return;
  const { incident, due } = looked;
  const isForOperators = incident.stage === 'resuming';
  const alarm = { ...due, subject: id, besides: besidesIn(incident), isForOperators };
  const told = await oweAlarm(tx, alarm, places);
  if (told.length === 0 || due.occasion === '') return;
  const facts = { step: due.occasion ?? '', told: told.slice(0, NAMED_MAX) };
  await tx.log.append(incidentEntry(incident, 'incident.prompted', { facts }));
}

/** Whoever changed its row has not kept people from hearing of it, once. */
async function oweDamaged(
  { store, places, logger }: OwingDependencies,
  id: string,
  error: unknown,
): Promise<void> {
  if (!isTampered(error)) throw error;
  const alarm = {
    subject: id,
    kind: 'incident_opened',
    occasion: 'damaged',
    besides: null,
  } as const;
  const told = await store.commit((tx) => oweAlarm(tx, alarm, places));
  if (told.length > 0) logger.warn('the record of an incident does not open', { incident: id });
}

export interface OwingDependencies {
  readonly store: Store;
  readonly places: readonly NoticePlace[];
  readonly clock: () => Date;
  readonly logger: Logger;
}

/**
 * Looks at the incidents that are under way and owes what people are to be told of them: by what is on record,
 * whoever opened them and with the engine up or down. One that does not open holds up no other. Errors:
 * `store.unavailable`.
 */
export async function oweOfIncidents(deps: OwingDependencies): Promise<void> {
  const { store, places, clock } = deps;
  if (places.length === 0) return;
  for (const { id } of await store.incidents.underWay()) {
    try {
      const looked = await lookAt(store, id, clock());
      if (looked?.due !== undefined) await store.commit((tx) => oweOf(tx, id, places));
    } catch (error) {
      await oweDamaged(deps, id, error);
    }
  }
}
