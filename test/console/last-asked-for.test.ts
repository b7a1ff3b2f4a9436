import { describe, expect, it } from 'vitest';
import { queuePage } from '../../src/console/pages/queue.ts';
import type { RequestSummary } from '../../src/contracts/request-history.ts';
import { requestId } from '../adapters/store/fixtures.ts';
import { frameWith, quietWith } from './made-pages.ts';

const asked = (n: number, more: Partial<RequestSummary>): RequestSummary => ({
  ...{ id: requestId(n), status: 'succeeded', action: 'create_note', risk: 'write', code: null },
  ...{ sentence: `Note ${n}.`, agent: { id: 'agt_00000000001', name: 'Helper' } },
  ...{ user_id: 'dana@acme.test', created_at: `2026-11-01T10:0${n}:00.000Z` },
  ...{ updated_at: '2026-11-01T10:20:00.000Z' },
  ...more,
});
const LAST = [
  asked(3, { status: 'withdrawn' }),
  asked(2, { status: 'refused', code: 'approval.stale', updated_at: '2026-11-01T10:25:00.000Z' }),
  asked(1, { status: 'executing' }),
];
const sectionOf = (page: string): string | undefined =>
  /<section class="row part" aria-labelledby="last-h">.*?<\/section>/s.exec(page)?.[0];
const textOf = (markup: string): string =>
  markup
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();

describe('what there was today', () => {
  const page = queuePage(frameWith(), { approvals: [] }, quietWith([]));
  const section = /<section class="row part" aria-labelledby="today-h">.*?<\/section>/s.exec(page);

  it('is counted where nothing waits, since when the reader’s day began', () => {
    expect(textOf(section?.[0] ?? '')).toBe(
      'Today Read at once 1,214 Approved 9 Rejected 1 Refused by policy 3' +
        ' Of what was asked for since 1 November 2026 at 00:00 UTC .',
    );
  });

  it('is not there while something waits', () => {
    expect(queuePage(frameWith(), { approvals: [] })).not.toContain('today-h');
  });
});

describe('what was asked for last', () => {
  const section = sectionOf(queuePage(frameWith(), { approvals: [] }, quietWith(LAST))) ?? '';

  it('stands where nothing waits, in the order of the asking, each with how it stands and since when', () => {
    expect(textOf(section)).toBe(
      'Last asked for' +
        ' Note 3. Withdrawn 1 November 2026 at 10:20 UTC' +
        ' Note 2. Out of date 1 November 2026 at 10:25 UTC' +
        ' Note 1. Being sent 1 November 2026 at 10:20 UTC',
    );
  });

  it('leads to each', () => {
    const links = [...section.matchAll(/href="([^"]*)"/g)].map(([, href]) => href);
    expect(links).toEqual(LAST.map(({ id }) => `/console/requests/${id}`));
  });

  it('is not there where nobody was asked anything', () => {
    expect(sectionOf(queuePage(frameWith(), { approvals: [] }, quietWith([])))).toBeUndefined();
  });
});
