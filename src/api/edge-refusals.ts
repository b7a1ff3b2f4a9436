import type { ErrorCode } from '../core/errors.ts';
import type { Store } from '../ports/store.ts';

/**
 * Refusals at the edge go to the audit log too, but somebody who knocks a thousand times a second must
 * not fill the disk: the first of a kind is written at once, the rest of its minute as one count.
 */
export interface EdgeRefusals {
  /** Throws `store.unavailable`; the refusal is then in the count of the next one. */
  note(refusal: EdgeRefusal): Promise<void>;
  /** Writes what was only counted so far: one entry for each kind, the last refusal with those before it. Throws `store.unavailable`; the counts are lost then. */
  flush(): Promise<void>;
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
  readonly refusal: EdgeRefusal;
  startedAt: number;
  suppressed: number;
}

function append(
  tx: Parameters<Parameters<Store['commit']>[0]>[0],
  refusal: EdgeRefusal,
  suppressed: number,
): Promise<unknown> {
  return tx.log.append({
    event: 'request.refused',
    actor: refusal.actor,
    agentId: refusal.agentId,
    code: refusal.code,
    facts: { at: 'edge', route: refusal.route, suppressed_before: suppressed },
  });
}

export function createEdgeRefusals(store: Pick<Store, 'commit'>, clock: () => Date): EdgeRefusals {
  const episodes = new Map<string, Episode>();

  async function flush(): Promise<void> {
    const counted = [...episodes.values()].filter(({ suppressed }) => suppressed > 0);
    episodes.clear();
    if (counted.length === 0) return;
    await store.commit(async (tx) => {
      for (const { refusal, suppressed } of counted) await append(tx, refusal, suppressed - 1);
    });
  }

  return {
    flush,
    note: async (refusal) => {
      const key = `${refusal.code} ${refusal.actor} ${refusal.route}`;
      const now = clock().getTime();
      const before = episodes.get(key);
      if (before !== undefined && now - before.startedAt < WINDOW_MS) {
        before.suppressed += 1;
        return;
      }
      if (episodes.size >= KINDS_MAX) await flush();
      const owed = before?.suppressed ?? 0;
      // Before the write, so that a crowd that comes meanwhile is counted and not written one by one.
      const episode: Episode = { refusal, startedAt: now, suppressed: 0 };
      episodes.set(key, episode);
      try {
        await store.commit((tx) => append(tx, refusal, owed));
      } catch (error) {
        // Over at once: the next one writes, and tells of this one and of those counted meanwhile.
        episode.startedAt = Number.NEGATIVE_INFINITY;
        episode.suppressed += owed + 1;
        throw error;
      }
    },
  };
}
