import { describe, expect, it } from 'vitest';
import { endGrant } from '../../src/gate/grants.ts';
import { agent, START } from '../adapters/store/fixtures.ts';
import { HOUR, lena, omar, useAheadWorld } from '../support/allowed-ahead.ts';
import { putBack, type Row, rowOf, runInFile } from '../support/store-file.ts';

const world = useAheadWorld();

/** Whoever can write the database file, but has no key, gives nothing. */
describe('a grant written in by hand', () => {
  const readRow = (id: string): Row => rowOf(world.place.file, 'grants', id);
  const putRow = (row: Row): void => {
    putBack(world.place.file, 'grants', row);
  };

  it('approves nothing, made up or copied', async () => {
    const { id } = await world.give({ person: omar });
    const row = readRow(id);
    putRow({ ...row, id: 'gra_0000000000000009', person_id: lena.id });
    putRow({ ...row, id: 'gra_0000000000000008' });
    await world.store.commit((tx) => endGrant(tx, { id, by: 'operator' }));
    expect(await world.ask(1)).toBe(false);
  });

  it.each([
    ['another person', { person_id: lena.id }],
    ['another agent', { agent_id: agent(2).id }],
    ['another action', { action: 'update_deal' }],
    ['more time', { ends_at: START.getTime() + 100 * HOUR }],
    ['more uses', { max_uses: 5_000 }],
  ])('approves nothing with %s', async (_what, change) => {
    const { id } = await world.give({ person: omar });
    putRow({ ...readRow(id), ...change });
    expect(await world.ask(1)).toBe(false);
    expect((await world.store.grants.list(10)).damaged).toEqual([id]);
  });

  it('put back from before its end approves nothing, and what it approved begins not', async () => {
    const { id } = await world.give();
    const before = readRow(id);
    expect(await world.ask(1)).toBe(true);
    await world.store.commit((tx) => endGrant(tx, { id, by: 'operator' }));
    const ended = readRow(id);
    putRow(before);
    expect(await world.ask(2)).toBe(false);
    // It waits for the store to be restored, and then has no approval.
    expect(await world.begin(1)).toBe('store.unavailable');
    putRow(ended);
    expect(await world.begin(1)).toBe('approval.insufficient');
  });

  it('put back from before its uses has no more of them', async () => {
    const { id } = await world.give({ maxUses: 2 });
    const before = readRow(id);
    expect(await world.ask(1)).toBe(true);
    putRow(before);
    expect(await world.ask(2)).toBe(true);
    putRow(before);
    expect(await world.ask(3)).toBe(false);
  });

  it('taken out for the time of a freeze has ended when it is put back', async () => {
    const { id } = await world.give();
    const before = readRow(id);
    runInFile(world.place.file, 'DELETE FROM grants');
    await world.store.commit((tx) => endGrant(tx, { id, by: 'operator' }));
    putRow(before);
    expect(await world.ask(1)).toBe(false);
  });
});
