import { describe, expect, it } from 'vitest';
import { createPatience } from '../../../src/adapters/hubspot/patience.ts';
import type { CallPurpose, CrmAnswer } from '../../../src/ports/crm.ts';

const LATE: CrmAnswer = { kind: 'lost', code: 'hubspot.timeout' };
const SOME: CrmAnswer = { kind: 'lost', code: 'hubspot.unavailable', status: 502 };
const NONE: CrmAnswer = { kind: 'unsent', code: 'hubspot.unavailable' };

let now = 0;
const patient = (deadlineMs = 10_000) => createPatience(deadlineMs, () => now);

describe('patience with HubSpot', () => {
  it('is whole until a call was not answered in time', () => {
    const patience = patient();
    for (const answer of [SOME, NONE]) patience.heard('main', answer);
    expect(patience.deadlineFor('main', 'read')).toBe(10_000);
    patience.heard('main', LATE);
    expect(patience.deadlineFor('main', 'read')).toBe(1_500);
    expect(patience.deadlineFor('other', 'read')).toBe(10_000);
  });

  it('comes back with whatever HubSpot says, and not with what never reached it', () => {
    const patience = patient();
    patience.heard('main', LATE);
    patience.heard('main', NONE);
    expect(patience.deadlineFor('main', 'read')).toBe(1_500);
    patience.heard('main', SOME);
    expect(patience.deadlineFor('main', 'read')).toBe(10_000);
  });

  it('is whole for one read in thirty seconds: what is slow is told from what hangs', () => {
    const patience = patient();
    now = 0;
    patience.heard('main', LATE);
    now = 29_999;
    patience.heard('main', LATE);
    expect(patience.deadlineFor('main', 'read')).toBe(1_500);
    now = 30_000;
    const reads = Array.from({ length: 3 }, () => patience.deadlineFor('main', 'read'));
    expect(reads).toEqual([10_000, 1_500, 1_500]);
  });

  it('is never shortened where nobody waits or a short one would make more outcomes unknown', () => {
    const patience = patient();
    patience.heard('main', LATE);
    const others: (CallPurpose | undefined)[] = [
      ...(['card', 'compare', 'execute', 'reconcile', 'incident', 'radar', 'connect'] as const),
      undefined,
    ];
    expect(others.map((of) => patience.deadlineFor('main', of))).toEqual(others.map(() => 10_000));
  });

  it('is never longer than the deadline that is set', () => {
    const patience = patient(1_000);
    patience.heard('main', LATE);
    expect(patience.deadlineFor('main', 'read')).toBe(1_000);
  });
});
