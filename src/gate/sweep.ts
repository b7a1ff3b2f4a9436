import { RequestIdSchema } from '../contracts/ids.ts';
import { ESCALATION } from '../core/notices.ts';
import { OPEN_STATUSES } from '../core/request-state.ts';
import type { Engine } from '../ports/engine.ts';
import type { Logger } from '../ports/logger.ts';
import type { Store } from '../ports/store.ts';
import { type ExpiryRules, expireRequest } from './expiry.ts';
import { escalateOf } from './escalation.ts';
import { endOverdueGrants } from './grants.ts';
import type { NoticePlace } from './notices.ts';
import { remindOf, toBeReminded } from './reminders.ts';

const PAGE_MAX = 200;
const OVERDUE_AFTER_MS = 3_000;
const WAKE_AGAIN_AFTER_MS = 60_000;
const AT_ONCE_MAX = 8;
const UNDECIDED = ['planned', 'awaiting_approval'] as const;

export interface Sweep {
  /** Starts the workflow of everything open; what runs already is left alone. Returns how many were asked. */
  resume(): Promise<number>;
  /** Delivers messages that were recorded and never reached their workflow. */
  deliver(): Promise<number>;
  /** Starts the workflow of an open incident, should it not run. */
  incidents(): Promise<void>;
  /** Ends what was not decided or not begun in time, should its workflow not do it, and grants whose time is over. */
  expire(): Promise<void>;
  /** Owes the reminders whose time has come, and asks the second group where it has come to that. */
  remind(): Promise<void>;
}

/** A row put in by hand may have an id that the engine does not take; it must not hold the others back. */
const isOurs = (id: string): boolean => RequestIdSchema.safeParse(id).success;

async function eachOf(ids: readonly string[], work: (id: string) => Promise<void>): Promise<void> {
  const queue = [...ids];
  const workers = Array.from({ length: AT_ONCE_MAX }, async () => {
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) await work(id);
  });
  await Promise.all(workers);
}

/**
 * The store is the record, the engine the motor: whatever the engine has forgotten, or was never told,
 * is started and told again from the record. Throws `engine.unavailable`, `store.unavailable`.
 */
export function createSweep(deps: {
  readonly store: Store;
  readonly engine: Engine;
  readonly clock: () => Date;
  readonly logger: Logger;
  readonly rules: ExpiryRules;
  /** Where a second group is asked; nowhere by default. */
  readonly escalateTo?: readonly NoticePlace[] | undefined;
}): Sweep {
  const { store, engine, clock, logger, rules, escalateTo = [] } = deps;

  return {
    resume: async () => {
      let asked = 0;
      let after: string | undefined;
      for (;;) {
        const page = after === undefined ? { limit: PAGE_MAX } : { limit: PAGE_MAX, after };
        const ids = await store.requests.idsIn(OPEN_STATUSES, page);
        await eachOf(ids.filter(isOurs), (requestId) => engine.start({ requestId }));
        asked += ids.length;
        after = ids.at(-1);
        if (ids.length < PAGE_MAX) return asked;
      }
    },
    deliver: async () => {
      const now = clock().getTime();
      const ids = await store.requests.overdue(new Date(now - OVERDUE_AFTER_MS), PAGE_MAX);
      await eachOf(ids.filter(isOurs), async (requestId) => {
        // A start first: a message to a foreign workflow under this id would be taken as delivered.
        await engine.start({ requestId });
        await engine.wake(requestId);
        const again = new Date(now + WAKE_AGAIN_AFTER_MS);
        await store.commit((tx) => tx.requests.postponeWake(requestId, again));
        logger.info('delivered a message that was owed', { requestId });
      });
      return ids.length;
    },
    incidents: async () => {
      for (const incident of await store.incidents.underWay()) await engine.startIncident(incident);
    },
    expire: async () => {
      const late = clock().getTime() - OVERDUE_AFTER_MS;
      const unused = new Date(late - rules.approvalValidMs);
      const ids = [
        ...(await store.requests.expired(UNDECIDED, new Date(late), PAGE_MAX)),
        ...(await store.requests.expired(['approved', 'executing'], unused, PAGE_MAX)),
      ];
      await eachOf(ids.filter(isOurs), (id) => expireRequest(store, id, rules));
      // Last: where the log has lost an order this throws, and nothing else may wait for that.
      if ((await store.grants.standing()).some(({ endsAt }) => endsAt <= clock()))
        await store.commit(endOverdueGrants);
    },
    remind: async () => {
      const ids = await toBeReminded(store, clock(), PAGE_MAX);
      await eachOf([...ids].filter(isOurs), (id) => remindOf(store, id));
      if (escalateTo.length === 0) return;
      const of = { share: ESCALATION.share, at: clock(), limit: PAGE_MAX };
      const undecided = await store.notices.unescalated(of);
      await eachOf(undecided.filter(isOurs), (id) => escalateOf(store, id, escalateTo));
    },
  };
}
