import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSimulator } from '../support/simulator.ts';
import type { SimulatorProcess } from '../support/simulator.ts';
import { createApi, DANA, noteOn, OBJECTS } from './api.ts';

const DETAILS = '/account-info/2026-09/details';
const TOKEN_INFO = '/oauth/v2/private-apps/get/access-token-info';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/u;

let sim: SimulatorProcess;
beforeAll(async () => {
  sim = await startSimulator();
  await sim.control('POST', '/limits', { enabled: false });
});
afterAll(() => sim.stop());

async function form(path: string, fields: Record<string, string>) {
  const body = new URLSearchParams(fields);
  const response = await fetch(`${sim.url}${path}`, { method: 'POST', body });
  const text = await response.text();
  return {
    status: response.status,
    body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
  };
}

describe('tokens', () => {
  it('look like private-app tokens and open the account details', async () => {
    const token = await sim.token();
    expect(token).toMatch(/^pat-na1-[0-9a-f-]{36}$/u);
    const reply = await createApi(sim, token)('GET', DETAILS);
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ portalId: 47_110_815, timeZone: 'America/New_York' });
  });

  it.each([
    ['missing', null],
    ['unknown', 'pat-na1-00000000-0000-0000-0000-000000000000'],
  ])('are refused with INVALID_AUTHENTICATION when %s', async (_case, token) => {
    const reply = await createApi(sim, token)('GET', DETAILS);
    expect(reply.status).toBe(401);
    expect(reply.body).toMatchObject({ status: 'error', category: 'INVALID_AUTHENTICATION' });
    expect(reply.body.message).toMatch(
      /^Authentication credentials not found\. This API supports/u,
    );
    expect(reply.body.correlationId).toMatch(UUID);
  });

  it('are rotated as by “Rotate and expire now”: the old one is dead, the new one is of the same app', async () => {
    const old = await sim.token();
    const { status, body } = await sim.control<Record<string, any>>('POST', '/tokens/rotate', {});
    expect(status).toBe(201);
    const seen = await createApi(sim, body['token'])('GET', DETAILS);
    expect(seen.status).toBe(200);
    const dead = await createApi(sim, old)('GET', DETAILS);
    expect([dead.status, dead.body.category]).toEqual([401, 'EXPIRED_AUTHENTICATION']);
    const narrow = await sim.control<Record<string, any>>('POST', '/tokens/rotate', {
      scopes: ['oauth'],
    });
    expect(narrow.body).toMatchObject({ scopes: ['oauth'], app_id: body['app_id'] });
  });

  it('are refused with EXPIRED_AUTHENTICATION and the time of death once expired', async () => {
    const token = await sim.token();
    await sim.control('POST', '/tokens/state', { token, state: 'expired' });
    const reply = await createApi(sim, token)('GET', DETAILS);
    expect(reply.status).toBe(401);
    expect(reply.body.category).toBe('EXPIRED_AUTHENTICATION');
    expect(reply.body.message).toMatch(
      /^The OAuth token used to make this call expired \d+ second\(s\) ago\.$/u,
    );
    expect(Date.parse(reply.body.context['expire time']?.[0] ?? '')).toBeLessThanOrEqual(
      Date.now(),
    );
  });

  it('can be minted already expired', async () => {
    const minted = await sim.control<{ token: string }>('POST', '/tokens', { state: 'expired' });
    expect(minted.status).toBe(201);
    const reply = await createApi(sim, minted.body.token)('GET', DETAILS);
    expect(reply.body.category).toBe('EXPIRED_AUTHENTICATION');
  });

  it('are refused like unknown ones once revoked, and live again when reactivated', async () => {
    const token = await sim.token();
    const api = createApi(sim, token);
    await sim.control('POST', '/tokens/state', { token, state: 'revoked' });
    expect((await api('GET', DETAILS)).body.category).toBe('INVALID_AUTHENTICATION');
    await sim.control('POST', '/tokens/state', { token, state: 'active' });
    expect((await api('GET', DETAILS)).status).toBe(200);
  });

  it('of one app can live side by side, as during a rotation, and have the same app id', async () => {
    type Minted = { token: string; app_id: number };
    const first = (await sim.control<Minted>('POST', '/tokens', {})).body;
    const again = { app_id: first.app_id };
    const second = (await sim.control<Minted>('POST', '/tokens', again)).body;
    expect(second.app_id).toBe(first.app_id);
    expect(second.token).not.toBe(first.token);
    for (const { token } of [first, second])
      expect((await createApi(sim, token)('GET', DETAILS)).status).toBe(200);
  });

  it('leave no trace of themselves in the data folder', async () => {
    const secrets = [await sim.token(), await sim.token('read')];
    for (const token of secrets) {
      await createApi(sim, token)('POST', `${OBJECTS}/notes`, noteOn(DANA, 'x'));
      await createApi(sim, null)('POST', TOKEN_INFO, { tokenKey: token });
    }
    const folder = readdirSync(sim.dataDir).map((name) => readFileSync(join(sim.dataDir, name)));
    const held = Buffer.concat(folder);
    expect(held.length).toBeGreaterThan(100_000);
    for (const token of secrets) {
      expect(held.includes(token)).toBe(false);
      expect(held.includes(token.slice('pat-na1-'.length))).toBe(false);
    }
  });
});

