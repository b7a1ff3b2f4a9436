import { rowsOfRequester } from '../../src/gate/requester.ts';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach } from 'vitest';
import { POLICY_ACTIONS } from '../../src/actions/catalogue.ts';
import type { GrantRecord } from '../../src/core/grants.ts';
import type { RequestRecord, Submission } from '../../src/core/records.ts';
import { beginWrite } from '../../src/gate/begin.ts';
import { activateCredential } from '../../src/gate/credentials.ts';
import { approveAhead, grantFor } from '../../src/gate/granted-ahead.ts';
import { giveGrant } from '../../src/gate/grants.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import type { LookedAt } from '../../src/gate/ahead-rules.ts';
import type { Store, StoreTransaction } from '../../src/ports/store.ts';
import { agent, person, request, requestId, START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { insertWaiting, waitingRequest } from './waiting-request.ts';

const FILE = 'policy/default.cedar';
const TEXT = readFileSync(FILE, 'utf8');
const policyOf = (more = '') =>
  loadPolicy({ text: `${TEXT}${more}`, file: FILE, actions: POLICY_ACTIONS });
const policy = policyOf();
export const DEFAULT_POLICY = policy;
export const NOTES_NEED_TWO = policyOf(`
@id("notes-need-two") @reason("Two.")
forbid (principal, action == Action::"create_note", resource)
when { Role::"approver".approvals < 2 };
`);
export const NOTES_NEED_A_PASSKEY = policyOf(`
@id("notes-need-a-passkey") @reason("Passkey.")
forbid (principal, action == Action::"create_note", resource)
when { Role::"approver".passkeyApprovals < 1 };
`);
export const HOUR = 3_600_000;
export const lena = person(1, { roles: ['approver'] });
export const omar = person(2, { roles: ['approver'] });
export const rita = person(3, { roles: ['reader'] });
export const AGENT_ID = request(1).agentId;
const CREDENTIAL = { connection: 'main', version: 1 };
export const NOTE = { action: 'create_note', contact_id: '20001', note: 'Called.' };
export const ONE_PERSON = { approvals: 1, passkey: false, roles: ['approver'], reasons: [] };

export type Asked = Partial<Omit<RequestRecord, 'card'>> & { card?: object };

/** A store with people and agents, made anew for each test, in which notes are allowed ahead and asked for. */
export interface AheadWorld {
  readonly store: Store;
  readonly place: SqlitePlace;
  now(): Date;
  pass(ms: number): void;
  give(of?: Partial<Parameters<typeof giveGrant>[1]>): Promise<GrantRecord>;
  /** A note that has just got its card; true when it was approved ahead. */
  ask(number: number, of?: Asked, by?: typeof policy): Promise<boolean>;
  /** The same without a look at what the grant covers. */
  approveUnasked(number: number, grant: GrantRecord, of?: Asked): Promise<boolean>;
  /** `begun`, or the code that it was refused with. */
  begin(number: number, by?: typeof policy): Promise<string>;
}

export function useAheadWorld(): AheadWorld {
  let place: SqlitePlace;
  let store: Store;
  let now: number;

  beforeEach(async () => {
    now = START.getTime();
    place = await sqlitePlace();
    store = await place.open({ clock: () => new Date(now) });
    await store.commit(async (tx) => {
      await activateCredential(tx, { ...CREDENTIAL, fingerprint: 'f'.repeat(12), by: 'test' });
      for (const one of [lena, omar, rita]) await tx.people.insert(one);
      await tx.agents.insert(agent(1, { groups: ['assistants'], id: AGENT_ID }));
      await tx.agents.insert(agent(2, { groups: ['assistants'] }));
    });
  });
  afterEach(() => place.close());

  async function asked(
    number: number,
    { card, ...more }: Asked = {},
    then: (tx: StoreTransaction, looked: LookedAt) => Promise<boolean>,
  ): Promise<boolean> {
    const submission: Submission = { userId: 'dana@acme.test', prompt: 'p', action: NOTE };
    const waiting = waitingRequest(number, {
      ...{ submission, expiresAt: new Date(now + HOUR), ...more },
      card: { requires: ONE_PERSON, seen: [], ...card },
    });
    return store.commit(async (tx) => {
      await insertWaiting(tx, waiting);
      const asking = await tx.agents.get(waiting.agentId);
      const found = await tx.requests.get(waiting.id);
      if (asking === undefined || found === undefined) throw new Error('not there');
      const people = await tx.people.list();
      const requester = rowsOfRequester(submission.userId, people);
      return then(tx, { request: found, agent: asking, people, policy, present: [], requester });
    });
  }

  return {
    get store() {
      return store;
    },
    get place() {
      return place;
    },
    now: () => new Date(now),
    pass: (ms) => {
      now += ms;
    },
    give: (of = {}) =>
      store.commit((tx) =>
        giveGrant(tx, {
          ...{ agentId: AGENT_ID, action: 'create_note', person: lena, proof: 'key' },
          ...{ hours: 2, maxUses: 3, connection: 'main', policy },
          ...of,
        }),
      ),
    ask: (number, of, by = policy) =>
      asked(number, of, async (tx, looked) => {
        const grant = await grantFor(tx, { ...looked, policy: by });
        if (grant === undefined) return false;
        return approveAhead(tx, looked, grant, { policy: by, approvalValidMs: HOUR });
      }),
    approveUnasked: (number, grant, of) =>
      asked(number, of, (tx, looked) =>
        approveAhead(tx, looked, grant, { policy, approvalValidMs: HOUR }),
      ),
    begin: async (number, by = policy) => {
      const begun = await store.commit((tx) =>
        beginWrite(tx, by, {
          ...{ requestId: requestId(number), credential: CREDENTIAL, resend: false },
          ...{ seen: [], quietMs: 1_000, publishedSize: 0 },
        }),
      );
      return 'code' in begun ? begun.code : begun.kind;
    },
  };
}
