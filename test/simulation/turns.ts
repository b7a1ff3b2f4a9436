import { isWrite } from '../../src/contracts/plan.ts';
import type { Crm, CrmAnswer } from '../../src/ports/crm.ts';
import type { Store } from '../../src/ports/store.ts';
import type { World } from './world.ts';

/** Whoever takes turns: one run of an activity, a door's commit. Dead ones never get another. */
export interface Owner {
  readonly name: string;
  isDead: boolean;
  /** Its process stands still until then, ms; nobody else notices. */
  stalledUntilMs?: number;
}

export interface Turn {
  readonly owner: Owner;
  readonly label: string;
  readonly take: () => void;
}

/**
 * The places at which work may stop for ever, or for any time: before each commit, call and answer.
 * What waits there goes on when the scheduler says so, in any order.
 */
export interface Turns {
  readonly waiting: readonly Turn[];
  gate(owner: Owner, label: string): Promise<void>;
  /** Lets one go on, and returns when everything stands still again. */
  release(turn: Turn): Promise<void>;
  /** A worker's death: its turns are gone, and it never hears of anything again. */
  kill(owner: Owner): void;
  /** Waits until nothing runs. */
  settle(): Promise<void>;
  storeFor(owner: Owner, world: World): Store;
  crmFor(owner: Owner, world: World): Crm;
}

function hasJustBegun(world: World): boolean {
  const last = world.entries().at(-1);
  return last?.event === 'hubspot.intended' && last.facts['purpose'] === 'execute';
}

export function createTurns(): Turns {
  const waiting: Turn[] = [];
  let running = 0;

  const gate = (owner: Owner, label: string): Promise<void> =>
    new Promise((resolve) => {
      if (!owner.isDead) waiting.push({ owner, label, take: resolve });
    });

  async function tracked<T>(work: () => Promise<T>): Promise<T> {
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
    }
  }

  /** Answers to a dead one stay without effect: its promise never settles. */
  const unlessDead = async <T>(owner: Owner, work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } finally {
      if (owner.isDead) await new Promise(() => undefined);
    }
  };

  const settle = async (): Promise<void> => {
    do await new Promise(setImmediate);
    while (running > 0);
  };

  return {
    waiting,
    gate,
    settle,
    release: async (turn) => {
      waiting.splice(waiting.indexOf(turn), 1);
      turn.take();
      await settle();
    },
    kill: (owner) => {
      owner.isDead = true;
      for (const turn of waiting.filter((one) => one.owner === owner))
        waiting.splice(waiting.indexOf(turn), 1);
    },
    storeFor: (owner, world) => ({
      ...world.store,
      commit: async (work) => {
        await gate(owner, 'commit');
        const value = await unlessDead(
          owner,
          tracked(() => world.store.commit(work)),
        );
        // Here a process may stand still for long. Between its look at the clock and the wire it may not.
        if (hasJustBegun(world)) await gate(owner, 'begun');
        return value;
      },
    }),
    crmFor: (owner, world) => {
      const call =
        world.sabotage.crm?.((operation) => world.crm.call(operation), world) ??
        ((operation) => world.crm.call(operation));
      return {
        takeTurns: () => Promise.resolve(undefined),
        call: async (operation) => {
          const label = `${operation.method} ${operation.object_type}`;
          // What a write takes is between its effect and its answer: before it leaves it may not wait.
          if (!isWrite(operation)) await gate(owner, label);
          const answer: CrmAnswer = await Promise.resolve(call(operation));
          if (isWrite(operation)) await gate(owner, `answer to ${label}`);
          return answer;
        },
      };
    },
  };
}
