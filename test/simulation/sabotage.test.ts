import { describe, expect, it, vi } from 'vitest';
import type { AuditEvent } from '../../src/core/records.ts';
import type { Store, StoreTransaction } from '../../src/ports/store.ts';
import { simulate } from './simulate.ts';
import { type Sabotage, TIMING, type World } from './world.ts';

vi.mock(
  '@temporalio/workflow',
  async () => (await import('./fake-temporal.ts')).fakeWorkflowModule,
);

/** That the simulation can fail: each way of breaking the gateway is found, within these seeds. */
const SEEDS_MAX = 150;
/** Of the same seeds, without that way. */
const WITHSTOOD = 40;
const STEPS = 100;
const TIME_LIMIT_MS = 120_000;

async function firstViolation(sabotage: Sabotage): Promise<string> {
  for (let seed = 1; seed <= SEEDS_MAX; seed += 1) {
    const { violation } = await simulate(seed, { steps: STEPS, sabotage });
    if (violation !== undefined) return violation;
  }
  return 'nothing was noticed';
}

/** Every transaction, with one part of it exchanged. */
const inTransactions =
  (change: (tx: StoreTransaction, world: World) => StoreTransaction) =>
  (store: Store, world: World): Store => ({
    ...store,
    commit: (work) => store.commit((tx) => work(change(tx, world))),
  });

const isBegin = ({ event, facts }: AuditEvent): boolean =>
  event === 'hubspot.intended' && facts?.['purpose'] === 'execute';

/** Somebody sets the clock forward by more than the quiet time, while the answer to a write is lost. */
function setForward({ file, random, jump }: World): void {
  const lost = file.prepare("SELECT 1 FROM requests WHERE status = 'outcome_unknown'").get();
  if (lost !== undefined && random.chance(0.3)) jump(2 * TIMING.quietMs);
}

const WAYS: readonly (readonly [string, Sabotage, RegExp])[] = [
  [
    'a log that loses the intent',
    {
      store: inTransactions((tx) => ({
        ...tx,
        log: {
          ...tx.log,
          append: (event) => (isBegin(event) ? tx.log.size() : tx.log.append(event)),
        },
      })),
    },
    /happened without an intent/,
  ],
  [
    'a store that acknowledges a commit and undoes it',
    {
      store: (store, world) => ({
        ...store,
        commit: async (work) => {
          let value: unknown;
          try {
            return await store.commit(async (tx) => {
              value = await work(tx);
              if (world.random.chance(0.05)) throw new Error('undone');
              return value as never;
            });
          } catch (error) {
            if ((error as Error).message === 'undone') return value as never;
            throw error;
          }
        },
      }),
    },
    /without an intent|happened 2 times|never ends|unexpected|HubSpot did/,
  ],
  [
    'a gate that does not see freezes',
    {
      store: inTransactions((tx) => ({
        ...tx,
        freezes: { ...tx.freezes, standing: () => Promise.resolve(undefined) },
      })),
    },
    /a freeze stands/,
  ],
  [
    'a roster that forgets who was revoked, and decisions that never end',
    {
      store: inTransactions((tx) => ({
        ...tx,
        people: {
          ...tx.people,
          list: async () =>
            (await tx.people.list()).map((person) => ({ ...person, revokedAt: null })),
        },
      })),
    },
    /without a valid quorum/,
  ],
  [
    'a HubSpot client that calls a success a refusal',
    {
      crm: (call, world) => (operation) => {
        const told = call(operation);
        const isLie = operation.kind === 'create' && world.random.chance(0.5);
        return isLie ? { kind: 'refused', status: 400, code: 'record.invalid' } : told;
      },
    },
    /is failed with \d of \d steps, HubSpot did/,
  ],
  [
    'a HubSpot client that sends twice',
    {
      crm: (call, world) => (operation) => {
        if (operation.kind === 'update' && world.random.chance(0.2)) call(operation);
        return call(operation);
      },
    },
    /happened 2 times/,
  ],
  [
    'a HubSpot that does what it was sent after the quiet time',
    { lateMaxMs: 600_000 },
    /happened 2 times|HubSpot did/,
  ],
  [
    'a quiet time by the clock that somebody may set',
    {
      quietWatch: () => ({
        nowMs: () => 0,
        knownForMs: () => 1e9,
        sending: () => () => undefined,
      }),
      afterStep: setForward,
    },
    /happened 2 times|HubSpot did/,
  ],
  [
    'an engine that forgets, and a sweep that starts and ends nothing',
    {
      isEngineForgetful: true,
      store: (store) => ({
        ...store,
        requests: { ...store.requests, expired: () => Promise.resolve([]) },
      }),
    },
    /never ends/,
  ],
  [
    'somebody who takes the last entry out of the log',
    {
      afterStep: ({ file, random }) => {
        if (random.chance(0.01))
          file.exec('DELETE FROM log_entries WHERE idx = (SELECT max(idx) FROM log_entries)');
      },
    },
    /the log got shorter|was changed|root of size|names another place|unexpected|HubSpot did/,
  ],
  [
    'somebody who opens an ended request again',
    {
      afterStep: ({ file, random }) => {
        if (random.chance(0.05))
          file.exec(
            "UPDATE requests SET status = 'approved' WHERE status IN ('withdrawn', 'refused')",
          );
      },
    },
    /was (?:withdrawn|refused) and is/,
  ],
];

describe('the simulation notices', () => {
  it.each(WAYS)(
    '%s',
    async (_way, sabotage, rule) => {
      expect(await firstViolation(sabotage)).toMatch(rule);
    },
    TIME_LIMIT_MS,
  );

  it(
    'nothing where the quiet time is by a clock that nobody sets',
    async () => {
      for (let seed = 1; seed <= WITHSTOOD; seed += 1) {
        const { violation } = await simulate(seed, {
          steps: STEPS,
          sabotage: { afterStep: setForward },
        });
        expect([seed, violation]).toEqual([seed, undefined]);
      }
    },
    TIME_LIMIT_MS,
  );

  it('the same things in the same order for the same seed', async () => {
    const [once, again] = [
      await simulate(7, { steps: STEPS }),
      await simulate(7, { steps: STEPS }),
    ];
    expect(again.trace).toEqual(once.trace);
  });
});
