import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_RATE_PLAN } from '../../src/adapters/hubspot/rate-plan.ts';
import type { ObjectType } from '../../src/contracts/plan.ts';
import { objectsPath, recordPath } from '../../src/core/hubspot-paths.ts';
import type { RogueChange } from '../../src/core/rogue-change.ts';
import { SEARCH_SETTLE_MS } from '../../src/gate/radar.ts';
import { radarHouse, type RadarHouse } from '../support/radar.ts';
import { isFull, scaled } from './scale.ts';

/**
 * I4: rogue changes among legitimate ones, in a HubSpot whose search lags by 30 s. The full form has its 10,000
 * legitimate changes made by HubSpot's batches on the gateway's token and put into the ledger beside.
 */
const SEEDED = scaled(20, 200);
const OWN_BATCHES = scaled(1, 80);
const BATCH = 100;
const EDITED = scaled(20, 2_000);
const SEARCH_LAG_MS = 30_000;
const FOUND_WITHIN_MS = 60_000;
const TIME_LIMIT_MS = scaled(240_000, 1_800_000);

let house: RadarHouse;
let from: Date;
beforeAll(async () => {
  // In the short form the radar has only the turns that it has beside an agent's in production.
  house = await radarHouse(isFull ? {} : { ratePlan: { ...DEFAULT_RATE_PLAN, waitMaxMs: 5_000 } });
  await house.simulator.control('POST', '/limits', { enabled: false });
  await house.simulator.control('POST', '/lag', { ms: SEARCH_LAG_MS });
  from = new Date();
});
afterAll(() => house.close());

const now = new Date().toISOString();
const TYPES: readonly (readonly [ObjectType, (text: string) => Record<string, string>])[] = [
  ['contacts', (text) => ({ lastname: text })],
  ['companies', (text) => ({ name: text })],
  ['deals', (text) => ({ dealname: text })],
  ['notes', (text) => ({ hs_note_body: text, hs_timestamp: now })],
  ['tasks', (text) => ({ hs_task_subject: text, hs_timestamp: now })],
];

const keyOf = (kind: string, type: string, id: string): string => `${kind} ${type}/${id}`;
const keys = (changes: readonly RogueChange[]): string[] =>
  changes.map(({ kind, objectType, objectId }) => keyOf(kind, objectType, objectId));

/** Each a batch of creates or updates of the gateway's own: in HubSpot and in the ledger. */
async function ownChanges(): Promise<Map<ObjectType, string[]>> {
  const made = new Map<ObjectType, string[]>();
  for (let batch = 0; batch < OWN_BATCHES; batch += 1) {
    const [type, valuesOf] = TYPES[batch % TYPES.length]!;
    const inputs = Array.from({ length: BATCH }, (_, i) => ({
      properties: valuesOf(`Ours ${batch}.${i}`),
    }));
    const path = `${objectsPath(type)}/batch/create`;
    const { results } = await house.api('POST', path, { inputs });
    const ids: string[] = results.map(({ id }: { id: string }) => id);
    await house.ledger(
      ids.map((id, i) => ({ kind: 'create', objectType: type, id, values: inputs[i]!.properties })),
    );
    made.set(type, [...(made.get(type) ?? []), ...ids]);
  }
  return made;
}

/** A second program on the stolen token, which knows nothing of the gateway. */
async function thief(script: string, token: string): Promise<string[]> {
  const child: ChildProcess = spawn(process.execPath, ['-e', script], {
    env: { API: house.simulator.url, TOKEN: token, COUNT: String(SEEDED / 4) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await once(child, 'close');
  return JSON.parse(said) as string[];
}

const THIEF = `
const call = async (method, path, body) => (await fetch(process.env.API + path, {
  method, body: JSON.stringify(body),
  headers: { authorization: 'Bearer ' + process.env.TOKEN, 'content-type': 'application/json' },
})).json();
const made = [];
for (let i = 0; i < Number(process.env.COUNT); i += 1) {
  const properties = { lastname: 'Stolen ' + i };
  made.push((await call('POST', '/crm/objects/2026-09/contacts', { properties })).id);
}
console.log(JSON.stringify(made));
`;

async function byPeople(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const [type, valuesOf] = TYPES[i % TYPES.length]!;
    const { id } = await house.person({ object_type: type, create: valuesOf(`Person ${i}`) });
    if (i % 10 === 9) await house.person({ object_type: type, id, archive: true });
    ids.push(id);
  }
  return ids;
}

/** Updates, creates and archives by this process, creates by the thief's. Returns what is to be found. */
async function seed(own: ReadonlyMap<ObjectType, readonly string[]>): Promise<string[]> {
  const seeded: string[] = [];
  const targets = [...own].flatMap(([type, ids]) => ids.map((id) => [type, id] as const));
  for (let i = 0; i < SEEDED / 4; i += 1) {
    const [type, valuesOf] = TYPES[i % TYPES.length]!;
    const created = await house.api('POST', objectsPath(type), { properties: valuesOf('Rogue') });
    seeded.push(keyOf('created', type, created.id));
    const [changedType, changed] = targets[2 * i]!;
    const rogue = TYPES.find(([each]) => each === changedType)![1](`Rogue ${i}`);
    await house.api('PATCH', recordPath(changedType, changed), { properties: rogue });
    seeded.push(keyOf('changed', changedType, changed));
    const [archivedType, archived] = targets[2 * i + 1]!;
    await house.api('DELETE', recordPath(archivedType, archived));
    seeded.push(keyOf('archived', archivedType, archived));
  }
  const { token } = house;
  seeded.push(...(await thief(THIEF, token)).map((id) => keyOf('created', 'contacts', id)));
  return seeded;
}

describe('I4: a change in HubSpot that the gateway did not make', () => {
  it(
    'is found, and none that it or people made',
    async () => {
      const own = await ownChanges();
      await byPeople(EDITED);
      const owned = [...own.values()].flat().length;
      const seeded = await seed(own);
      expect(seeded).toHaveLength(SEEDED);
      const since = performance.now();
      const purpose = isFull ? 'incident' : 'radar';
      const report = await house.sweep({ from, settleMs: SEARCH_SETTLE_MS, purpose });
      const tookMs = performance.now() - since;
      const found = new Set(keys(report.rogue));
      const missed = seeded.filter((key) => !found.has(key));
      const falseAlarms = [...found].filter((key) => !seeded.includes(key));
      const scanned = Object.values(report.scanned).reduce((sum, count) => sum + count, 0);
      console.log(
        `I4: ${seeded.length - missed.length} of ${seeded.length} rogue changes found among ${owned + EDITED} ` +
          `legitimate ones, ${falseAlarms.length} false alarms, ${scanned} records read, ` +
          `${(tookMs / 1_000).toFixed(1)} s from the sweep's start, search lag ${SEARCH_LAG_MS / 1_000} s`,
      );
      expect(missed).toEqual([]);
      expect(falseAlarms).toEqual([]);
      expect(report).toMatchObject({ unattributed: [], unread: [], isWhole: true });
      if (!isFull) expect(tookMs).toBeLessThan(FOUND_WITHIN_MS);
    },
    TIME_LIMIT_MS,
  );
});
