import { readFileSync } from 'node:fs';
import { POLICY_ACTIONS } from '../../src/actions/catalogue.ts';
import { errorCodeOf } from '../../src/core/gateway-error.ts';
import type {
  DecisionRecord,
  PersonRecord,
  RequestRecord,
  Submission,
} from '../../src/core/records.ts';
import { endAbsence, noteAbsence } from '../../src/gate/absences.ts';
import type { ChangedValues } from '../../src/contracts/change.ts';
import { recordChange } from '../../src/gate/changes.ts';
import { beginWrite } from '../../src/gate/begin.ts';
import { activateCredential } from '../../src/gate/credentials.ts';
import { type Decided, type ProvenDecision, recordDecision } from '../../src/gate/decisions.ts';
import { expireRequest } from '../../src/gate/expiry.ts';
import { addPerson, revokePerson } from '../../src/gate/roster.ts';
import { withdrawRequest } from '../../src/gate/withdrawals.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import type { Store } from '../../src/ports/store.ts';
import { agent, request, START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { insertWaiting, waitingRequest } from '../support/waiting-request.ts';

const FILE = 'policy/default.cedar';
/** So that all three kinds of requirement are there: one person, two people, a passkey. */
const CALLS_NEED_A_PASSKEY = `
@id("calls-need-a-passkey")
@reason("A logged call needs a passkey.")
forbid (principal, action == Action::"log_call", resource)
when { Role::"approver".passkeyApprovals < 1 };
`;
const policy = loadPolicy({
  text: `${readFileSync(FILE, 'utf8')}${CALLS_NEED_A_PASSKEY}`,
  file: FILE,
  actions: POLICY_ACTIONS,
});

export const WAITS_MS = 3_600_000;
export const APPROVAL_VALID_MS = 900_000;
const rules = { policy, approvalValidMs: APPROVAL_VALID_MS };
const AGENT_ID = request(1).agentId;
const CREDENTIAL = { connection: 'main', version: 1 };
/** Fewer people per store: policy is asked about all of them. */
const RUNS_PER_STORE = 25;

/** What is asked for: a note takes one approver, a large deal two, a call one with a passkey. */
export const ASKED = ['note', 'large_deal', 'call'] as const;
export type AskedFor = (typeof ASKED)[number];

const ACTION_OF = {
  note: { action: 'create_note', contact_id: '20001', note: 'Called.' },
  large_deal: { action: 'update_deal', deal_id: '40001', amount: 20_000 },
  call: {
    action: 'log_call',
    contact_id: '20001',
    title: 'Yard',
    at: '2026-11-01T09:00:00Z',
    direction: 'outgoing',
  },
} as const satisfies Record<AskedFor, Submission['action']>;

const OTHER_VALUES = new Map<string, ChangedValues>([
  ['create_note', { note: 'Called twice.' }],
  ['update_deal', { amount: 30_000 }],
  ['log_call', { title: 'Pier' }],
]);

const SEEN_OF = {
  note: [],
  large_deal: [
    { object_type: 'deals', id: '40001', properties: { dealname: 'Yard', amount: '5' } },
  ],
  call: [],
} as const satisfies Record<AskedFor, unknown>;

/** One run's own people and requests, on the real store and the gate's own transactions. */
export interface World {
  readonly now: () => number;
  pass(ms: number): void;
  add(email: string, roles: readonly string[]): Promise<PersonRecord>;
  revoke(id: string): Promise<void>;
  decide(made: Omit<ProvenDecision, 'requestId' | 'digest'>, on: RequestRecord): Promise<Decided>;
  /** The same with a digest that is none of theirs. */
  decideWrongly(
    made: Omit<ProvenDecision, 'requestId' | 'digest'>,
    on: RequestRecord,
  ): Promise<Decided>;
  /** Other values for it: its end, when the change counts. */
  change(made: Omit<ProvenDecision, 'requestId' | 'digest'>, on: RequestRecord): Promise<string>;
  begin(on: RequestRecord): Promise<string>;
  withdraw(on: RequestRecord): Promise<boolean>;
  expire(on: RequestRecord): Promise<void>;
  statusOf(on: RequestRecord): Promise<string | undefined>;
  decisions(on: RequestRecord): Promise<readonly DecisionRecord[]>;
  /** The absence's id, or the code it was refused with. */
  goAway(person: string, delegate: string, ms: number): Promise<{ id: string } | { code: string }>;
  comeBack(absence: string): Promise<boolean>;
  readonly requests: Readonly<Record<AskedFor, RequestRecord>>;
  readonly run: number;
}

interface Shared {
  readonly store: Store;
  readonly clock: { now: number };
}

/** Makes worlds, several in one store; `close` takes the stores away. */
export function createWorlds() {
  let place: SqlitePlace | undefined;
  let shared: Shared | undefined;
  let runs = 0;

  async function open(): Promise<Shared> {
    await place?.close();
    place = await sqlitePlace();
    const clock = { now: START.getTime() };
    const store = await place.open({ clock: () => new Date(clock.now) });
    await store.commit(async (tx) => {
      const of = { ...CREDENTIAL, fingerprint: 'f'.repeat(12), by: 'test' };
      await activateCredential(tx, of);
      await tx.agents.insert(agent(1, { id: AGENT_ID, groups: ['assistants'] }));
    });
    return { store, clock };
  }

  return {
    async next(): Promise<World> {
      if (shared === undefined || runs % RUNS_PER_STORE === 0) shared = await open();
      runs += 1;
      return createWorld(shared, runs);
    },
    close: async () => place?.close(),
  };
}

async function createWorld({ store, clock }: Shared, run: number): Promise<World> {
  const requests = Object.fromEntries(
    ASKED.map((asked, i) => [asked, requestFor(asked, run * ASKED.length + i, { run, clock })]),
  ) as Record<AskedFor, RequestRecord>;
  await store.commit(async (tx) => {
    for (const asked of ASKED) await insertWaiting(tx, requests[asked]);
  });
  const decide = (made: Omit<ProvenDecision, 'requestId'>, on: RequestRecord) =>
    store.commit((tx) => recordDecision(tx, { ...made, requestId: on.id }, rules));
  return {
    run,
    requests,
    now: () => clock.now,
    pass: (ms) => {
      clock.now += ms;
    },
    add: async (email, roles) => {
      const of = { name: email, email, roles, totpSecret: 'JBSWY3DPEHPK3PXP', by: 'test' };
      return (await store.commit((tx) => addPerson(tx, of))).record;
    },
    revoke: (id) => store.commit((tx) => revokePerson(tx, { id, by: 'test' })),
    decide: (made, on) => decide({ ...made, digest: on.digest ?? '' }, on),
    decideWrongly: (made, on) => decide({ ...made, digest: 'e'.repeat(64) }, on),
    change: async ({ person, proof }, on) => {
      const input = OTHER_VALUES.get(on.action) ?? {};
      const made = { requestId: on.id, person, proof, digest: on.digest ?? '', input };
      const changed = await store.commit((tx) =>
        recordChange(tx, made, { ...rules, approvalMs: WAITS_MS, selfApprovalMs: undefined }),
      );
      return changed.kind;
    },
    begin: (on) => beginOf(store, on),
    withdraw: async (on) => {
      try {
        await store.commit((tx) => withdrawRequest(tx, { requestId: on.id, agentId: AGENT_ID }));
        return true;
      } catch {
        return false;
      }
    },
    expire: (on) => expireRequest(store, on.id, rules),
    statusOf: (on) => store.requests.status(on.id),
    decisions: (on) => store.decisions.of(on.id),
    goAway: async (personId, delegateId, ms) => {
      const of = { personId, delegateId, until: new Date(clock.now + ms), by: 'test' };
      try {
        return { id: (await store.commit((tx) => noteAbsence(tx, of))).id };
      } catch (error) {
        return { code: errorCodeOf(error) };
      }
    },
    comeBack: async (id) => {
      try {
        await store.commit((tx) => endAbsence(tx, { id, by: 'test' }));
        return true;
      } catch {
        return false;
      }
    },
  };
}

function requestFor(
  asked: AskedFor,
  number: number,
  { run, clock }: { run: number; clock: Shared['clock'] },
): RequestRecord {
  const action = ACTION_OF[asked];
  return waitingRequest(number, {
    action: action.action,
    submission: { userId: requesterEmail(run), prompt: 'p', action },
    card: { action: action.action, seen: SEEN_OF[asked] },
    createdAt: new Date(clock.now),
    expiresAt: new Date(clock.now + WAITS_MS),
  });
}

export const requesterEmail = (run: number): string => `dana-${run}@acme.test`;

async function beginOf(store: Store, on: RequestRecord): Promise<string> {
  const begun = await store.commit((tx) =>
    beginWrite(tx, policy, {
      requestId: on.id,
      credential: CREDENTIAL,
      resend: false,
      seen: on.card?.seen ?? [],
      quietMs: 1_000,
      publishedSize: 0,
    }),
  );
  return begun.kind === 'refused' ? begun.code : begun.kind;
}
