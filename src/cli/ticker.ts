import { printAside } from './output.ts';

/** What goes on longer than this says so; then seldom, since each time is a line. */
const QUIET_MAX_MS = 2_000;
const SAY_AGAIN_EVERY_MS = 10_000;

export interface Ticker {
  /** Ends what was begun before. */
  begin(what: string): void;
  end(): void;
}

/** Says what is at work when that takes longer than a reader likes to wait without a word. */
export function createTicker(tell: (line: string) => void = printAside): Ticker {
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    clearTimeout(timer);
  };
  return {
    end,
    begin: (what) => {
      end();
      const since = Date.now();
      const say = (): void => {
        tell(`…     ${what}  (${Math.round((Date.now() - since) / 1000)} s)`);
        timer = setTimeout(say, SAY_AGAIN_EVERY_MS);
      };
      timer = setTimeout(say, QUIET_MAX_MS);
    },
  };
}

/** For whoever sits at a terminal: what a script reads on standard error stays as it was. */
export const terminalTicker = (): Ticker =>
  createTicker(process.stderr.isTTY ? printAside : () => undefined);

export async function whileWaiting<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  const ticker = terminalTicker();
  ticker.begin(what);
  try {
    return await work();
  } finally {
    ticker.end();
  }
}
