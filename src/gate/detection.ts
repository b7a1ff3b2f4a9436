import {
  detect,
  type DetectionSettings,
  type DetectionState,
  type Finding,
  initialDetection,
  rememberedMs,
} from '../core/detection.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { noted, type Observed } from '../core/observed.ts';
import type { Logger } from '../ports/logger.ts';
import type { Store, StoreReads, StoreTransaction } from '../ports/store.ts';
import { raiseAlert, tellOfUnlooked } from './alerts.ts';
import type { NoticePlace } from './notices.ts';
import { entryIn, firstSince, observedEntries } from './observed-log.ts';

const DETECTION_LIMITS = {
  pageEntries: 200,
  /** In one look; the next one goes on. */
  pagesMax: 25,
  /** What has come while no worker ran, beyond which the older entries are passed over, and that is said. */
  catchUpEntriesMax: 200_000,
  /** Read again at the start to know what the rules remembered. */
  rememberedEntriesMax: 50_000,
  /** A restart looks again at so many, and tells nothing twice. */
  markEveryEntries: 5_000,
  /** What is found later than this is told, and nobody is frozen for it any more. */
  lateMs: 3_600_000,
  probeEveryMs: 2_000,
} as const;
type Limits = Readonly<Record<keyof typeof DETECTION_LIMITS, number>>;

export interface DetectionDependencies {
  readonly store: Store;
  readonly settings: DetectionSettings;
  /** The one that an incident is opened on. */
  readonly connection: string;
  /** Who is told of an alert. */
  readonly places: readonly NoticePlace[];
  /** Throws `log.unavailable` while the published log does not keep up (`log-probe.ts`). */
  readonly probePublication: () => Promise<void>;
  readonly clock: () => Date;
  readonly logger: Logger;
  readonly limits?: Partial<Limits>;
}

/**
 * Follows the log from where it was left and applies the rules to each entry. Any number of processes may
 * do so on one store: an episode is told once, by whoever is first.
 */
export interface Detection {
  /**
   * Looks at what is new. Throws `store.unavailable`, and the reason of `stopping` between two pages; the
   * next look, of whatever process, goes on where this one ended.
   */
  look(stopping?: AbortSignal): Promise<void>;
}

type Following = DetectionDependencies & {
  readonly limits: Limits;
  readonly stopping?: AbortSignal | undefined;
};

interface Place {
  /** The next entry to look at. */
  readonly at: number;
  readonly state: DetectionState;
  /** Up to where the log says that the rules were applied. */
  readonly marked: number;
  /** Of the last entry that opened. */
  readonly time: Date;
}

/** Opening a page holds everybody; between two of them others have their turn. */
async function othersTurn({ stopping }: Following): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  stopping?.throwIfAborted();
}

/** What the rules would know at this place, had they looked at every entry before it. */
async function remembered(of: Following, at: number): Promise<Pick<Place, 'state' | 'time'>> {
  const { settings, clock, limits } = of;
  const { log } = of.store;
  const [last] = at === 0 ? [] : await observedEntries(log, at - 1, at, clock());
  const time = last === undefined ? clock() : new Date(last.timestamp);
  const since = time.getTime() - rememberedMs(settings);
  let state = initialDetection();
  let from = await firstSince(log, at, since, limits.rememberedEntriesMax);
  for (; from < at; from += limits.pageEntries) {
    const to = Math.min(at, from + limits.pageEntries);
    for (const seen of await observedEntries(log, from, to, time))
      ({ state } = detect(state, seen, settings));
    await othersTurn(of);
  }
  return { state, time };
}

/** The newest word of the log on how far the rules have got. */
async function newestMark({ log }: Pick<StoreReads, 'log'>): Promise<number | undefined> {
  const [mark] = await log.newest('detection.marked', { limit: 1 });
  const upto = mark === undefined ? undefined : entryIn(mark).facts['upto'];
  return typeof upto === 'number' ? upto : undefined;
}

async function mark(tx: StoreTransaction, upto: number): Promise<void> {
  await tx.log.append({ event: 'detection.marked', actor: 'gateway', facts: { upto } });
}

