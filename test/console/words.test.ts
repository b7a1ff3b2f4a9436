import { describe, expect, it } from 'vitest';
import type { CardChange } from '../../src/contracts/card.ts';
import type { ChangeableField } from '../../src/contracts/change.ts';
import { cardPage } from '../../src/console/pages/card.ts';
import { changePage } from '../../src/console/pages/change.ts';
import { historyPage } from '../../src/console/pages/history.ts';
import { queuePage } from '../../src/console/pages/queue.ts';
import { cardFor, requestId } from '../adapters/store/fixtures.ts';
import { approvalOf, frameWith, quietWith } from './made-pages.ts';

const frame = frameWith();
const card = cardFor(requestId(1));
const fresh = (property: string): CardChange => ({
  ...{ label: property, property, before: null, after: 'x' },
});
const standing = (property: string): CardChange => ({ ...fresh(property), before: 'w' });
const pageOf = (changes: readonly CardChange[]): string =>
  cardPage(frame, approvalOf({ ...card, changes: [...changes] }));

describe('what a card says of its fields', () => {
  it('counts one as one', () => {
    expect(pageOf([standing('a')])).toContain('Sends exactly this one field, once.');
    expect(pageOf([standing('a'), standing('b')])).toContain('Sends exactly these 2 fields, once.');
  });

  it('does not call a change what is made', () => {
    const made = pageOf(['a', 'b', 'c'].map(fresh));
    expect(made).toContain('3 fields of what is new');
    expect(made).not.toMatch(/fields? changes?\b/);
    expect(pageOf([standing('a'), fresh('b'), fresh('c')])).toContain(
      '1 field changes, on 1 record; 2 fields of what is new',
    );
  });
});

describe('the keys at the foot of a page', () => {
  const decides = /<kbd>[ARC]<\/kbd> (?:approve|reject|change)<\/span/;

  it('are those that decide where something waits', () => {
    expect(queuePage(frame, { approvals: [approvalOf(card)] })).toMatch(decides);
  });

  it('are not where there is nothing to decide, and C is where there is a form', () => {
    const history = { requests: [], damaged: [], looked_through: 0 };
    for (const page of [
      queuePage(frame, { approvals: [] }, quietWith([])),
      historyPage(frame, { q: '', status: '', agent: '' }, history, []),
    ]) {
      expect(page).not.toMatch(decides);
      expect(page).toContain('all keys');
    }
    expect(queuePage(frame, { approvals: [approvalOf(card)] })).not.toContain(
      '<kbd>C</kbd> change',
    );
  });
});

describe('the form that puts other values in', () => {
  const field = (name: string): ChangeableField => ({
    ...{ field: name, label: name, kind: 'line', is_required: false, asked: null },
  });
  const seen = [
    { object_type: 'contacts' as const, id: '1', properties: { email: 'dana@acme.test' } },
  ];

  it('shows what HubSpot holds also in a field that the agent left out, as far as it was read', () => {
    const approval = approvalOf({ ...card, action: 'update_contact', changes: [], seen });
    const page = changePage(frame, approval, [field('email'), field('phone')]);
    expect(page.match(/Now in HubSpot:/g)).toHaveLength(1);
    expect(page).toContain('dana@acme.test');
  });

  it('says nothing of another record’s field of the same name, beside what is to be made', () => {
    const approval = approvalOf({ ...card, action: 'create_deal', changes: [], seen });
    expect(changePage(frame, approval, [field('email')])).not.toContain('Now in HubSpot');
  });
});
