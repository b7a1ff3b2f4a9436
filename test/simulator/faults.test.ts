import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startSimulator } from '../support/simulator.ts';
import type { SimulatorProcess } from '../support/simulator.ts';
import { createApi, DANA, noteOn, OBJECTS } from './api.ts';
import type { Api } from './api.ts';

let sim: SimulatorProcess;
let api: Api;
let token: string;
beforeAll(async () => {
  sim = await startSimulator();
  await sim.control('POST', '/limits', { enabled: false });
  token = await sim.token();
  api = createApi(sim, token);
});
afterAll(() => sim.stop());
afterEach(() => sim.control('DELETE', '/faults'));

const NOTES = `${OBJECTS}/notes`;
const writeNote = () => api('POST', NOTES, noteOn(DANA, 'under fault'));
const order = (fault: Record<string, unknown>) => sim.control('POST', '/faults', fault);

/** How many effects `work` leaves in the ledger. */
async function effectsDuring(work: () => Promise<unknown>): Promise<number> {
  const before = (await sim.effects()).at(-1)?.seq ?? 0;
  await work();
  return (await sim.effects(before)).length;
}

/** The reply as bytes, with a deadline, for answers that are no JSON or never come. */
function raw(method: string, path: string, timeoutMs = 5_000): Promise<Response> {
  return fetch(`${sim.url}${path}`, {
    method,
    redirect: 'manual',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    signal: AbortSignal.timeout(timeoutMs),
    ...(method === 'POST' ? { body: JSON.stringify(noteOn(DANA, 'under fault')) } : {}),
  });
}

describe('faults after the effect', () => {
  it('commit_then_drop cuts the connection and leaves the effect', async () => {
    await order({ mode: 'commit_then_drop' });
    const count = await effectsDuring(() => expect(writeNote()).rejects.toThrow());
    expect(count).toBe(1);
  });

  it.each([
    ['commit_then_500', 500],
    ['commit_then_502', 502],
  ])('%s answers an error and leaves the effect', async (mode, status) => {
    await order({ mode });
    const count = await effectsDuring(async () => {
      expect((await raw('POST', NOTES)).status).toBe(status);
    });
    expect(count).toBe(1);
  });

  it('commit_then_hang never answers and leaves the effect', async () => {
    await order({ mode: 'commit_then_hang' });
    const count = await effectsDuring(() => expect(raw('POST', NOTES, 300)).rejects.toThrow());
    expect(count).toBe(1);
  });

  it('truncate sends half of the true answer', async () => {
    await order({ mode: 'truncate' });
    const count = await effectsDuring(() =>
      expect(raw('POST', NOTES).then((response) => response.text())).rejects.toThrow(),
    );
    expect(count).toBe(1);
  });

  it('bad_json sends a success that cannot be parsed', async () => {
    await order({ mode: 'bad_json' });
    const response = await raw('POST', NOTES);
    expect(response.status).toBe(201);
    const text = await response.text();
    expect(() => JSON.parse(text) as unknown).toThrow();
  });
});

describe('faults instead of the effect', () => {
  it.each(['drop', 'hang'])('%s gives no answer', async (mode) => {
    await order({ mode });
    const count = await effectsDuring(() => expect(raw('POST', NOTES, 300)).rejects.toThrow());
    expect(count).toBe(0);
  });

  it.each([
    ['401', 401],
    ['423', 423],
    ['429', 429],
    ['477', 477],
    ['500', 500],
    ['502', 502],
    ['503', 503],
    ['html', 502],
    ['no_content_type', 502],
    ['redirect', 302],
  ])('%s answers %i and leaves nothing', async (mode, status) => {
    await order({ mode });
    const count = await effectsDuring(async () => {
      expect((await raw('POST', NOTES)).status).toBe(status);
    });
    expect(count).toBe(0);
  });

  it('html is HTML, no_content_type has none, redirect stays on this server, 477 says when', async () => {
    await order({ mode: 'html' });
    expect((await raw('GET', NOTES)).headers.get('content-type')).toBe('text/html');
    await order({ mode: 'no_content_type' });
    expect((await raw('GET', NOTES)).headers.get('content-type')).toBeNull();
    await order({ mode: 'redirect' });
    expect((await raw('GET', NOTES)).headers.get('location')).toBe('/redirected');
    await order({ mode: '477' });
    expect((await raw('GET', NOTES)).headers.get('retry-after')).toBe('60');
  });
});

