import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { activateCredential } from '../../src/gate/credentials.ts';
import { type SimulatorProcess, startSimulator } from '../support/simulator.ts';
import { createInstallation, type Installation } from './support.ts';

/** A sweep waits for HubSpot's search, and beside it for its turns. */
const TIME_LIMIT_MS = 180_000;

let simulator: SimulatorProcess;
let at: Installation;
let token: string;
beforeAll(async () => {
  simulator = await startSimulator();
  at = await createInstallation();
  token = await simulator.token('all');
  await at.open(async ({ secrets, store }) => {
    const version = await secrets.put('hubspot/main', token, 0);
    const fingerprint = createHash('sha256').update(token).digest('hex').slice(0, 12);
    const of = { connection: 'main', version, fingerprint, by: 'operator' };
    await store.commit((tx) => activateCredential(tx, of));
  });
});
afterAll(async () => {
  at.remove();
  await simulator.stop();
});

const run = (...args: string[]) =>
  at.sallyport(args, { env: { SALLYPORT_HUBSPOT_URL: simulator.url } });

describe('sallyport radar', () => {
  it('asks for a connected account first, and for a time that it understands', async () => {
    const early = await run('radar');
    expect(early.status).toBe(1);
    expect(early.err).toContain('connection.app_unknown');
    const mistyped = await run('radar', '--since', 'yesterday');
    expect(mistyped.status).toBe(2);
    expect(mistyped.err).toContain('90m, 24h or 7d');
  });

  it(
    'says what was found, and by its exit code; and to programs',
    async () => {
      expect((await run('connect')).status).toBe(0);
      const response = await fetch(`${simulator.url}/crm/objects/2026-09/contacts/20001`, {
        method: 'PATCH',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ properties: { city: 'Rogue Town' } }),
      });
      expect(response.ok).toBe(true);
      const [text, json] = await Promise.all([
        run('radar', '--since', '1h'),
        run('radar', '--json'),
      ]);
      expect(text.err).toMatch(/Waiting 35 s/);
      expect(text.out).toMatch(/^ROGUE: 1, made with the gateway’s token/m);
      expect(text.out).toMatch(/changed contacts 20001, /);
      expect(text.out).toMatch(/city: .* → Rogue Town/);
      expect([text.status, json.status]).toEqual([1, 1]);
      expect(JSON.parse(json.out)).toMatchObject({
        rogue: [{ kind: 'changed', objectId: '20001' }],
        unread: [],
        isWhole: true,
      });
    },
    TIME_LIMIT_MS,
  );
});
