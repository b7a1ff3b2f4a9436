/** Figures of one series of times, ms. */
export interface Series {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly perSecond: number;
}

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;

/** Runs `work` `count` times, at most `inFlight` at once. */
export async function measure(
  count: number,
  inFlight: number,
  work: () => Promise<void>,
): Promise<Series> {
  const times: number[] = [];
  let left = count;
  const begun = performance.now();
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const since = performance.now();
      await work();
      times.push(performance.now() - since);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  const seconds = (performance.now() - begun) / 1000;
  const sorted = times.toSorted((a, b) => a - b);
  return {
    count,
    p50: quantile(sorted, 0.5),
    p95: quantile(sorted, 0.95),
    perSecond: count / seconds,
  };
}

export const ms = (value: number): string => value.toFixed(1);
export const ratio = (value: number): string => value.toFixed(2);
