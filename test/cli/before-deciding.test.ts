import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateSecret } from 'otplib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { pickerLines, reasonFor } from '../../src/cli/decide.ts';
import { addPerson } from '../../src/gate/roster.ts';
import { runSallyport, type Said } from '../support/command.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
let door: string[];
let doorOfVera: string[];

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  const vera = await gateway.context.store.commit((tx) =>
    addPerson(tx, {
      ...{ name: 'Vera Lund', email: 'vera@acme.test', roles: ['approver'] },
      ...{ totpSecret: generateSecret(), by: 'test' },
    }),
  );
  const doorFor = (name: string, key: string): string[] => {
    const file = join(gateway.config.dataDir, `${name}.key`);
    writeFileSync(file, `${key}\n`, { mode: 0o600 });
    return ['--api', `http://127.0.0.1:${gateway.config.ports.api}`, '--key-file', file];
  };
  door = doorFor('robin', gateway.approver.key);
  doorOfVera = doorFor('vera', vera.key);
});
afterAll(() => gateway.close());

const sallyport = (...args: string[]): Promise<Said> => {
  const env = { PATH: process.env['PATH'], SALLYPORT_DATA_DIR: gateway.config.dataDir };
  return runSallyport(args, { env });
};
const NOTE = { action: 'create_note', contact_id: '20001', note: 'Called.' };
/** Above what one person decides alone. */
const DEAR = { action: 'update_deal', deal_id: '40001', amount: 20_000 };
const ask = async (action: Record<string, unknown>, userId?: string): Promise<string> =>
  (await gateway.submit(action, userId === undefined ? {} : { userId })).body.id;
const NOBODY_ASKED = 'There is no terminal to ask at';

describe('who is asked for a decision', () => {
  it('is told before that it is rejected already, by whom and why', async () => {
    const id = await ask(NOTE);
    const rejected = await sallyport('reject', id, '--yes', '--reason', 'Wrong one.', ...door);
    expect(rejected.status, rejected.err).toBe(0);
    for (const verb of ['approve', 'reject']) {
      const { status, err } = await sallyport(verb, id, ...door);
      expect(status).toBe(1);
      expect(err).toContain('approval.closed: The request is no longer waiting');
      expect(err).toContain('the request is rejected');
      expect(err).not.toContain(NOBODY_ASKED);
    }
    const { out } = await sallyport('approvals', 'show', id, ...door);
    expect(out).toMatch(/^Decided +│ reject by Robin Vale at \S+: Wrong one\./m);
    const shown = (await sallyport('request', id)).out;
    expect(shown).toMatch(/Decided +reject by Robin Vale \(key\) at \S+: Wrong one\./);
  });

  it('is told before that the request is their own', async () => {
    const id = await ask(NOTE, gateway.approver.record.email);
    for (const verb of ['approve', 'reject']) {
      const { status, err } = await sallyport(verb, id, ...door);
      expect([status, err.includes(NOBODY_ASKED)]).toEqual([1, false]);
      expect(err).toContain('approval.own_request: People do not approve their own requests.');
    }
  });

  it('is told how many have said yes of how many, and that they have', async () => {
    const id = await ask(DEAR);
    const before = await sallyport('approvals', 'show', id, ...door);
    expect(before.out).toMatch(/So far +│ 0 of 2 approvals/);
    const first = await sallyport('approve', id, '--yes', ...door);
    expect(first.status, first.err).toBe(0);
    expect(first.out).toContain('Recorded. 1 of 2 approvals: one more person is needed.');
    const card = await sallyport('approvals', 'show', id, ...doorOfVera);
    expect(card.out).toMatch(/So far +│ 1 of 2 approvals/);
    expect(card.out).toMatch(/^Decided +│ approve by Robin Vale at/m);
    const again = await sallyport('approve', id, ...door);
    expect([again.status, again.err.includes(NOBODY_ASKED)]).toEqual([1, false]);
    expect(again.err).toContain('approval.already_decided');
    expect((await sallyport('approve', id, ...doorOfVera)).err).toContain(NOBODY_ASKED);
    const second = await sallyport('approve', id, '--yes', ...doorOfVera);
    expect(second.out).toContain('done in HubSpot: succeeded');
    expect((await sallyport('approvals', 'show', id, ...door)).out).not.toContain('So far');
  });

  it('is told in words what is no id of a request, and no pattern', async () => {
    for (const args of [
      ['approve', 'act_nope'],
      ['approvals', 'show', 'act_nope'],
      ['approvals', 'change', 'act_nope', '--set', 'a=b'],
      ['settle', 'act_nope', 'executed', '--reason', 'Seen.'],
    ]) {
      const { status, err } = await sallyport(...args, ...door);
      expect(status).toBe(1);
      expect(err).toContain('act_nope is no request id: it begins with act_');
      expect(err).toContain('`npx sallyport approvals` lists what waits');
      expect(err).not.toMatch(/pattern|\[0-9/);
    }
  });
});

describe('the reason of a rejection', () => {
  const said =
    (text: string, heard: string[] = []) =>
    (question: string): Promise<string> => {
      heard.push(question);
      return Promise.resolve(text);
    };

  it('is asked for at a terminal, with who reads it', async () => {
    const heard: string[] = [];
    expect(await reasonFor('reject', {}, said('Wrong one.', heard))).toBe('Wrong one.');
    expect(heard).toEqual(['Reason (the agent reads it, enter for none): ']);
    expect(await reasonFor('reject', {}, said(''))).toBeUndefined();
  });

  it('is not asked for when it is given, with --yes, without a terminal, and of a yes', async () => {
    const never = (): Promise<string> => Promise.reject(new Error('asked'));
    expect(await reasonFor('reject', { reason: 'No.' }, never)).toBe('No.');
    expect(await reasonFor('reject', { yes: true }, never)).toBeUndefined();
    expect(await reasonFor('reject', {}, undefined)).toBeUndefined();
    expect(await reasonFor('approve', {}, never)).toBeUndefined();
  });

  it('is refused when it is longer than the gateway takes', async () => {
    const long = reasonFor('reject', {}, said('x'.repeat(501)));
    await expect(long).rejects.toThrow('at most 500 characters');
  });

  it('has in the help who reads it', async () => {
    const help = async (verb: string): Promise<string> =>
      (await sallyport(verb, '--help')).out.replace(/\s+/g, ' ');
    expect(await help('reject')).toContain('--reason <text> the agent reads it');
    expect(await help('approve')).toContain('the agent does not read it');
  });
});

describe('the lines to choose from', () => {
  it('are two where the terminal is too narrow for one, and whole elsewhere', () => {
    const [which, what] = [
      `  1  act_${'0'.repeat(26)}  asked 2026-11-26T10:00:00.000Z`,
      'x'.repeat(99),
    ];
    expect(pickerLines(which, what, undefined)).toEqual([`${which}  ${what}`]);
    const narrow = pickerLines(which, what, 80);
    expect(narrow).toEqual([which, `     ${'x'.repeat(74)}…`]);
  });
});
