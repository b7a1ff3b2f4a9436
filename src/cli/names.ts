import type { StoreReads } from '../ports/store.ts';

type Names = ReadonlyMap<string, string>;

const byId = (rows: readonly { readonly id: string; readonly name: string }[]): Names =>
  new Map(rows.map(({ id, name }) => [id, name]));

/** Of everybody who was ever on the roster and whose row opens, by id. */
export const peopleNames = async ({ people }: Pick<StoreReads, 'people'>): Promise<Names> =>
  byId((await people.legible()).rows);

/** The same of agents. */
export const agentNames = async ({ agents }: Pick<StoreReads, 'agents'>): Promise<Names> =>
  byId((await agents.list()).rows);
