import type { StoreReads } from '../../src/ports/store.ts';

type Logged = Pick<StoreReads, 'log'>;

/** An entry as anybody reads it from the published log. */
export const readLeaf = (leaf: Uint8Array): any => JSON.parse(new TextDecoder().decode(leaf));

/** All entries since the log had `from` of them. */
export const logEntries = async ({ log }: Logged, from = 0): Promise<any[]> =>
  (await log.leaves(from, await log.size())).map(readLeaf);

/** All entries of one request. */
export const entriesOf = async ({ log }: Logged, requestId: string): Promise<any[]> =>
  (await log.ofRequest(requestId)).map(({ leaf }) => readLeaf(leaf));
