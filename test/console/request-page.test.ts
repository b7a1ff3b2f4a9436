import { describe, expect, it } from 'vitest';
import type { RequestDetail } from '../../src/contracts/request-history.ts';
import { requestPage } from '../../src/console/pages/request.ts';
import { cardFor, requestId } from '../adapters/store/fixtures.ts';
import { frameWith } from './made-pages.ts';

const frame = frameWith();
const at = '2026-11-01T10:00:00.000Z';
const change = { label: 'Job title', property: 'jobtitle', before: 'Buyer', after: 'Head' };

const detailOf = (more: Partial<RequestDetail>): RequestDetail => ({
  ...{ id: requestId(1), status: 'succeeded', action: 'update_contact', risk: 'write' },
  ...{ sentence: null, agent: { id: 'agt_1', name: 'helper' }, user_id: 'dana@acme.test' },
  ...{ created_at: at, updated_at: at, code: null, prompt: 'Please.', digest: null, detail: null },
  card: { ...cardFor(requestId(1)), changes: [change] },
  ...{ decisions: [], settlements: [], time_line: [] },
  ...more,
});

describe('the page of one request', () => {
  it('calls what was written what was written: HubSpot may hold something else by now', () => {
    const page = requestPage(frame, detailOf({}));
    expect(page).toContain('As it was written');
    expect(page).not.toContain('Now in HubSpot');
  });

  it('does not call unsent what may have been sent', () => {
    for (const status of ['approved', 'executing', 'outcome_unknown'] as const) {
      const page = requestPage(frame, detailOf({ status }));
      expect(page).toContain('Approved to be written');
      expect(page).not.toContain('Not sent');
    }
    expect(requestPage(frame, detailOf({ status: 'refused' }))).toContain('Not sent');
  });

  it('says who ended the not knowing, and what they saw', () => {
    const person = frame.reader.id;
    const settled = { index: 7, person, outcome: 'executed', settled_at: at } as const;
    const page = requestPage(
      frame,
      detailOf({
        settlements: [{ ...settled, reason: 'I see <it> there.' }],
        time_line: [
          {
            ...{ index: 7, timestamp: at, event: 'hubspot.settled', actor: `person:${person}` },
            ...{ code: null, digest: null, hubspot_endpoint: null, response_status: null },
            facts: { settled: 'executed', by: 'person' },
          },
        ],
      }),
    );
    expect(page).toMatch(/it was carried out\.\s+They wrote: <bdi>I see &lt;it&gt; there\./);
  });
});
