import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../../src/core/records.ts';
import type { LogTrace, Store } from '../../../src/ports/store.ts';
import { requestId } from './fixtures.ts';
import { type SqlitePlace, sqlitePlace } from './sqlite-place.ts';
import { readLeaf } from '../../support/log-entries.ts';
import { runInFile } from '../../support/store-file.ts';

let place: SqlitePlace;
let store: Store;

beforeEach(async () => {
  place = await sqlitePlace();
  store = await place.open();
});
afterEach(() => place.close());

const [X, Y, Z] = [1, 2, 3].map(requestId) as [string, string, string];

const append = (id: string, event: AuditEvent['event'], facts: Record<string, string> = {}) =>
  store.commit((tx) => tx.log.append({ event, actor: 'gateway', requestId: id, facts }));

const accept = (id: string) => append(id, 'request.accepted');
const begin = (id: string) => append(id, 'hubspot.intended', { purpose: 'execute' });
const look = (id: string) => append(id, 'hubspot.intended', { purpose: 'compare' });
const end = (id: string) => append(id, 'request.completed', { status: 'succeeded' });

function tamper(sql: string): void {
  expect(runInFile(place.file, sql)).toBeGreaterThan(0);
}

/** What another process sees, which has read nothing before. */
const traceAnew = async (id: string) => (await place.open()).log.trace(id);

const eventsOf = ({ records }: LogTrace): unknown[] =>
  records.map(({ leaf }) => readLeaf(leaf).event);

const damaged = async (id: string) => (await traceAnew(id)).damaged;

describe('the trace of a request in the log', () => {
  it('has its own entries in order, in a unit of work those it has just written too', async () => {
    await accept(X);
    await accept(Y);
    await begin(X);
    const trace = await store.commit(async (tx) => {
      const facts = { status: 'succeeded' };
      await tx.log.append({ event: 'request.completed', actor: 'gateway', requestId: X, facts });
      return tx.log.trace(X);
    });
    expect(trace.damaged).toBeUndefined();
    expect(eventsOf(trace)).toEqual(['request.accepted', 'hubspot.intended', 'request.completed']);
    expect(await store.log.trace(Z)).toEqual({ records: [], damaged: undefined });
  });

  it('forgets what a unit of work has written and not committed', async () => {
    await accept(X);
    await store.log.trace(X);
    const undone = store.commit(async (tx) => {
      await tx.log.append({ event: 'hubspot.intended', actor: 'gateway', requestId: X });
      expect((await tx.log.trace(X)).records).toHaveLength(2);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect((await store.log.trace(X)).records).toHaveLength(1);
  });

  it.each([
    ['taken out', 'delete from log_entries'],
    ['labelled as another’s', `update log_entries set request_id = '${Y}'`],
    ['changed', "update log_entries set leaf = x'7b7d'"],
  ])('finds its own begin that was %s', async (_how, change) => {
    await accept(X);
    await begin(X);
    await accept(Y);
    tamper(`${change} where idx = 1`);
    expect(await damaged(X)).toBe('log_entries 1');
    // It was accepted later: nothing of it can lie there.
    expect(await damaged(Y)).toBeUndefined();
  });

  it('is whole though an entry of another is gone that says nothing of a begin or an end', async () => {
    await accept(X);
    await accept(Y);
    await look(Y);
    await accept(Z);
    tamper('delete from log_entries where idx in (1, 2)');
    expect(await damaged(X)).toBeUndefined();
  });

  it('is whole though the begin of another is gone, which is not whole', async () => {
    await accept(X);
    await accept(Y);
    await begin(Y);
    await accept(Z);
    tamper('delete from log_entries where idx = 2');
    expect(await damaged(X)).toBeUndefined();
    expect(await damaged(Y)).toBe('log_entries 2');
  });

  it('is not whole when more is gone than can be told apart', async () => {
    await accept(X);
    await accept(Y);
    await begin(X);
    await begin(Y);
    await accept(Z);
    tamper('delete from log_entries where idx in (2, 3)');
    expect(await damaged(X)).toBe('log_entries 2');
    expect(await damaged(Y)).toBe('log_entries 2');
  });

  it('is not whole when the newest entry does not open, also after others were written', async () => {
    await accept(X);
    await begin(X);
    tamper("update log_entries set leaf = x'7b7d' where idx = 1");
    await accept(Y);
    await accept(Z);
    expect(await damaged(X)).toBe('log_entries 1');
    // The count began anew with entry 2: without that one too, none can be compared.
    tamper('delete from log_entries where idx = 2');
    expect(await damaged(X)).toBe('log_entries 1');
    expect(await damaged(Z)).toBeUndefined();
  });

  it('is what this process has read before, whatever becomes of the rows of others', async () => {
    await accept(X);
    await accept(Y);
    await begin(Y);
    await end(Y);
    await accept(Z);
    await store.log.leaves(0, 5);
    tamper(`delete from log_entries where request_id = '${Y}' and idx > 1`);
    expect(await store.log.trace(X)).toMatchObject({ damaged: undefined });
    expect((await store.log.trace(Y)).damaged).toBe('log_entries 2');
    expect(await damaged(X)).toBe('log_entries 2');
  });

  it('has an entry that was damaged when this process first read it and was restored since', async () => {
    await accept(X);
    await begin(X);
    await end(X);
    await accept(Y);
    tamper('update log_entries set at = at + 1 where idx in (1, 2)');
    expect((await store.log.trace(X)).damaged).toBe('log_entries 1');
    tamper('update log_entries set at = at - 1 where idx in (1, 2)');
    const trace = await store.log.trace(X);
    expect(trace.damaged).toBeUndefined();
    expect(eventsOf(trace)).toEqual(['request.accepted', 'hubspot.intended', 'request.completed']);
  });

  it('is not whole when the log is shorter than this process has read it, and takes no entry of another for its own', async () => {
    await accept(X);
    await begin(X);
    await end(X);
    await store.log.leaves(0, 3);
    tamper('delete from log_entries where idx > 0');
    expect((await store.log.trace(X)).damaged).toBe('log_entries 1');
    await accept(Y);
    await begin(Y);
    await accept(Z);
    expect((await store.log.trace(X)).damaged).toBe('log_entries 1');
    expect(eventsOf(await store.log.trace(X))).toEqual(['request.accepted']);
  });

  it('costs no more in a unit of work when the log has grown, once its entries were read', async () => {
    await accept(X);
    for (let i = 0; i < 10; i += 1)
      await store.commit(async (tx) => {
        for (let j = 0; j < 1_000; j += 1)
          await tx.log.append({ event: 'hubspot.answered', actor: 'gateway', requestId: Y });
      });
    const msOf = async (work: () => Promise<unknown>): Promise<number> => {
      const since = performance.now();
      await work();
      return performance.now() - since;
    };
    const inUnit = () => store.commit((tx) => tx.log.trace(X));
    const first = await msOf(inUnit);
    await store.log.trace(X);
    const later = [await msOf(inUnit), await msOf(inUnit), await msOf(inUnit)];
    expect(Math.min(...later)).toBeLessThan(first / 5);
  });
});
