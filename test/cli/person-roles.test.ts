import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addPerson } from '../../src/gate/roster.ts';
import { logEntries } from '../support/log-entries.ts';
import { createInstallation, type Installation } from './support.ts';

let installation: Installation;

beforeAll(async () => {
  installation = await createInstallation();
  await installation.open(({ store }) =>
    store.commit(async (tx) => {
      for (const [name, role] of [
        ['robin', 'approver'],
        ['olga', 'operator'],
      ] as const)
        await addPerson(tx, {
          ...{ name, email: `${name}@acme.test`, roles: [role] },
          ...{ totpSecret: 'JBSWY3DPEHPK3PXP', by: 'test' },
        });
    }),
  );
});
afterAll(() => {
  installation.remove();
});

const person = (...args: string[]) => installation.sallyport(['person', ...args]);
const rolesOf = async (name: string): Promise<string[]> =>
  JSON.parse((await person('list', '--json')).out).find((one: any) => one.name === name).roles;

describe('sallyport person roles', () => {
  it('gives a person these roles and no others, and logs it', async () => {
    const said = await person('roles', 'robin@acme.test', 'approver, operator,approver');
    expect(said).toMatchObject({ status: 0, err: '' });
    expect(said.out).toMatch(/^robin \(per_\w+\) has approver, operator from now on\./);
    expect(await rolesOf('robin')).toEqual(['approver', 'operator']);
    const entries = await installation.open(({ store }) => logEntries(store));
    expect(entries.findLast(({ event }) => event === 'person.changed')).toMatchObject({
      actor: 'operator',
      facts: { roles: ['approver', 'operator'], former: ['approver'] },
    });
  });

  it('takes no role that no rule asks for, and names those that count', async () => {
    const refused = await person('roles', 'robin@acme.test', 'aprover,operator');
    expect(refused.status).toBe(1);
    expect(refused.err).toMatch(/asks for aprover\. Roles that count: approver, .*operator/);
    expect(await rolesOf('robin')).toEqual(['approver', 'operator']);
    const meant = await person('roles', 'robin@acme.test', 'approver,finance', '--new-role');
    expect(meant.status).toBe(0);
    expect((await person('roles', 'robin@acme.test', 'finance')).status).toBe(0);
    expect(await rolesOf('robin')).toEqual(['finance']);
  });

  it('leaves somebody with the role operator', async () => {
    const refused = await person('roles', 'olga@acme.test', 'approver');
    expect(refused.status).toBe(1);
    expect(refused.err).toMatch(/nobody would have the role operator\. Nothing changed\./);
    expect(await rolesOf('olga')).toEqual(['operator']);
  });

  it('changes nobody who is unknown or was revoked', async () => {
    expect((await person('roles', 'nobody@acme.test', 'approver')).err).toContain('no person');
    const [{ id }] = JSON.parse((await person('list', '--json')).out);
    await person('revoke', id);
    const gone = await person('roles', id, 'approver');
    expect(gone.status).toBe(1);
    expect(gone.err).toContain('There is no such');
  });
});
