import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ACTIONS } from '../../src/actions/catalogue.ts';
import type { ConnectionRecord } from '../../src/core/records.ts';
import { ensureDemoCredential } from '../../src/demo.ts';
import { activateCredential } from '../../src/gate/credentials.ts';
import { type SimulatorProcess, startSimulator } from '../support/simulator.ts';
import { createInstallation, type Installation } from './support.ts';
import type { Said } from '../support/command.ts';
import { logEntries } from '../support/log-entries.ts';

let simulator: SimulatorProcess;
let at: Installation;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.stop());
beforeEach(async () => {
  await simulator.control('POST', '/reset', {});
  at = await createInstallation();
});
afterEach(() => {
  at.remove();
});

const ALL_NEEDED = [...new Set(['oauth', ...ACTIONS.flatMap(({ scopes }) => scopes)])];
const PREPARING = [
  ...['contacts', 'companies', 'deals'].map((object) => `crm.schemas.${object}.write`),
  'tickets',
];

/** As `secret set` leaves it. */
async function setToken(token: string): Promise<void> {
  await at.open(async ({ secrets, store }) => {
    const known = await secrets.get('hubspot/main');
    const version = await secrets.put('hubspot/main', token, known?.version ?? 0);
    const fingerprint = createHash('sha256').update(token).digest('hex').slice(0, 12);
    const of = { connection: 'main', version, fingerprint, by: 'operator' };
    await store.commit((tx) => activateCredential(tx, of));
  });
}

const connect = (...args: string[]): Promise<Said> =>
  at.sallyport(['connect', ...args], { env: { SALLYPORT_HUBSPOT_URL: simulator.url } });

const known = (): Promise<ConnectionRecord | undefined> =>
  at.open(({ store }) => store.connections.get('main'));

interface Entry {
  readonly event: string;
  readonly code: string | null;
  readonly actor: string;
  readonly hubspot_endpoint: string | null;
  readonly facts: Record<string, unknown>;
}
const entries = (): Promise<Entry[]> => at.open(({ store }) => logEntries(store));

async function requests(): Promise<{ method: string; path: string }[]> {
  const { body } = await simulator.control<{ requests: { method: string; path: string }[] }>(
    'GET',
    '/requests',
  );
  return body.requests;
}

