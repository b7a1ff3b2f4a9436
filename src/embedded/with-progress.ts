/** A wait shorter than this needs no word; a longer one is told about this often. */
const EVERY_MS = 2_000;

/** Tells how `work` is getting on, first after two seconds and then every two, until it settles. */
export async function withProgress<T>(
  onProgress: (message: string) => void,
  describe: (elapsedSeconds: number) => string,
  work: Promise<T>,
): Promise<T> {
  const startedAt = Date.now();
  const timer = setInterval(() => {
    onProgress(describe(Math.round((Date.now() - startedAt) / 1000)));
  }, EVERY_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}