/** Where to go on. A log without a mark is a new one, or was written by an older version. */
async function markedPlace({ store, clock, limits }: Following, size: number): Promise<number> {
  const upto = await newestMark(store);
  if (upto !== undefined) return upto;
  if (size <= limits.markEveryEntries) return 0;
  const since = clock().getTime() - limits.lateMs;
  return firstSince(store.log, size, since, limits.catchUpEntriesMax);
}

async function begin(of: Following): Promise<Place> {
  const { store, places, logger, limits } = of;
  const size = await store.log.size();
  const marked = await markedPlace(of, size);
  const at = Math.max(marked, size - limits.catchUpEntriesMax);
  if (at > marked) {
    logger.warn('too many entries have come: the older ones are passed over', { marked, at });
    await store.commit(async (tx) => {
      await tellOfUnlooked(tx, { from: marked, to: at }, places);
      await mark(tx, at);
    });
  }
  return { at, marked: at, ...(await remembered(of, at)) };
}

async function raise(
  { store, places, settings, connection, clock, logger, limits }: Following,
  finding: Finding,
): Promise<void> {
  const isLate = clock().getTime() - finding.at.getTime() > limits.lateMs;
  const of = { finding, places, settings, connection, isLate };
  const raised = await store
    .commit((tx) => raiseAlert(tx, of))
    .catch((error: unknown) => {
      if (!(error instanceof GatewayError) || error.code === 'store.unavailable') throw error;
      // What cannot be done must not keep people from being told.
      const failure = { code: error.code };
      return store.commit((tx) => raiseAlert(tx, { ...of, failure }));
    });
  if (raised !== undefined) logger.warn('an alert was raised', { alert: raised });
}

async function lookAt(
  of: Following,
  before: DetectionState,
  seen: readonly Observed[],
): Promise<DetectionState> {
  let state = before;
  for (const one of seen) {
    const detected = detect(state, one, of.settings);
    ({ state } = detected);
    for (const finding of detected.findings) await raise(of, finding);
  }
  return state;
}

/** One page. Who dies in it has not looked at it: the next one does, and tells nothing twice. */
async function turnPage(of: Following, from: Place, size: number): Promise<Place> {
  const to = Math.min(size, from.at + of.limits.pageEntries);
  const seen = await observedEntries(of.store.log, from.at, to, from.time);
  const state = await lookAt(of, from.state, seen);
  await othersTurn(of);
  return { ...from, state, at: to, time: new Date(seen.at(-1)?.timestamp ?? from.time) };
}

/** Says in the log how far the rules have got, unless another process that follows it has said so. */
async function sayMarked({ store, limits }: Following, { at }: Place): Promise<void> {
  await store.commit(async (tx) => {
    const known = (await newestMark(tx)) ?? 0;
    if (at - known >= limits.markEveryEntries) await mark(tx, at);
  });
}

/** Whether the log is published can only be found out from outside of it. */
async function isLate({ probePublication }: Following): Promise<boolean> {
  try {
    await probePublication();
    return false;
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'log.unavailable') return true;
    throw error;
  }
}

export function createDetection(deps: DetectionDependencies): Detection {
  const limits: Limits = { ...DETECTION_LIMITS, ...deps.limits };
  let place: Place | undefined;
  let probedAt = 0;

  async function follow(of: Following, size: number): Promise<Place> {
    place ??= await begin(of);
    for (let page = 0; page < limits.pagesMax && place.at < size; page += 1)
      place = await turnPage(of, place, size);
    if (place.at - place.marked >= limits.markEveryEntries) {
      await sayMarked(of, place);
      place = { ...place, marked: place.at };
    }
    return place;
  }

  async function probe(of: Following, from: Place): Promise<Place> {
    const now = deps.clock();
    if (Math.abs(now.getTime() - probedAt) < limits.probeEveryMs) return from;
    probedAt = now.getTime();
    if (!(await isLate(of))) return from;
    const late = noted('publication.late', { index: Math.max(0, from.at - 1), at: now });
    return { ...from, state: await lookAt(of, from.state, [late]) };
  }

  return {
    look: async (stopping) => {
      const of: Following = { ...deps, limits, stopping };
      const size = await deps.store.log.size();
      // Another store lies here now: what was known of the one before says nothing of it.
      if (place !== undefined && size < place.at) place = undefined;
      place = await probe(of, await follow(of, size));
    },
  };
}
