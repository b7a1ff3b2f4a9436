import type { ErrorCode } from '../core/errors.ts';
import type { Store } from '../ports/store.ts';

/**
 * Refusals at the edge go to the audit log too, but somebody who knocks a thousand times a second must
 * not fill the disk: the first of a kind is written at once, the rest of its minute as one count.
 */
export interface EdgeRefusals {
  note(refusal: EdgeRefusal): Promise<void>;
}

export interface EdgeRefusal {
  readonly code: ErrorCode;
  /** `agent:…`, `person:…` or `unknown`. */
  readonly actor: string;
  readonly agentId?: string | undefined;
  readonly route: string;
}

const WINDOW_MS = 60_000;
/** Actors are proven ids or `unknown`, so this is reached by roster size only. */
const KINDS_MAX = 10_000;

interface Episode {
  readonly startedAt: number;
  suppressed: number;
}

export function createEdgeRefusals(store: Pick<Store, 'commit'>, clock: () => Date): EdgeRefusals {
  const episodes = new Map<string, Episode>();

  const write = (refusal: EdgeRefusal, suppressed: number): Promise<unknown> =>
    store.commit((tx) =>
      tx.log.append({
        event: 'request.refused',
        actor: refusal.actor,
        agentId: refusal.agentId,
        code: refusal.code,
        facts: { at: 'edge', route: refusal.route, suppressed_before: suppressed },
      }),
    );

  return {
    note: async (refusal) => {
      const key = `${refusal.code} ${refusal.actor} ${refusal.route}`;
      const now = clock().getTime();
      const episode = episodes.get(key);
      if (episode !== undefined && now - episode.startedAt < WINDOW_MS) {
        episode.suppressed += 1;
        return;
      }
      if (episodes.size >= KINDS_MAX) episodes.clear();
      episodes.set(key, { startedAt: now, suppressed: 0 });
      await write(refusal, episode?.suppressed ?? 0);
    },
  };
}