describe('sallyport connect', () => {
  it('says how to store the token when there is none, and calls nobody', async () => {
    const said = await connect();
    expect(said.status).toBe(1);
    expect(said.err).toContain('credential.missing');
    expect(said.err).toContain('npx sallyport secret set hubspot/main');
    expect(await requests()).toEqual([]);
  });

  it('names account, token, scopes and what it prepared', async () => {
    await setToken(await simulator.token([...ALL_NEEDED, ...PREPARING]));
    const said = await connect();
    expect(said.err).toBe('');
    expect(said.status).toBe(0);
    expect(said.out).toMatch(/^Connected: main$/m);
    expect(said.out).toMatch(/HubSpot account +47110815 \(STANDARD\)/);
    expect(said.out).toMatch(/Time zone +America\/New_York/);
    expect(said.out).toMatch(/Token +version 1, private app or service key, app \d+/);
    expect(said.out).toMatch(/First read +HubSpot answered; it has \d+ contacts/);
    expect(said.out).toContain('Scopes: every action has what it needs.');
    for (const type of ['contacts', 'companies', 'deals', 'tickets'])
      expect(said.out).toMatch(new RegExp(`^ +${type} +prepared$`, 'm'));
    // The simulator takes a unique property on none of these, as HubSpot may.
    for (const type of ['notes', 'tasks', 'calls'])
      expect(said.out).toMatch(new RegExp(`^ +${type} +could not: HubSpot takes none there$`, 'm'));
    expect(said.out).toContain('is found without it, by the mark in its text');
    expect(said.out).not.toMatch(/surplus|missing|optional/);
    expect(await known()).toMatchObject({
      name: 'main',
      portalId: 47_110_815,
      accountType: 'STANDARD',
      timeZone: 'America/New_York',
      uniqueProperties: {
        contacts: 'sallyport_request_id',
        companies: 'sallyport_request_id',
        deals: 'sallyport_request_id',
        tickets: 'sallyport_request_id',
      },
      appId: Number(/app (\d+)/.exec(said.out)?.[1]),
    });
    const created = (await simulator.effects()).map(({ properties }) => properties);
    expect(created).toHaveLength(4);
    expect(created[2]).toMatchObject({
      name: 'sallyport_request_id',
      label: 'Sallyport request',
      groupName: 'dealinformation',
      hasUniqueValue: true,
      hidden: false,
      formField: false,
    });
  });

  it('changes nothing when it is run again', async () => {
    await setToken(await simulator.token('all'));
    await connect();
    const before = await simulator.effects();
    const first = await known();
    const again = await connect();
    expect(again.status).toBe(0);
    expect(again.out.match(/already there/g)).toHaveLength(4);
    expect(await simulator.effects()).toEqual(before);
    expect((await known())?.uniqueProperties).toEqual(first?.uniqueProperties);
  });

  it('has every call in the log before it is made, and what it found', async () => {
    await setToken(await simulator.token('all'));
    await connect();
    const log = await entries();
    const called = (await requests()).map(({ path }) => path);
    const intended = log.filter(({ event }) => event === 'hubspot.intended');
    expect(intended.map(({ hubspot_endpoint: path }) => path)).toEqual(called);
    expect(called.length).toBeGreaterThan(8);
    for (const { actor, facts } of intended) {
      expect(actor).toBe('operator');
      expect(facts).toMatchObject({ purpose: 'connect', connection: 'main' });
    }
    expect(log.at(-1)).toMatchObject({
      event: 'connection.checked',
      facts: {
        portal_id: 47_110_815,
        app_id: (await known())?.appId,
        time_zone: 'America/New_York',
        scopes_missing: [],
        properties: { contacts: 'prepared', tickets: 'prepared', notes: 'could_not' },
        first_read: 'answered',
      },
    });
  });

  it('answers programs with --json, and in the demo’s folder finds the simulator by itself', async () => {
    await setToken(await simulator.token('all'));
    at.writeRunFile({ simulator: simulator.url });
    const said = await at.sallyport(['connect', '--json']);
    expect(said.err).toBe('');
    expect(JSON.parse(said.out)).toMatchObject({
      connection: 'main',
      portalId: 47_110_815,
      scopes: { missing: [] },
      properties: [
        { objectType: 'contacts', state: 'prepared', reason: null },
        ...['companies', 'deals', 'tickets'].map((objectType) => ({ objectType })),
        ...['notes', 'tasks', 'calls'].map((objectType) => ({ objectType, state: 'could_not' })),
      ],
      firstRead: { objectType: 'contacts' },
    });
  });

  it('knows one connection', async () => {
    const said = await connect('mian');
    expect(said.status).toBe(1);
    expect(said.err).toContain('npx sallyport connect main');
  });

  it('shows the token nowhere', async () => {
    const token = await simulator.token('all');
    await setToken(token);
    const said = await connect('--json');
    expect(said.out + said.err + JSON.stringify(await entries())).not.toContain(token.slice(8));
  });
});

