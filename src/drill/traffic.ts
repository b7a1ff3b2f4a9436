import { setTimeout as sleep } from 'node:timers/promises';
import type { Rig } from '../prove/rig.ts';
import { approve, submitWrite, type Waiting, writing } from '../prove/moves.ts';

/** The agent's ordinary work while the incident comes: writes, each approved at once. */
export interface Traffic {
  /** Those that were submitted, in order. */
  readonly writes: readonly Waiting[];
  stop(): Promise<void>;
}

const PAUSE_MS = 150;

/** Throws `NotApplicableError` when the policy lets nobody write with people's approval. */
export function startTraffic(rig: Rig): Traffic {
  writing(rig);
  const writes: Waiting[] = [];
  let isStopped = false;
  const work = async (): Promise<void> => {
    while (!isStopped) {
      try {
        const waiting = await submitWrite(rig);
        writes.push(waiting);
        await approve(rig, waiting);
      } catch {
        // Frozen: that is what it is there to meet.
      }
      await sleep(PAUSE_MS);
    }
  };
  const working = work();
  return {
    writes,
    stop: async () => {
      isStopped = true;
      await working;
    },
  };
}

/** When the gateway's last write of this traffic reached HubSpot, by HubSpot's own account. */
export async function lastEffectAt(
  rig: Rig,
  { writes }: Pick<Traffic, 'writes'>,
): Promise<Date | undefined> {
  const texts = new Set(writes.map(({ text }) => text));
  const own = (await rig.simulator.effects()).filter(({ properties }) => {
    const written = /prove-\d{4}-[0-9a-z]+x/.exec(JSON.stringify(properties));
    return written !== null && texts.has(written[0]);
  });
  const last = own.at(-1);
  return last === undefined ? undefined : new Date(last.at);
}