describe('ordering faults', () => {
  it('slow answers truly, later', async () => {
    await order({ mode: 'slow', delay_ms: 250 });
    const begun = performance.now();
    expect((await api('GET', `${OBJECTS}/contacts/${DANA}`)).status).toBe(200);
    expect(performance.now() - begun).toBeGreaterThan(240);
  });

  it('hits once by default, as often as ordered, or until cleared with 0', async () => {
    await order({ mode: '503', times: 2 });
    const status = async () => (await api('GET', `${OBJECTS}/contacts/${DANA}`)).status;
    expect([await status(), await status(), await status()]).toEqual([503, 503, 200]);
    await order({ mode: '503', times: 0 });
    expect([await status(), await status(), await status()]).toEqual([503, 503, 503]);
    await sim.control('DELETE', '/faults');
    expect(await status()).toBe(200);
  });

  it('matches by method and by path, as text or pattern', async () => {
    await order({ mode: '500', times: 0, match: { method: 'POST', path: '/notes$' } });
    expect((await api('GET', NOTES)).status).toBe(200);
    expect((await writeNote()).status).toBe(500);
    expect((await api('POST', `${NOTES}/search`, {})).status).toBe(200);
  });

  it('matches by what the body carries, whichever of several comes first', async () => {
    await order({ mode: '500', times: 1, match: { path: '/notes$', body: 'meant 1(?![0-9])' } });
    const write = async (text: string) => (await api('POST', NOTES, noteOn(DANA, text))).status;
    const texts = ['meant 12', 'meant 1', 'meant 1'];
    expect([await write(texts[0]!), await write(texts[1]!), await write(texts[2]!)]).toEqual([
      201, 500, 201,
    ]);
    expect((await api('GET', NOTES)).status).toBe(200);
  });

  it('draws by probability from a seed: the same seed gives the same draw', async () => {
    const draw = async () => {
      await sim.control('DELETE', '/faults');
      await order({ mode: '500', times: 0, probability: 0.5, seed: 7 });
      const statuses: number[] = [];
      for (let index = 0; index < 24; index += 1)
        statuses.push((await api('GET', `${OBJECTS}/contacts/${DANA}`)).status);
      return statuses;
    };
    const first = await draw();
    expect(new Set(first)).toEqual(new Set([200, 500]));
    expect(await draw()).toEqual(first);
  });

  it('lists what is ordered and how often it hit, and refuses what it does not know', async () => {
    await order({ mode: '500', times: 3 });
    await api('GET', NOTES);
    const listed = await sim.control<{ faults: unknown[] }>('GET', '/faults');
    expect(listed.body.faults).toMatchObject([{ mode: '500', times: 3, hits: 1 }]);
    expect((await order({ mode: 'explode' })).status).toBe(400);
  });
});

describe('the request log', () => {
  type Entry = {
    seq: number;
    method: string;
    path: string;
    status: number | null;
    fault: string | null;
  };
  type Log = { count: number; requests: Entry[] };

  it('holds every request with its status, so that a test can prove what was not called', async () => {
    const before = (await sim.control<Log>('GET', '/requests')).body.count;
    await api('GET', NOTES);
    await order({ mode: 'drop' });
    await expect(raw('GET', `${NOTES}?x=1`)).rejects.toThrow();
    await createApi(sim, null)('GET', NOTES);
    const path = `/requests?since=${String(before)}`;
    const { requests, count } = (await sim.control<Log>('GET', path)).body;
    expect(count).toBe(before + 3);
    expect(requests).toMatchObject([
      { method: 'GET', path: NOTES, query: '', status: 200, authorized: true, fault: null },
      { path: NOTES, query: '?x=1', status: null, fault: 'drop' },
      { status: 401, authorized: false, token_sha256: null },
    ]);
    expect(requests.filter((entry) => entry.path.endsWith('/search'))).toEqual([]);
  });

  it('holds no token', async () => {
    const log = await sim.control('GET', '/requests');
    expect(JSON.stringify(log.body)).not.toContain(token);
  });
});
