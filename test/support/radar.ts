import { Agent, fetch } from 'undici';
import { installEgress } from '../../src/adapters/hubspot/egress.ts';
import { createHubSpotCrm } from '../../src/adapters/hubspot/hubspot-crm.ts';
import { createHubSpotSetup } from '../../src/adapters/hubspot/hubspot-setup.ts';
import type { RatePlan } from '../../src/adapters/hubspot/rate-plan.ts';
import type { ObjectType, Operation, Plan } from '../../src/contracts/plan.ts';
import { objectsPath, recordPath } from '../../src/core/hubspot-paths.ts';
import type { RequestRecord } from '../../src/core/records.ts';
import { assertReadable } from '../../src/gate/callable.ts';
import { connectAccount } from '../../src/gate/connection.ts';
import { type RadarReport, sweep, type SweepOptions } from '../../src/gate/radar.ts';
import type { Crm } from '../../src/ports/crm.ts';
import type { Store } from '../../src/ports/store.ts';
import { request, requestId } from '../adapters/store/fixtures.ts';
import { sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { type SimulatorProcess, startSimulator } from './simulator.ts';

const DEADLINE_MS = 5_000;
const dispatcher = new Agent();
const CREDENTIAL = { connection: 'main', version: 1 } as const;

type Values = Readonly<Record<string, string>>;

export interface RadarHouse {
  readonly simulator: SimulatorProcess;
  readonly store: Store;
  readonly crm: Crm;
  readonly appId: number;
  readonly token: string;
  /** The simulator's API on the connection's own token, or another one: what a thief has. */
  api(method: string, path: string, body?: unknown, token?: string): Promise<any>;
  /** A person in HubSpot. */
  person(edit: object): Promise<any>;
  /** A write of the gateway's: done in HubSpot, and in the ledger. Returns the record's id. */
  update(objectType: ObjectType, id: string, values: Values): Promise<void>;
  create(objectType: ObjectType, values: Values): Promise<string>;
  /** Puts writes that were done into the record; the n-th request is its own. */
  ledger(
    rows: readonly {
      kind: 'create' | 'update';
      objectType: ObjectType;
      id: string;
      values: Values;
    }[],
    executedAt?: Date,
  ): Promise<string[]>;
  /** A write that was begun and has no end. */
  open(
    kind: 'create' | 'update',
    objectType: ObjectType,
    id: string | null,
    values: Values,
  ): Promise<string>;
  sweep(
    change?: Partial<SweepOptions>,
    parts?: { crm?: Crm; aheadMs?: number },
  ): Promise<RadarReport>;
  close(): Promise<void>;
}

function planOf(
  kind: 'create' | 'update',
  objectType: ObjectType,
  id: string,
  values: Values,
): Plan {
  const isCreate = kind === 'create';
  const operation: Operation = {
    ...{ kind, object_type: objectType, method: isCreate ? 'POST' : 'PATCH', query: {} },
    path: isCreate ? objectsPath(objectType) : recordPath(objectType, id),
    body: JSON.stringify({ properties: values }),
  };
  const witness = { kind: 'read_back', object_type: objectType, id, properties: { ...values } };
  return {
    ...{ action: 'update_contact', operations: [operation], targets: [], fields: ['id'] },
    steps: [{ action: 'update_contact', witness: witness as Plan['steps'][number]['witness'] }],
  };
}

/** A connected store and HubSpot's simulator, without an engine: what the radar needs. */
export async function radarHouse(
  options: { readonly scopes?: readonly string[]; readonly ratePlan?: RatePlan } = {},
): Promise<RadarHouse> {
  const simulator = await startSimulator();
  installEgress({ allowedOrigins: [simulator.url], deadlineMs: DEADLINE_MS });
  if (options.ratePlan === undefined)
    await simulator.control('POST', '/limits', { enabled: false });
  const place = await sqlitePlace();
  const store = await place.open();
  const token = await simulator.token(options.scopes ?? 'all');
  const hubspot = {
    baseUrl: simulator.url,
    readToken: () => Promise.resolve(token),
    deadlineMs: DEADLINE_MS,
    ratePlan: options.ratePlan ?? {
      ...{ callsPerTenSeconds: 100_000, searchesPerSecond: 100_000, waitMaxMs: 1_000 },
    },
  };
  const crm = createHubSpotCrm(hubspot);
  await store.commit((tx) => tx.credentials.activate({ ...CREDENTIAL, fingerprint: 'test' }));
  const setup = createHubSpotSetup(hubspot);
  const connecting = { connection: 'main', by: 'operator', isPortalForced: false };
  const report = await connectAccount({ store, crm, setup }, connecting);
  let requests = 0;

  function nextRequest(plan: Plan, change: Partial<RequestRecord>): RequestRecord {
    requests += 1;
    return request(requests, { id: requestId(requests), plan, ...change });
  }

  const house: RadarHouse = {
    simulator,
    store,
    crm,
    appId: report.token.appId ?? 0,
    token,
    api: async (method, path, body, as = token) => {
      const response = await fetch(`${simulator.url}${path}`, {
        ...{ dispatcher, method },
        headers: { authorization: `Bearer ${as}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return text === '' ? undefined : JSON.parse(text);
    },
    person: async (edit) => (await simulator.control<any>('POST', '/edits', edit)).body,
    update: async (objectType, id, values) => {
      await house.api('PATCH', recordPath(objectType, id), { properties: values });
      await house.ledger([{ kind: 'update', objectType, id, values }]);
    },
    create: async (objectType, values) => {
      const made = await house.api('POST', objectsPath(objectType), { properties: values });
      await house.ledger([{ kind: 'create', objectType, id: made.id, values }]);
      return made.id;
    },
    ledger: (rows, executedAt) =>
      store.commit(async (tx) => {
        const ids: string[] = [];
        for (const { kind, objectType, id, values } of rows) {
          const plan = planOf(kind, objectType, id, values);
          const record = nextRequest(plan, { status: 'succeeded' });
          await tx.requests.insert(record);
          const before = Object.fromEntries(Object.keys(values).map((name) => [name, null]));
          await tx.ledger.insert({
            ...{ requestId: record.id, objectType, objectId: id, before, after: values },
            executedAt: executedAt ?? tx.now,
          });
          ids.push(record.id);
        }
        return ids;
      }),
    open: (kind, objectType, id, values) =>
      store.commit(async (tx) => {
        const plan = planOf(kind, objectType, id ?? '', values);
        const record = nextRequest(plan, { status: 'executing' });
        await tx.requests.insert(record);
        await tx.log.append({
          ...{ event: 'hubspot.intended', requestId: record.id, actor: 'gateway' },
          facts: { purpose: 'execute' },
        });
        return record.id;
      }),
    sweep: (change = {}, { crm: own = crm, aheadMs = 0 } = {}) =>
      sweep(
        {
          ...{ store, crm: own, clock: () => new Date(Date.now() + aheadMs) },
          pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
        },
        {
          ...{ connection: 'main', credential: CREDENTIAL, by: 'gateway', purpose: 'radar' },
          from: new Date(Date.now() - 3_600_000),
          to: new Date(Date.now() + 1_000),
          assertMayCall: (tx) => assertReadable(tx, { credential: CREDENTIAL }),
          ...change,
        },
      ),
    close: async () => {
      await place.close();
      await simulator.stop();
    },
  };
  return house;
}
