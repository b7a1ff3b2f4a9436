import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Card } from '../../src/contracts/card.ts';
import { PROOFS, type Proof } from '../../src/core/proofs.ts';
import type { RequestRecord } from '../../src/core/records.ts';
import { person, requestId } from '../adapters/store/fixtures.ts';
import { type Deciding, deciding } from '../support/deciding.ts';
import { insertWaiting, waitingRequest } from '../support/waiting-request.ts';

/** What is of high risk is approved with the passkey over its digest, or by the key of what runs without a browser. */
const lena = person(1, { roles: ['approver'] });
const omar = person(2, { roles: ['approver', 'sales-lead'] });
const REFUSALS: Readonly<Record<Proof, string | undefined>> = {
  grant: undefined,
  key: undefined,
  totp: 'approval.elsewhere',
  slack: 'approval.elsewhere',
  webhook: 'approval.elsewhere',
  session: 'approval.passkey_required',
  passkey: undefined,
};

let desk: Deciding;
beforeEach(async () => {
  desk = await deciding([lena, omar]);
});
afterEach(() => desk.close());

const { requires } = waitingRequest(1, {}).card!;
const HIGH: readonly (readonly [string, Partial<Card>])[] = [
  ['removes something', { risk: 'destructive' }],
  ['takes several people', { requires: { ...requires, approvals: 2 } }],
  ['hides something', { sentence: 'Set the job title to \u202Erenwo.' }],
];

async function waits(card: Partial<Card>): Promise<RequestRecord> {
  const action = { action: 'create_note', contact_id: '20001', note: 'Called.' };
  const submission = { userId: 'dana@acme.test', prompt: 'p', action };
  const waiting = waitingRequest(1, { card, submission });
  await desk.store.commit((tx) => insertWaiting(tx, waiting));
  return waiting;
}

describe('a yes to what is of high risk', () => {
  const each = HIGH.flatMap(([what, card]) => PROOFS.map((proof) => [what, proof, card] as const));

  it.each(each)('that %s, by %s', async (_what, proof, card) => {
    const waiting = await waits(card);
    const decided: any = await desk.approve(lena, waiting, { proof });
    const refused = REFUSALS[proof];
    expect(decided.kind === 'refused' ? decided.code : undefined).toBe(refused);
    const entries = await desk.store.decisions.of(requestId(1));
    expect(entries.length).toBe(refused === undefined ? 1 : 0);
  });

  it.each(PROOFS)('may be a no by %s: stopping waits for no device', async (proof) => {
    const waiting = await waits({ risk: 'destructive' });
    const digest = waiting.digest ?? '';
    const made = {
      requestId: waiting.id,
      person: lena,
      proof,
      decision: 'reject',
      digest,
    } as const;
    expect(await desk.approve(lena, waiting, made)).toMatchObject({ status: 'rejected' });
  });

  it('is one by policy as it is now, whatever the card said', async () => {
    const dear = await desk.wait({ amount: 50_000 });
    expect(await desk.approve(lena, dear, { proof: 'session' })).toMatchObject({
      code: 'approval.passkey_required',
    });
    expect(await desk.approve(lena, dear, { proof: 'webhook' })).toMatchObject({
      code: 'approval.elsewhere',
    });
    const cheap = await desk.wait({});
    expect(await desk.approve(lena, cheap, { proof: 'session' })).toMatchObject({
      kind: 'decided',
    });
  });
});
