import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../src/core/records.ts';
import { addAgent } from '../../src/gate/roster.ts';
import { person, request, requestId } from '../adapters/store/fixtures.ts';
import { runInFile } from '../support/store-file.ts';
import { createInstallation, type Installation } from './support.ts';
import { readConfig } from '../../src/config.ts';

let at: Installation;
let agentId: string;
const robin = person(1, { name: 'Robin Vale', email: 'robin@acme.test' });
const [one, two] = [requestId(1), requestId(2)];

const append = (...events: readonly AuditEvent[]) =>
  at.open(({ store }) =>
    store.commit(async (tx) => {
      for (const event of events) await tx.log.append(event);
    }),
  );
const answer = (): AuditEvent => ({
  ...{ event: 'hubspot.answered', actor: 'gateway', requestId: two, agentId },
  ...{ hubspotEndpoint: '/crm/objects/2026-09/contacts/20001', responseStatus: 200 },
});

beforeAll(async () => {
  at = await createInstallation();
  agentId = await at.open(({ store }) =>
    store.commit(async (tx) => {
      const { record } = await addAgent(tx, { name: 'helper', groups: [], by: 'test' });
      await tx.people.insert(robin);
      await tx.requests.insert(request(1, { agentId: record.id }));
      return record.id;
    }),
  );
  const refused = { event: 'request.refused', code: 'policy.denied', requestId: two } as const;
  await append(
    { event: 'approval.granted', actor: `person:${robin.id}`, requestId: one, agentId },
    answer(),
    { ...refused, actor: `agent:${agentId}`, agentId },
  );
});
afterAll(() => {
  at.remove();
});

const log = async (...args: readonly string[]): Promise<string> => {
  const { status, out, err } = await at.sallyport(['audit', 'log', ...args]);
  expect([args, status, err]).toEqual([args, 0, '']);
  return out;
};
/** The command as it runs on; `ended` gives what it ends with, after a signal where one is named. */
function follow(...args: readonly string[]) {
  const said = { out: '', err: '' };
  const all = ['bin/sallyport.mjs', 'audit', 'log', '--follow', ...args];
  const child = spawn(process.execPath, all, { env: at.env });
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  return {
    said,
    until: async (text: string): Promise<void> => {
      while (!said.out.includes(text)) await setTimeout(50);
    },
    ended: async (signal?: NodeJS.Signals): Promise<unknown> => {
      const closed = once(child, 'close');
      if (signal !== undefined) child.kill(signal);
      return (await closed)[0];
    },
  };
}

const indexes = async (...args: readonly string[]): Promise<number[]> =>
  JSON.parse(await log(...args, '--json')).map(({ index }: any) => index);

describe('sallyport audit log', () => {
  it('lists the newest first, people and agents by name, in lines that fit a terminal', async () => {
    const out = await log();
    expect(out).toMatch(
      / 4 {2}\S+Z {2}request\.refused +helper\n[\s\S]* 0 {2}\S+Z {2}gateway\.started/,
    );
    expect(out).toMatch(/ 2 {2}\S+Z {2}approval\.granted +Robin Vale\n/);
    expect(out).toContain(`${one}, create_note`);
    expect(out).toContain('/crm/objects/2026-09/contacts/20001 200');
    expect(out).not.toContain('`');
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('finds by who, what, which record and since when', async () => {
    expect(await indexes('--person', 'robin@acme.test')).toEqual([2]);
    expect(await indexes('--agent', 'helper')).toEqual([4, 3, 2, 1]);
    expect(await indexes('--action', 'create_note')).toEqual([2]);
    expect(await indexes('--record', '20001')).toEqual([3]);
    expect(await indexes('--event', 'request.refused', '--code', 'policy.denied')).toEqual([4]);
    expect(await indexes('--since', '1h', '--limit', '2')).toEqual([4, 3]);
    expect(await indexes('--before', '2')).toEqual([1, 0]);
    expect(await log('--code', 'hubspot.refused')).toBe('The log has no such entry.\n');
    expect(await log('--limit', '2')).toContain('Earlier ones: --before 3\n');
  });

  it('says what it does not know, instead of finding nothing', async () => {
    for (const [option, value] of [
      ['--person', 'nobody@acme.test'],
      ['--agent', 'nobody'],
      ['--event', 'nothing.done'],
      ['--limit', '0'],
    ] as const)
      expect((await at.sallyport(['audit', 'log', option, value])).status).not.toBe(0);
  });

  it('names a damaged entry beside those that open', async () => {
    const { store } = readConfig(at.env).files;
    const rename = (event: string) =>
      runInFile(store, 'update log_entries set event = ? where idx = 2', event);
    rename('approval.rejected');
    const said = await at.sallyport(['audit', 'log', '--json']);
    rename('approval.granted');
    expect(said.err).toMatch(/^Damaged, so not shown and not acted on: entry 2\./);
    expect(JSON.parse(said.out).map(({ index }: any) => index)).toEqual([4, 3, 1, 0]);
  });

  it('follows: prints what comes, in its order, and ends well on Ctrl-C', async () => {
    const { said, until, ended } = follow('--event', 'hubspot.answered');
    await until('/contacts/20001 200');
    await append(answer(), { event: 'gateway.started', actor: 'gateway' }, answer());
    await until('\n      7  ');
    expect(await ended('SIGINT')).toBe(0);
    expect([...said.out.matchAll(/^ +(\d+) {2}/gm)].map(([, index]) => index)).toEqual([
      ...['3', '5', '7'],
    ]);
  });

  it('follows for programs with an entry a line', async () => {
    const { said, until, ended } = follow('--json', '--limit', '2');
    await until('}\n{');
    expect(await ended('SIGTERM')).toBe(0);
    const [older, newer] = said.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(older.index).toBe(newer.index - 1);
  });

  it('does not follow on past an end that was cut off', async () => {
    const { said, until, ended } = follow('--limit', '1');
    await until('hubspot.answered');
    const { store } = readConfig(at.env).files;
    runInFile(store, 'delete from log_entries where idx = (select max(idx) from log_entries)');
    expect(await ended()).toBe(1);
    expect(said.err).toContain('The log had 8 entries and has 7: its end was cut off.');
  });
});