describe('the demo’s token', () => {
  beforeEach(async () => {
    await at.open((context) => ensureDemoCredential(context, simulator.controlUrl));
    at.writeRunFile({ simulator: simulator.url });
  });

  /** That no intent is in the log says that nothing was called. */
  async function expectKept(said: Said): Promise<void> {
    expect(said.status).toBe(1);
    expect(said.out).toBe('');
    expect(said.err).toMatch(/the demo's.*is not sent to/);
    expect((await entries()).map(({ event }) => event)).not.toContain('hubspot.intended');
  }

  it('goes to its simulator', async () => {
    const said = await at.sallyport(['connect']);
    expect(said.err).toBe('');
    expect(said.out).toMatch(/^Connected: main$/m);
  });

  it('goes nowhere where run.json is missing, and both ways on are said', async () => {
    rmSync(join(at.folder, 'data', 'run.json'));
    const said = await at.sallyport(['connect']);
    await expectKept(said);
    expect(said.err).toContain('npm start');
    expect(said.err).toContain('SALLYPORT_DATA_DIR');
  });

  it('goes to no other address, be it named, and not after a start with a real HubSpot', async () => {
    const other = { SALLYPORT_HUBSPOT_URL: 'http://127.0.0.1:9' };
    await expectKept(await at.sallyport(['connect'], { env: other }));
    at.writeRunFile({ simulator: null });
    await expectKept(await at.sallyport(['connect'], { env: other }));
  });

  it('makes room for a key of the operator’s', async () => {
    at.writeRunFile({ simulator: null });
    await setToken(await simulator.token('all'));
    expect((await connect()).status).toBe(0);
  });

  it('waits for a simulator that is stopped, and says how to start it', async () => {
    at.writeRunFile({ simulator: 'http://127.0.0.1:9' });
    const said = await at.sallyport(['connect']);
    expect(said.status).toBe(1);
    expect(said.err).toMatch(/simulator.*http:\/\/127\.0\.0\.1:9 does not answer/);
    expect(said.err).toContain('npm start');
  });
});

describe('a token with other scopes than the actions need', () => {
  it('is connected, and what is missing is named with its actions', async () => {
    const scopes = ALL_NEEDED.filter((scope) => scope !== 'crm.objects.deals.write');
    await setToken(await simulator.token([...scopes, ...PREPARING, 'crm.schemas.deals.read']));
    const said = await connect();
    expect(said.status).toBe(0);
    expect(said.out).toMatch(/missing +crm\.objects\.deals\.write +\(.*update_deal.*\)/);
    expect(said.out).toMatch(/surplus +crm\.schemas\.deals\.read/);
    expect(said.out).toContain('Warning: no action needs these');
  });

  it('that may not make properties is told what is weaker without', async () => {
    await setToken(await simulator.token([...ALL_NEEDED, 'crm.schemas.deals.write']));
    const said = await connect();
    expect(said.status).toBe(0);
    expect(said.out).toMatch(/^ +deals +prepared$/m);
    expect(said.out).toMatch(
      /^ +contacts +could not: hubspot\.missing_scope.*crm\.schemas\.contacts\.write$/m,
    );
    expect(said.out).toMatch(/It is optional.*\n.*Without it/);
    // HubSpot has one scope for all that concerns tickets.
    expect((await known())?.uniqueProperties).toEqual({
      deals: 'sallyport_request_id',
      tickets: 'sallyport_request_id',
    });
  });

  it('says so when its first read is refused', async () => {
    await setToken(await simulator.token(['oauth']));
    const said = await connect();
    expect(said.out).toMatch(/First read +FAILED on contacts: hubspot\.missing_scope/);
    expect(said.out).toMatch(/missing +crm\.objects\.contacts\.read/);
  });
});

describe('what keeps an account from being connected', () => {
  const expectRefused = async (said: Said, code: string): Promise<void> => {
    expect(said.status).toBe(1);
    expect(said.out).toBe('');
    expect(said.err).toContain(code);
    expect((await entries()).at(-1)).toMatchObject({ event: 'connection.refused', code });
  };

  it('is a token that HubSpot does not know, or has expired', async () => {
    await setToken('pat-na1-00000000-0000-0000-0000-000000000000');
    const unknown = await connect();
    await expectRefused(unknown, 'hubspot.unauthorized');
    expect(unknown.err).toContain('npx sallyport secret set hubspot/main');
    const token = await simulator.token('all');
    await simulator.control('POST', '/tokens/state', { token, state: 'expired' });
    await setToken(token);
    const expired = await connect();
    await expectRefused(expired, 'hubspot.unauthorized');
    expect(expired.err).toContain('the token has expired');
    expect(await known()).toBeUndefined();
  });

  it('is another account than before, unless it is meant', async () => {
    await setToken(await simulator.token('all'));
    const other: ConnectionRecord = {
      name: 'main',
      portalId: 12_345,
      accountType: 'SANDBOX',
      timeZone: 'Europe/Zurich',
      uniqueProperties: { contacts: 'sallyport_request_id' },
      checkedAt: new Date('2026-11-01T00:00:00Z'),
      credentialVersion: 1,
      accountSince: null,
      appId: null,
    };
    await at.open(({ store }) => store.commit((tx) => tx.connections.put(other)));
    const said = await connect();
    await expectRefused(said, 'connection.portal_changed');
    expect(said.err).toMatch(/leads to account 12345, the token to 47110815/);
    expect(said.err).toContain('npx sallyport connect --force-portal');
    expect(await known()).toEqual(other);
    expect(await simulator.effects()).toEqual([]);
    expect((await connect('--force-portal')).status).toBe(0);
    expect((await known())?.portalId).toBe(47_110_815);
  });

  it('is a HubSpot that is down; what was known stays, and the next run goes on', async () => {
    await setToken(await simulator.token('all'));
    await connect();
    const before = await known();
    const down = await at.sallyport(['connect'], {
      env: { SALLYPORT_HUBSPOT_URL: 'http://127.0.0.1:9' },
    });
    await expectRefused(down, 'hubspot.unavailable');
    expect(await known()).toEqual(before);
    expect((await connect()).status).toBe(0);
  });

  it('is a freeze: nothing is called', async () => {
    await setToken(await simulator.token('all'));
    await at.sallyport(['freeze']);
    await expectRefused(await connect(), 'freeze.active');
    expect(await requests()).toEqual([]);
  });
});

describe('a new key for a connected account', () => {
  const inUse = async () =>
    (await at.open(({ store }) => store.credentials.active('main')))?.version;
  const setKey = async (key: string): Promise<Said> =>
    at.sallyport(['secret', 'set', 'hubspot/main', '--yes'], {
      env: { SALLYPORT_HUBSPOT_URL: simulator.url },
      input: `${key}\n`,
    });

  it('is checked when it is set, and used', async () => {
    await setToken(await simulator.token('all'));
    await connect();
    const said = await setKey(await simulator.token('all'));
    expect(said.out).toContain(
      'It opens HubSpot account 47110815, as the one before did, and is in use from now on.',
    );
    expect(said.status).toBe(0);
    expect((await known())?.credentialVersion).toBe(2);
  });

  it('is taken by connect where it could not be checked when it was set', async () => {
    await setToken(await simulator.token('all'));
    await connect();
    const key = await simulator.token('all');
    const said = await at.sallyport(['secret', 'set', 'hubspot/main', '--yes'], {
      env: { SALLYPORT_HUBSPOT_URL: 'http://127.0.0.1:9' },
      input: `${key}\n`,
    });
    expect([said.status, said.err]).toEqual([
      1,
      expect.stringMatching(/not in use: hubspot\.unavailable[^]*The one before stays in use\./),
    ]);
    expect(await inUse()).toBe(1);
    // Once more by hand stores nothing twice; `connect` takes it as well.
    const again = await connect();
    expect(again.out).toMatch(/^ +Token +version 2,/m);
    expect(await inUse()).toBe(2);
    expect((await setKey(key)).status).toBe(0);
    expect(await at.open(({ secrets }) => secrets.get('hubspot/main', 3))).toBeUndefined();
  });

  it('is not stored where the record calls on a version that the secret store does not have', async () => {
    await setToken(await simulator.token('all'));
    await connect();
    await at.open(({ store }) =>
      store.commit((tx) =>
        activateCredential(tx, {
          ...{ connection: 'main', version: 5, fingerprint: 'of-a-backup', by: 'test' },
        }),
      ),
    );
    const said = await setKey(await simulator.token('all'));
    expect([said.status, said.err]).toEqual([1, expect.stringMatching(/two installations/)]);
    expect(await at.open(({ secrets }) => secrets.get('hubspot/main', 2))).toBeUndefined();
  });

  it('is stored and not used when it opens another account', async () => {
    await setToken(await simulator.token('all'));
    await connect();
    const moved = await known();
    await at.open(({ store }) =>
      store.commit((tx) => tx.connections.put({ ...moved!, portalId: 12_345 })),
    );
    const said = await setKey(await simulator.token('all'));
    expect(said.status).toBe(1);
    expect(said.err).toMatch(/not in use: connection\.portal_changed/);
    expect((await known())?.credentialVersion).toBe(1);
    expect(await inUse()).toBe(1);
  });
});

describe('an answer that is lost while a property is made', () => {
  it('is looked for: it is prepared once, and said to be', async () => {
    await setToken(await simulator.token('all'));
    await simulator.control('POST', '/faults', {
      match: { method: 'POST', path: '/crm/properties/2026-09/deals$' },
      mode: 'commit_then_drop',
    });
    const said = await connect();
    expect(said.out).toMatch(/^ +deals +prepared$/m);
    const made = (await simulator.effects()).filter(({ path }) => path.endsWith('/deals'));
    expect(made).toHaveLength(1);
  });

  it('takes away nothing that was known', async () => {
    await setToken(await simulator.token('all'));
    await connect();
    await simulator.control('POST', '/faults', {
      match: { path: '/crm/properties/2026-09/contacts' },
      mode: '500',
      times: 0,
    });
    const said = await connect();
    expect(said.out).toMatch(/^ +contacts +could not: hubspot\.unavailable$/m);
    expect((await known())?.uniqueProperties).toHaveProperty('contacts');
  });
});
