import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addPerson } from '../../src/gate/roster.ts';
import { createInstallation, type Installation } from './support.ts';

let installation: Installation;

beforeAll(async () => {
  installation = await createInstallation();
  await installation.open(({ store }) =>
    store.commit(async (tx) => {
      for (const name of ['omar', 'vera'])
        await addPerson(tx, {
          ...{ name, email: `${name}@acme.test`, roles: ['approver'] },
          ...{ totpSecret: 'JBSWY3DPEHPK3PXP', by: 'test' },
        });
    }),
  );
});
afterAll(() => {
  installation.remove();
});

const person = (...args: string[]) => installation.sallyport(['person', ...args]);
const inDays = (days: number): string =>
  new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

describe('sallyport person away', () => {
  it('says who decides in their place, `list` shows it, and `back` ends it', async () => {
    const until = inDays(7);
    const away = await person(
      'away',
      'omar@acme.test',
      '--until',
      until,
      '--delegate',
      'vera@acme.test',
    );
    expect(away).toMatchObject({ status: 0, err: '' });
    expect(away.out).toMatch(/vera \(per_\w+\) decides in their place/);
    expect((await person('list')).out).toMatch(/away until \S+, vera decides/);
    const back = await person('back', 'omar@acme.test');
    expect(back).toMatchObject({ status: 0, err: '' });
    expect((await person('list')).out).not.toContain('away');
    const again = await person('back', 'omar@acme.test');
    expect(again.status).not.toBe(0);
    expect(again.err).toContain('is not away');
  });

  it('reads a day as its first moment in UTC wherever the machine stands, and says so', async () => {
    const until = inDays(5);
    const env = { TZ: 'America/New_York' };
    const away = await installation.sallyport(
      ['person', 'away', 'vera@acme.test', '--until', until],
      { env },
    );
    expect(away.out).toContain(`until ${until}T00:00:00.000Z.`);
    expect((await person('away', '--help')).out).toMatch(
      /the day they are back \(from 00:00\s+UTC\)/,
    );
    const twice = await person('away', 'vera@acme.test', '--until', inDays(6));
    expect(twice.status).toBe(1);
    expect(twice.err).toMatch(/overlaps abs_\w+.*\n.*npx sallyport person back vera@acme\.test/);
    await person('back', 'vera@acme.test');
  });

  it.each([
    ['too long', ['--until', inDays(92)], 'longer than 90 days'],
    ['over already', ['--until', inDays(-2)], 'ends before it begins'],
    ['no time', ['--until', 'soon'], 'Say it as'],
    ['their own delegate', ['--until', inDays(3), '--delegate', 'omar@acme.test'], 'own place'],
    ['a delegate nobody knows', ['--until', inDays(3), '--delegate', 'x@acme.test'], 'no person'],
  ])('notes nothing that is %s', async (_what, options, why) => {
    const refused = await person('away', 'omar@acme.test', ...options);
    expect(refused.status).not.toBe(0);
    expect(refused.err).toContain(why);
  });
});
