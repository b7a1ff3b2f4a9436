/**
 * Measures how long a lost write has been left alone by a clock that nobody can set. The machine's own clock may jump
 * forward while HubSpot still works on the attempt: by that alone it would be sent a second time. Set back, it would
 * keep the write unknown for as long. Counted from where this process first hears that the attempt is lost, when what
 * was sent has left; a process that begins anew counts anew. Shared by the process's activities and its API, which may
 * ask at once.
 */
export interface QuietWatch {
  /** Of a clock that only goes on, ms; its zero means nothing. */
  nowMs(): number;
  /** How long this process has known that the attempt which this entry of the log began is lost, ms; 0 the first time. */
  knownForMs(begunEntry: number): number;
  /**
   * This process is sending it: until the returned function is called, and the time is counted anew from then, it is
   * not lost, whatever somebody else hears of it. Its bytes may leave last.
   */
  sending(begunEntry: number): () => void;
}

/** Beyond these the one known longest is forgotten, and counted anew: later, and never too early. */
const ATTEMPTS_MAX = 10_000;

/** `nowMs`: for tests. */
export function createQuietWatch(nowMs = (): number => performance.now()): QuietWatch {
  const since = new Map<number, number>();
  const onTheirWay = new Set<number>();
  function countFrom(begunEntry: number, now: number): void {
    since.delete(begunEntry);
    for (const oldest of since.keys()) {
      if (since.size < ATTEMPTS_MAX) break;
      since.delete(oldest);
    }
    since.set(begunEntry, now);
  }
  return {
    nowMs,
    knownForMs: (begunEntry) => {
      const now = nowMs();
      const known = onTheirWay.has(begunEntry) ? undefined : since.get(begunEntry);
      if (known !== undefined) return now - known;
      countFrom(begunEntry, now);
      return 0;
    },
    sending: (begunEntry) => {
      onTheirWay.add(begunEntry);
      return () => {
        onTheirWay.delete(begunEntry);
        if (since.has(begunEntry)) countFrom(begunEntry, nowMs());
      };
    },
  };
}
