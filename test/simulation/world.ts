import { mkdtempSync, existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ACTIONS } from '../../src/actions/catalogue.ts';
import type { ActivityDependencies } from '../../src/activities/dependencies.ts';
import { createQuietWatch, type QuietWatch } from '../../src/gate/quiet-watch.ts';
import { createSqliteStore } from '../../src/adapters/store/sqlite/store.ts';
import { rootOf, leafHash } from '../../src/audit/merkle.ts';
import type { AuditEntry } from '../../src/contracts/audit-entry.ts';
import { GatewayError } from '../../src/core/gateway-error.ts';
import type { AgentRecord, PersonRecord } from '../../src/core/records.ts';
import { createAttester } from '../../src/gate/attest.ts';
import { activateCredential } from '../../src/gate/credentials.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import type { Policy } from '../../src/policy/policy.ts';
import type { Store } from '../../src/ports/store.ts';
import { createSeededRandom, type SeededRandom } from '../support/seeded-random.ts';
import { createFakeCrm, type FakeCrm } from './fake-crm.ts';

/** Durations of the simulated gateway, virtual milliseconds. */
export const TIMING = {
  approvalMs: 60_000,
  highRiskApprovalMs: 60_000,
  approvalValidMs: 30_000,
  callMs: 4_000,
  heartbeatMs: 1_000,
  reconcileEveryMs: 500,
  quietMs: 6_000,
} as const;

/** How long HubSpot works on what it got: the half of the quiet time that begin to wire may not take. */
const LATE_MAX_MS = 2_900;

const READS = 'permit (principal, action in [Action::"read"], resource);';
const writesBy = (approvals: number): string =>
  `${READS} permit (principal, action in [Action::"write"], resource) when { Role::"approver".approvals >= ${approvals} };`;

/** Approvals a write needs under each policy; none is enough under the last. */
export const POLICIES = { one: 1, two: 2, none: Infinity } as const;
export type PolicyName = keyof typeof POLICIES;

const loaded = (text: string): Policy =>
  loadPolicy({ text, file: 'policy/simulated.cedar', actions: ACTIONS });
const LOADED: Readonly<Record<PolicyName, Policy>> = {
  one: loaded(writesBy(1)),
  two: loaded(writesBy(2)),
  none: loaded(READS),
};

/** What a test may put in the place of a part, to see that the simulation notices. */
export interface Sabotage {
  readonly store?: (store: Store, world: World) => Store;
  readonly crm?: (call: FakeCrm['call'], world: World) => FakeCrm['call'];
  /** The latest effect, ms; beyond the quiet time HubSpot breaks what the gateway rests on. */
  readonly lateMaxMs?: number;
  /** After each step. */
  readonly afterStep?: (world: World) => void;
  /** How a process measures how long a write has been left alone. */
  readonly quietWatch?: (world: World) => QuietWatch;
  /** The engine never starts anything again. */
  readonly isEngineForgetful?: boolean;
}

/** Everything that lives through crashes: the store, HubSpot, the clock, the outside. */
export interface World {
  readonly random: SeededRandom;
  readonly crm: FakeCrm;
  readonly store: Store;
  /** The store's file, past the store. */
  readonly file: DatabaseSync;
  readonly agent: AgentRecord;
  readonly people: readonly PersonRecord[];
  readonly deps: Omit<ActivityDependencies, 'crm'>;
  readonly sabotage: Sabotage;
  policy: PolicyName;
  isSecretStoreUp: boolean;
  now(): Date;
  /** True time goes on. */
  advance(ms: number): void;
  /** Moves only the gateway's clock, forward or back. */
  jump(ms: number): void;
  /** A process that begins anew has measured nothing yet. */
  forgetQuiet(): void;
  publish(): void;
  readonly published: readonly { readonly size: number; readonly root: string }[];
  entries(): readonly AuditEntry[];
  leaves(from: number): readonly Uint8Array[];
  close(): Promise<void>;
}

const FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const START = Date.parse('2026-11-01T10:00:00.000Z');

export const REQUESTER = 'dana@acme.test';

const personOf = (number: number, email: string): PersonRecord => ({
  id: `per_000000000000000${number}`,
  name: `Person ${number}`,
  email,
  roles: ['approver'],
  keyHash: `person-${number}`,
  totpSecret: 'JBSWY3DPEHPK3PXP',
  totpLastStep: 0,
  totpGuesses: [],
  createdAt: new Date(START),
  revokedAt: null,
});