describe('scopes', () => {
  it('name what is missing as an any-of list in a MISSING_SCOPES body', async () => {
    const api = createApi(sim, await sim.token('read'));
    const reply = await api('POST', `${OBJECTS}/contacts`, { properties: {} });
    expect(reply.status).toBe(403);
    expect(reply.body).toMatchObject({
      status: 'error',
      category: 'MISSING_SCOPES',
      errors: [
        {
          message: 'One or more of the following scopes are required.',
          context: { requiredGranularScopes: ['crm.objects.contacts.write'] },
        },
      ],
    });
    expect(reply.body.message).toMatch(/^This app hasn't been granted all required scopes/u);
    expect(reply.body['links']).toHaveProperty('scopes');
  });

  it('for contacts also cover notes and tasks', async () => {
    const reader = createApi(sim, await sim.token(['crm.objects.contacts.read']));
    expect((await reader('GET', `${OBJECTS}/notes`)).status).toBe(200);
    expect((await reader('GET', `${OBJECTS}/tasks`)).status).toBe(200);
    expect((await reader('POST', `${OBJECTS}/notes`, noteOn(DANA, 'x'))).status).toBe(403);
    const writer = createApi(sim, await sim.token(['crm.objects.contacts.write']));
    expect((await writer('POST', `${OBJECTS}/notes`, noteOn(DANA, 'x'))).status).toBe(201);
    expect((await writer('GET', `${OBJECTS}/notes`)).status).toBe(403);
  });

  it.each([
    ['companies', 'crm.objects.companies.read'],
    ['deals', 'crm.objects.deals.read'],
    ['tickets', 'tickets'],
  ])('for %s are their own', async (objectType, scope) => {
    const stranger = createApi(sim, await sim.token(['crm.objects.contacts.read']));
    expect((await stranger('GET', `${OBJECTS}/${objectType}`)).status).toBe(403);
    const holder = createApi(sim, await sim.token([scope]));
    expect((await holder('GET', `${OBJECTS}/${objectType}`)).status).toBe(200);
  });

  it('for e-mails are two at once', async () => {
    const half = createApi(sim, await sim.token(['crm.objects.contacts.read']));
    expect((await half('GET', `${OBJECTS}/emails`)).status).toBe(403);
    const whole = createApi(
      sim,
      await sim.token(['crm.objects.contacts.read', 'sales-email-read']),
    );
    expect((await whole('GET', `${OBJECTS}/emails`)).status).toBe(200);
  });

  it('do not protect associations: any object scope may write them', async () => {
    const reader = createApi(sim, await sim.token(['crm.objects.contacts.read']));
    const path = `${OBJECTS}/contacts/${DANA}/associations/default/companies/10009`;
    expect((await reader('PUT', path)).status).toBe(200);
  });

  it('guard owners, property writes and the security log', async () => {
    const api = createApi(sim, await sim.token(['crm.objects.contacts.read']));
    expect((await api('GET', '/crm/owners/2026-09')).status).toBe(403);
    expect((await api('POST', '/crm/properties/2026-09/contacts', {})).status).toBe(403);
    expect((await api('GET', '/account-info/2026-09/activity/security')).status).toBe(403);
    expect((await api('GET', DETAILS)).status).toBe(403);
    expect((await api('GET', '/crm/properties/2026-09/contacts')).status).toBe(200);
  });
});

describe('what can be asked about a token', () => {
  it('is its app, account and scopes; a dead one is refused', async () => {
    const token = await sim.token(['oauth', 'crm.objects.contacts.read']);
    const ask = createApi(sim, null);
    const live = await ask('POST', TOKEN_INFO, { tokenKey: token });
    expect(live.status).toBe(200);
    expect(live.body).toMatchObject({
      hubId: 47_110_815,
      scopes: ['oauth', 'crm.objects.contacts.read'],
    });
    expect(live.body['appId']).toBeTypeOf('number');
    await sim.control('POST', '/tokens/state', { token, state: 'revoked' });
    expect((await ask('POST', TOKEN_INFO, { tokenKey: token })).status).toBe(401);
  });

  it('shows in the security log when tokens are made, rotated and killed', async () => {
    type Minted = { token: string; app_id: number };
    const { body: first } = await sim.control<Minted>('POST', '/tokens', {});
    const { body: second } = await sim.control<Minted>('POST', '/tokens', { app_id: first.app_id });
    await sim.control('POST', '/tokens/state', { token: first.token, state: 'revoked' });
    const api = createApi(sim, second.token);
    const reply = await api('GET', '/account-info/2026-09/activity/security?limit=100');
    const mine = reply.body.results.filter((each) => each['objectId'] === String(first.app_id));
    expect(mine.map((each) => each['type'])).toEqual([
      'PRIVATE_APP_ACCESS_TOKEN_DEACTIVATE',
      'PRIVATE_APP_ACCESS_TOKEN_ROTATE',
      'PRIVATE_APP_ACCESS_TOKEN_CREATE',
    ]);
    expect(mine[0]?.['actingUser']).toBeTypeOf('string');
  });
});

describe('OAuth', () => {
  type App = { client_id: string; client_secret: string; refresh_token: string };

  it('refreshes, introspects and revokes, and an access token outlives its refresh token', async () => {
    const { body: app } = await sim.control<App>('POST', '/oauth-apps', { scopes: 'all' });
    const client = { client_id: app.client_id, client_secret: app.client_secret };
    const refresh = { ...client, grant_type: 'refresh_token', refresh_token: app.refresh_token };
    const refreshed = await form('/oauth/2026-09/token', refresh);
    expect(refreshed.status).toBe(200);
    expect(refreshed.body).toMatchObject({ expires_in: 1800, token_type: 'bearer' });
    const access = String(refreshed.body['access_token']);
    const api = createApi(sim, access);
    const used = await api('GET', DETAILS);
    expect(used.status).toBe(200);
    const introspected = await form('/oauth/2026-09/token/introspect', {
      ...client,
      token: access,
    });
    expect(introspected.body).toMatchObject({ active: true, hub_id: 47_110_815 });
    const revoked = await form('/oauth/2026-09/token/revoke', {
      ...client,
      token: app.refresh_token,
    });
    expect(revoked.status).toBe(204);
    const dead = await form('/oauth/2026-09/token', refresh);
    expect(dead.status).toBe(400);
    expect(dead.body).toMatchObject({ error: 'invalid_grant', status: 'BAD_REFRESH_TOKEN' });
    expect((await api('GET', DETAILS)).status).toBe(200);
    await sim.control('POST', '/tokens/state', { token: access, state: 'expired' });
    const gone = await form('/oauth/2026-09/token/introspect', { ...client, token: access });
    expect(gone.body).toEqual({ active: false });
  });

  it('does not take a wrong client secret', async () => {
    const { body: app } = await sim.control<App>('POST', '/oauth-apps', { scopes: 'all' });
    const reply = await form('/oauth/2026-09/token', {
      grant_type: 'refresh_token',
      client_id: app.client_id,
      client_secret: 'wrong',
      refresh_token: app.refresh_token,
    });
    expect(reply.status).toBe(400);
  });
});
