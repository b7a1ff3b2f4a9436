import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { canonicalBytes } from '../audit/leaf.ts';
import type { SignedSubmission } from '../ports/engine.ts';

/**
 * Proof that what a workflow was started with, and what its steps hand on, came from this gateway.
 * Payloads are encrypted, but whoever reaches the codec server on this machine can have anything
 * encrypted, and whoever reaches the engine can start a workflow: without this, a request of any agent.
 */
export interface Attester {
  /** HMAC-SHA256 in hex over the request's id, its agent, its connection and its body. */
  submission(requestId: string, submission: Omit<SignedSubmission, 'mac'>): string;
  /** HMAC-SHA256 in hex over a read's plan, by its digest. */
  plan(digest: string): string;
  /**
   * Where this request stands when some of a group are drawn to be looked at, in hex: the same at every look of this
   * person, and foreseen by no agent, whatever it sends and in which order.
   */
  lot(personId: string, requestId: string): string;
  isSubmission(requestId: string, submission: SignedSubmission): boolean;
  isPlan(digest: string, mac: string): boolean;
}

const isSame = (given: string, expected: string): boolean => {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
};

/** `key` is a secret of this gateway alone; it lies in the secret store and nowhere else. */
export function createAttester(key: Uint8Array): Attester {
  const ownKey = createSecretKey(key);
  // What it is for is part of what is signed: no mac is good in another's place.
  const mac = (purpose: string, value: unknown): string =>
    createHmac('sha256', ownKey)
      .update(canonicalBytes([purpose, value]))
      .digest('hex');

  const submission: Attester['submission'] = (requestId, { agentId, connection, bodyHash, body }) =>
    mac('submission', { requestId, agentId, connection, bodyHash, body });
  const plan: Attester['plan'] = (digest) => mac('read plan', digest);
  return {
    submission,
    plan,
    lot: (personId, requestId) => mac('lot', { personId, requestId }),
    isSubmission: (requestId, given) => {
      try {
        return isSame(given.mac, submission(requestId, given));
      } catch {
        // Started by hand, an input may have any shape.
        return false;
      }
    },
    isPlan: (digest, given) => isSame(given, plan(digest)),
  };
}