const agentOf = (): AgentRecord => ({
  id: 'agt_0000000000000001',
  name: 'simulated',
  groups: ['assistants'],
  keyHash: 'agent-1',
  createdAt: new Date(START),
  revokedAt: null,
});

async function enroll(store: Store, agent: AgentRecord, people: readonly PersonRecord[]) {
  await store.commit(async (tx) => {
    await activateCredential(tx, { connection: 'main', version: 1, fingerprint: 'f', by: 'test' });
    await tx.agents.insert(agent);
    for (const person of people) await tx.people.insert(person);
    const facts = { policy: 'one' };
    await tx.log.append({ event: 'gateway.started', actor: 'gateway', facts });
  });
}

const decode = (leaf: Uint8Array): AuditEntry =>
  JSON.parse(Buffer.from(leaf).toString('utf8')) as AuditEntry;

/** A store of its own on memory, and everything outside, both of them pure in the seed. */
export async function createWorld(seed: number, sabotage: Sabotage = {}): Promise<World> {
  const random = createSeededRandom(seed);
  const folder = mkdtempSync(join(FOLDER, 'sallyport-simulation-'));
  const path = join(folder, 'store.db');
  let trueMs = START;
  let offsetMs = 0;
  const now = (): Date => new Date(trueMs + offsetMs);
  const sqlite = await createSqliteStore({
    file: path,
    sealKey: new Uint8Array(32).fill(7),
    clock: now,
    isChecked: false,
  });
  const file = new DatabaseSync(path, { timeout: 1_000 });
  const selectLeaves = file.prepare('SELECT leaf FROM log_entries WHERE idx >= ? ORDER BY idx');
  const agent = agentOf();
  const people = [
    personOf(1, 'ann@acme.test'),
    personOf(2, 'bob@acme.test'),
    personOf(3, 'cyn@acme.test'),
    personOf(4, REQUESTER),
  ];
  await enroll(sqlite, agent, people);
  const crm = createFakeCrm({
    random,
    now: () => trueMs,
    lateMaxMs: sabotage.lateMaxMs ?? LATE_MAX_MS,
  });
  const newWatch = (): QuietWatch => sabotage.quietWatch?.(world) ?? createQuietWatch(() => trueMs);
  let quietWatch: QuietWatch | undefined;
  const published: { size: number; root: string }[] = [];
  const parsed: AuditEntry[] = [];

  const world: World = {
    random,
    crm,
    store: sqlite,
    file,
    agent,
    people,
    sabotage,
    policy: 'one',
    isSecretStoreUp: true,
    now,
    advance: (ms) => {
      trueMs += ms;
      crm.land();
    },
    jump: (ms) => {
      offsetMs += ms;
    },
    forgetQuiet: () => {
      quietWatch = newWatch();
    },
    published,
    publish: () => {
      const leaves = world.leaves(0);
      const root = Buffer.from(rootOf(leaves.map((leaf) => leafHash(leaf)))).toString('hex');
      published.push({ size: leaves.length, root });
    },
    leaves: (from) => selectLeaves.all(from).map((row) => row['leaf'] as Uint8Array),
    entries: () => {
      for (const leaf of world.leaves(parsed.length)) parsed.push(decode(leaf));
      return parsed;
    },
    deps: {
      get store() {
        return world.store;
      },
      secrets: {
        get: async (name, version = 1) =>
          world.isSecretStoreUp
            ? { name, version, value: 'token', createdAt: new Date(START) }
            : Promise.reject(new GatewayError('secret.unavailable')),
        put: () => Promise.resolve(1),
        promote: () => Promise.resolve(),
        destroy: () => Promise.resolve(),
        probe: () => Promise.resolve(),
        names: () => Promise.resolve([]),
      },
      attester: createAttester(new Uint8Array(32).fill(3)),
      policy: () => LOADED[world.policy],
      auditLog: {
        checkpoint: () => {
          const { size, root } = published.at(-1) ?? { size: 0, root: '' };
          return Promise.resolve({ size, rootPrefix: root.slice(0, 12) });
        },
        prove: () => Promise.resolve(undefined),
        note: () => Promise.resolve(undefined),
        verify: () => Promise.resolve({ size: 0, findings: [] }),
      },
      timing: TIMING,
      waitingMax: Number.MAX_SAFE_INTEGER,
      noticePlaces: [],
      connection: 'main',
      clock: now,
      get quietWatch() {
        return (quietWatch ??= newWatch());
      },
    },
    close: async () => {
      file.close();
      await sqlite.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  if (sabotage.store === undefined) return world;
  return Object.assign(world, { store: sabotage.store(sqlite, world) });
}
