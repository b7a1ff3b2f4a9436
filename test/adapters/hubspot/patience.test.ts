import { describe, expect, it } from 'vitest';
import { createPatience, type Patience } from '../../../src/adapters/hubspot/patience.ts';
import type { CallPurpose, CrmAnswer } from '../../../src/ports/crm.ts';

const LATE: CrmAnswer = { kind: 'lost', code: 'hubspot.timeout' };
const SOME: CrmAnswer = { kind: 'lost', code: 'hubspot.unavailable', status: 502 };
const NONE: CrmAnswer = { kind: 'unsent', code: 'hubspot.unavailable' };

let now = 0;
const patient = (deadlineMs = 10_000) => createPatience(deadlineMs, () => now);

const deadline = (patience: Patience, connection = 'main') =>
  patience.deadlineFor(connection, 'read');

/** A call that was sent now is answered so much later, or not. */
function took(
  patience: Patience,
  tookMs: number,
  answer: CrmAnswer = SOME,
  purpose: CallPurpose = 'read',
): void {
  now += tookMs;
  patience.heard({ connection: 'main', purpose, answer, tookMs });
}

describe('patience with HubSpot', () => {
  it('is whole until a call was not answered in time', () => {
    const patience = patient();
    took(patience, 0, NONE);
    expect(deadline(patience)).toBe(10_000);
    took(patience, 10_000, LATE);
    expect(deadline(patience)).toBe(1_500);
    expect(deadline(patience, 'other')).toBe(10_000);
  });

  it('is three times what the slowest of the last reads took, a second and a half at least', () => {
    const patience = patient();
    took(patience, 200);
    expect(deadline(patience)).toBe(1_500);
    took(patience, 2_000);
    took(patience, 200);
    expect(deadline(patience)).toBe(6_000);
    took(patience, 4_000);
    expect(deadline(patience)).toBe(10_000);
    for (let reads = 0; reads < 50; reads += 1) took(patience, 200);
    expect(deadline(patience)).toBe(1_500);
  });

  it('goes by the reads alone: that a sweep of the radar takes its time says nothing of them', () => {
    const patience = patient();
    took(patience, 200);
    took(patience, 8_000, SOME, 'radar');
    expect(deadline(patience)).toBe(1_500);
  });

  it('comes back with whatever HubSpot says, and not with what never reached it', () => {
    const patience = patient();
    took(patience, 2_000);
    took(patience, 6_000, LATE);
    took(patience, 0, NONE);
    expect(deadline(patience)).toBe(1_500);
    took(patience, 200);
    expect(deadline(patience)).toBe(6_000);
  });

  it('grows where one read is late while others are answered: that one is slow, nothing hangs', () => {
    const patience = patient();
    took(patience, 200);
    const late = () => {
      const sent = now;
      now += 100;
      took(patience, 200);
      const tookMs = deadline(patience);
      now = sent + tookMs;
      patience.heard({ connection: 'main', purpose: 'read', answer: LATE, tookMs });
      return tookMs;
    };
    expect([late(), late(), late()]).toEqual([1_500, 4_500, 10_000]);
  });

  it('does not take an answer to a call from before for one that came meanwhile', () => {
    const patience = patient();
    now += 1_000;
    patience.heard({ connection: 'main', purpose: 'read', answer: SOME, tookMs: 2_000 });
    now += 5_000;
    patience.heard({ connection: 'main', purpose: 'read', answer: LATE, tookMs: 6_000 });
    expect(deadline(patience)).toBe(1_500);
  });

  it('is whole for one read in thirty seconds: what is slow is told from what hangs', () => {
    const patience = patient();
    took(patience, 10_000, LATE);
    const since = now;
    now = since + 29_999;
    expect(deadline(patience)).toBe(1_500);
    now = since + 30_000;
    expect(Array.from({ length: 3 }, () => deadline(patience))).toEqual([10_000, 1_500, 1_500]);
  });

  it('is as short for what the card of a write shows: an agent waits for it too', () => {
    const patience = patient();
    took(patience, 900, SOME, 'card');
    expect(patience.deadlineFor('main', 'card')).toBe(2_700);
    took(patience, 2_700, LATE, 'card');
    expect(patience.deadlineFor('main', 'card')).toBe(1_500);
  });

  it('is never shortened where nobody waits or a short one would make more outcomes unknown', () => {
    const patience = patient();
    took(patience, 200);
    took(patience, 1_500, LATE);
    const others: (CallPurpose | undefined)[] = [
      ...(['compare', 'execute', 'reconcile', 'incident', 'radar', 'connect'] as const),
      undefined,
    ];
    expect(others.map((of) => patience.deadlineFor('main', of))).toEqual(others.map(() => 10_000));
  });

  it('is never longer than the deadline that is set', () => {
    const patience = patient(1_000);
    took(patience, 900);
    expect(deadline(patience)).toBe(1_000);
    took(patience, 1_000, LATE);
    expect(deadline(patience)).toBe(1_000);
  });
});
