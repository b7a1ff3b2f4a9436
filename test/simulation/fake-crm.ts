import type { Operation } from '../../src/contracts/plan.ts';
import type { CrmAnswer } from '../../src/ports/crm.ts';
import type { SeededRandom } from '../support/seeded-random.ts';

/**
 * HubSpot as it may be: it keeps its promises about what a read shows, and drops, delays and garbles
 * its answers to writes. Every effect is in its own ledger, whoever heard of it.
 */
export interface Effect {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

export interface FakeCrm {
  readonly effects: readonly Effect[];
  /** Called right before each effect. */
  onEffect: (effect: Effect) => void;
  isHealthy: boolean;
  call(operation: Operation): CrmAnswer;
  /** A person in HubSpot changes a record. */
  edit(id: string, properties: Readonly<Record<string, string>>): void;
  /** Late effects whose time has come. */
  land(): void;
}

interface Version {
  readonly value: string;
  readonly timestamp: string;
  readonly sourceType: 'INTEGRATION' | 'CRM_UI';
}

interface Rec {
  readonly id: string;
  readonly type: string;
  readonly properties: Record<string, string>;
  readonly history: Record<string, Version[]>;
  readonly parents: readonly string[];
  updatedAt: string;
}

const OK = 200;
const lost: CrmAnswer = { kind: 'lost', code: 'hubspot.timeout' };

export function createFakeCrm(of: {
  readonly random: SeededRandom;
  /** True time, ms: never goes back. */
  readonly now: () => number;
  /** The latest that HubSpot does what it was sent, ms. */
  readonly lateMaxMs: number;
}): FakeCrm {
  const { random } = of;
  const records = new Map<string, Rec>();
  const effects: Effect[] = [];
  const late: { readonly at: number; readonly operation: Operation }[] = [];
  let nextId = 1_000;
  let ticks = 0;

  /** HubSpot's own clock, of which every change gets a reading of its own. */
  const stamp = (): string => new Date(of.now() * 1_000 + (ticks += 1)).toISOString();

  const put = (
    record: Rec,
    properties: Readonly<Record<string, string>>,
    sourceType: Version['sourceType'],
  ): void => {
    const timestamp = stamp();
    for (const [name, value] of Object.entries(properties)) {
      if (record.properties[name] === value) continue;
      record.properties[name] = value;
      (record.history[name] ??= []).unshift({ value, timestamp, sourceType });
    }
    record.updatedAt = timestamp;
  };

  function add(
    type: string,
    properties: Readonly<Record<string, string>>,
    parents: readonly string[] = [],
    id = String((nextId += 1)),
  ): Rec {
    const record: Rec = { id, type, properties: {}, history: {}, parents, updatedAt: stamp() };
    put(record, properties, 'INTEGRATION');
    records.set(id, record);
    return record;
  }

  for (const id of ['1', '2', '3'])
    add('contacts', { firstname: `C${id}`, lastname: 'Acme', email: `c${id}@acme.test` }, [], id);
  add('deals', { dealname: 'Fleet', amount: '10', dealstage: 'open' }, [], '9');

  const shown = (record: Rec, withHistory = false): unknown => ({
    id: record.id,
    properties: { ...record.properties },
    updatedAt: record.updatedAt,
    ...(withHistory ? { propertiesWithHistory: structuredClone(record.history) } : {}),
  });
  const answered = (json: unknown): CrmAnswer => ({ kind: 'answered', status: OK, json });
  const missing: CrmAnswer = { kind: 'refused', status: 404, code: 'record.not_found' };

  const byEmail = (email: string | undefined): Rec | undefined =>
    [...records.values()].find(
      ({ type, properties }) => type === 'contacts' && properties['email'] === email,
    );

  function read({ method, path, query, body }: Operation): CrmAnswer {
    const parts = path.split('/').slice(4).map(decodeURIComponent);
    if (method === 'POST') {
      const { inputs } = JSON.parse(body ?? '{}') as { inputs: { id: string }[] };
      const results = inputs.flatMap(({ id }) => records.get(id) ?? []).map((one) => shown(one));
      return answered({ results });
    }
    const [, id, associations, to] = parts;
    if (associations === 'associations') {
      const children = [...records.values()].filter(
        ({ type, parents }) => type === to && parents.includes(id ?? ''),
      );
      return answered({ results: children.map((one) => ({ toObjectId: one.id })) });
    }
    const record = query['idProperty'] === 'email' ? byEmail(id) : records.get(id ?? '');
    if (record === undefined) return missing;
    return answered(shown(record, query['propertiesWithHistory'] !== undefined));
  }

  /** What HubSpot does with a write that has arrived. */
  function apply(operation: Operation): CrmAnswer {
    const { method, path } = operation;
    const body = operation.body ?? '';
    const { properties, associations = [] } = JSON.parse(body) as {
      properties: Record<string, string>;
      associations?: { to: { id: string } }[];
    };
    const [, id] = path.split('/').slice(4);
    const found = records.get(id ?? '');
    if (method === 'PATCH' && found === undefined) return missing;
    if (operation.object_type === 'contacts' && byEmail(properties['email']) !== undefined)
      return { kind: 'refused', status: 409, code: 'record.conflict' };
    const effect = { method, path, body };
    crm.onEffect(effect);
    effects.push(effect);
    if (found !== undefined) {
      put(found, properties, 'INTEGRATION');
      return answered(shown(found));
    }
    const parents = associations.map(({ to }) => to.id);
    return {
      kind: 'answered',
      status: 201,
      json: shown(add(operation.object_type, properties, parents)),
    };
  }

  function write(operation: Operation): CrmAnswer {
    const draw = crm.isHealthy ? 1 : random.next();
    if (draw < 0.08) return lost;
    if (draw < 0.16) {
      late.push({ at: of.now() + random.below(of.lateMaxMs), operation });
      return lost;
    }
    if (draw < 0.2) return { kind: 'unsent', code: 'hubspot.unavailable' };
    if (draw < 0.23) return { kind: 'refused', status: 400, code: 'record.invalid' };
    const told = apply(operation);
    if (draw < 0.35) return lost;
    // 2xx with a body that is not the record.
    if (draw < 0.38 && told.kind === 'answered') return answered({ ok: true });
    return told;
  }

  const crm: FakeCrm = {
    effects,
    onEffect: () => undefined,
    isHealthy: false,
    call: (operation) => {
      if (operation.kind === 'create' || operation.kind === 'update') return write(operation);
      if (!crm.isHealthy && random.chance(0.1)) return lost;
      return read(operation);
    },
    edit: (id, properties) => {
      const record = records.get(id);
      if (record !== undefined) put(record, properties, 'CRM_UI');
    },
    land: () => {
      for (const one of late.filter(({ at }) => at <= of.now())) {
        late.splice(late.indexOf(one), 1);
        apply(one.operation);
      }
    },
  };
  return crm;
}
