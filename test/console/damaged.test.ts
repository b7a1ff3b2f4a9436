import { describe, expect, it } from 'vitest';
import { agentsPage } from '../../src/console/pages/agents.ts';
import { historyPage } from '../../src/console/pages/history.ts';
import { logPage } from '../../src/console/pages/log.ts';
import { queuePage } from '../../src/console/pages/queue.ts';
import { requestId } from '../adapters/store/fixtures.ts';
import { auditPageWith, frameWith } from './made-pages.ts';

const ID = requestId(7);
const FILTER = { q: '', status: '', agent: '' };
const NO_QUERY = {
  ...{ who: '', event: '', action: '', record: '', code: '', from: '', to: '', before: '' },
};
const PAGES = [
  ['what waits', queuePage(frameWith(), { approvals: [], damaged: [ID] })],
  [
    'the requests',
    historyPage(frameWith(), FILTER, { requests: [], damaged: [ID], looked_through: 0 }, []),
  ],
  [
    'what is allowed ahead',
    agentsPage(frameWith(), { agents: [] }, { ahead: { grants: [], damaged: [ID] }, habits: [] }),
  ],
  [
    'the log',
    logPage(frameWith(), NO_QUERY, {
      ...{ found: { ...auditPageWith('Text'), entries: [], damaged: [ID] }, agents: [] },
    }),
  ],
  [
    'the agents',
    agentsPage(frameWith(), { agents: [], damaged: [ID] }, { ahead: { grants: [] }, habits: [] }),
  ],
] as const;

describe('what does not open', () => {
  it.each(PAGES)('is named on the page of %s', (_what, page) => {
    expect(page).toContain('somebody changed the store');
    expect(page).toContain(ID);
  });

  it('keeps the page of what waits from saying that nothing does', () => {
    expect(queuePage(frameWith(), { approvals: [] })).toContain('Nothing waits for you');
    expect(PAGES[0][1]).not.toContain('Nothing waits');
  });
});

describe('what waits beyond one answer', () => {
  const page = queuePage(frameWith(), { approvals: [], next_after: ID });

  it('is a link away, and is not said not to be there', () => {
    expect(page).toContain(`href="/console?after=${ID}"`);
    expect(page).not.toContain('Nothing waits');
  });
});
