import { readFileSync } from 'node:fs';
import { POLICY_ACTIONS } from '../../src/actions/catalogue.ts';
import type { PersonRecord, RequestRecord } from '../../src/core/records.ts';
import { beginWrite } from '../../src/gate/begin.ts';
import { activateCredential } from '../../src/gate/credentials.ts';
import { type ProvenDecision, recordDecision } from '../../src/gate/decisions.ts';
import { matureOwn } from '../../src/gate/mature.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import type { Store } from '../../src/ports/store.ts';
import { agent, request, START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { insertWaiting, waitingRequest } from './waiting-request.ts';

const FILE = 'policy/default.cedar';
export const DEFAULT_POLICY = readFileSync(FILE, 'utf8');
export const policyOf = (text: string) => loadPolicy({ text, file: FILE, actions: POLICY_ACTIONS });

const CREDENTIAL = { connection: 'main', version: 1 };
const SEEN = [
  { object_type: 'deals', id: '40001', properties: { dealname: 'Yard', amount: '3' } },
] as const;
const VALID_MS = 900_000;
export const WAITS_MS = 3_600_000;

interface Made {
  readonly decision: 'approve' | 'reject';
  readonly more?: Partial<ProvenDecision>;
}

/** People who decide on changes of a deal, on a real store and the gate's own transactions, by a clock of its own. */
export interface Deciding {
  readonly place: SqlitePlace;
  readonly store: Store;
  now(): Date;
  pass(ms: number): void;
  /** The dial for firms of one person; off at first. */
  setDial(delayMs: number | undefined): void;
  /** What the workflow does when it is woken: lets an own approval count whose delay is over. */
  wake(on: RequestRecord): Promise<number | undefined>;
  /** Another policy from now on. */
  setPolicy(text: string): void;
  /** A deal of more than 10,000 takes two approvers, a smaller one takes one. */
  wait(of: { readonly userId?: string; readonly amount?: number }): Promise<RequestRecord>;
  approve(by: PersonRecord, on: RequestRecord, more?: Partial<ProvenDecision>): Promise<unknown>;
  reject(by: PersonRecord, on: RequestRecord): Promise<unknown>;
  begin(on: RequestRecord): Promise<string>;
  close(): Promise<void>;
}

export async function deciding(people: readonly PersonRecord[]): Promise<Deciding> {
  const place = await sqlitePlace();
  const clock = { now: START.getTime() };
  const now = () => new Date(clock.now);
  const store = await place.open({ clock: now });
  let policy = policyOf(DEFAULT_POLICY);
  let dial: number | undefined;
  let asked = 0;
  await store.commit(async (tx) => {
    await activateCredential(tx, { ...CREDENTIAL, fingerprint: 'f'.repeat(12), by: 'test' });
    for (const one of people) await tx.people.insert(one);
    await tx.agents.insert(agent(1, { groups: ['assistants'], id: request(1).agentId }));
  });
  const decide = (person: PersonRecord, on: RequestRecord, { decision, more = {} }: Made) => {
    const digest = on.digest ?? '';
    const made = { requestId: on.id, person, proof: 'key', decision, digest, ...more } as const;
    const rules = { policy, approvalValidMs: VALID_MS, selfApprovalMs: dial };
    return store.commit((tx) => recordDecision(tx, made, rules));
  };
  return {
    place,
    store,
    now,
    pass: (ms) => {
      clock.now += ms;
    },
    setDial: (delayMs) => {
      dial = delayMs;
    },
    wake: async (on) =>
      matureOwn(store, await store.requests.get(on.id), { policy, selfApprovalMs: dial }),
    setPolicy: (text) => {
      policy = policyOf(text);
    },
    wait: async ({ userId = 'dana@acme.test', amount = 5 }) => {
      const action = { action: 'update_deal', deal_id: '40001', amount };
      asked += 1;
      const waiting = waitingRequest(asked, {
        action: 'update_deal',
        submission: { userId, prompt: 'p', action },
        card: { action: 'update_deal', seen: SEEN },
        createdAt: now(),
        expiresAt: new Date(clock.now + WAITS_MS),
      });
      await store.commit((tx) => insertWaiting(tx, waiting));
      return waiting;
    },
    approve: (by, on, more = {}) => decide(by, on, { decision: 'approve', more }),
    reject: (by, on) => decide(by, on, { decision: 'reject' }),
    begin: async (on) => {
      const of = { requestId: on.id, credential: CREDENTIAL, resend: false, seen: SEEN };
      const begun = await store.commit((tx) =>
        beginWrite(tx, policy, { ...of, quietMs: 1_000, publishedSize: 0, selfApprovalMs: dial }),
      );
      return 'code' in begun ? begun.code : begun.kind;
    },
    close: () => place.close(),
  };
}
