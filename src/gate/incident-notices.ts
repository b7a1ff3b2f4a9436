import { type IncidentRecord } from '../core/incident.ts';
import { type PersonStep, personStepOf, remindersBy } from '../core/incident-needs.ts';
import type { NoticeRecord } from '../core/notices.ts';
import type { Logger } from '../ports/logger.ts';
import type { Store, StoreTransaction } from '../ports/store.ts';
import { type AlarmToOwe, oweAlarm } from './alarm-notices.ts';
import { incidentEntry } from './incidents.ts';
import type { NoticePlace } from './notices.ts';

/** Mostly what is to be done is known by then, and said in the first message. */
const CONTAINED_BY_MS = 2_000;

/** A step has the first message about it by its key, a reminder by key and number. */
export const reminderOf = ({ key }: PersonStep, count: number): string => `${key}#${count}`;

export const stepKeyIn = (occasion: string): string => occasion.split('#')[0] ?? '';

type Due = Pick<AlarmToOwe, 'kind' | 'occasion'>;

/** What people are to be told of an incident and were not yet; nothing while the machine goes on by itself. */
export function dueOf(
  incident: Pick<IncidentRecord, 'stage' | 'openedAt'>,
  step: PersonStep | undefined,
  told: readonly NoticeRecord[],
  now: Date,
): Due | undefined {
  if (!told.some(({ kind }) => kind === 'incident_opened')) {
    const isEarly = now.getTime() - incident.openedAt.getTime() < CONTAINED_BY_MS;
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
const besidesIn = ({ stage, openedBy }: IncidentRecord): string | null =>
  stage === 'resuming' && openedBy.startsWith('person:') ? openedBy.slice('person:'.length) : null;

async function oweOf(
  tx: StoreTransaction,
  id: string,
  places: readonly NoticePlace[],
): Promise<void> {
  const looked = await lookAt(tx, id, tx.now);
  if (looked?.due === undefined) return;
  const { incident, due } = looked;
  const told = await oweAlarm(tx, { ...due, subject: id, besides: besidesIn(incident) }, places);
  if (told.length === 0 || due.occasion === '') return;
  const facts = { step: due.occasion ?? '', told };
  await tx.log.append(incidentEntry(incident, 'incident.prompted', { facts }));
}

/**
 * Looks at the incidents that are under way and owes what people are to be told of them: by what is on record,
 * whoever opened them and with the engine up or down. One that does not open holds up no other. Errors:
 * `store.unavailable`.
 */
export async function oweOfIncidents(deps: {
  readonly store: Store;
  readonly places: readonly NoticePlace[];
  readonly clock: () => Date;
  readonly logger: Logger;
}): Promise<void> {
  const { store, places, clock, logger } = deps;
  if (places.length === 0) return;
  for (const { id } of await store.incidents.underWay()) {
    try {
      const looked = await lookAt(store, id, clock());
      if (looked?.due !== undefined) await store.commit((tx) => oweOf(tx, id, places));
    } catch (error) {
      logger.warn('people could not be told of an incident', { incident: id, error });
    }
  }
}
