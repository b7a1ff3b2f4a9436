import { describe, expect, it } from 'vitest';
import { actionNamed, bodyOf, planOf, problemsOf } from './support.ts';

describe('reading one record', () => {
  it('reads a contact by id, with the granted properties only', () => {
    expect(planOf({ action: 'get_contact', contact_id: '20001' }, ['email']).operations).toEqual([
      {
        kind: 'read',
        object_type: 'contacts',
        method: 'GET',
        path: '/crm/objects/2026-09/contacts/20001',
        query: { properties: 'email' },
        body: null,
      },
    ]);
  });

  it('reads a contact by its e-mail address, escaped', () => {
    const [operation] = planOf({ action: 'get_contact', email: 'A+b@Acme.Test' }, []).operations;
    expect(operation?.path).toBe('/crm/objects/2026-09/contacts/a%2Bb%40acme.test');
    expect(operation?.query).toEqual({ properties: 'hs_object_id', idProperty: 'email' });
  });

  it('needs the e-mail granted when it is what the contact is looked up by', () => {
    const { touches } = actionNamed('get_contact');
    expect(touches({ action: 'get_contact', email: 'a@acme.test' }).needs).toEqual(['email']);
    expect(touches({ action: 'get_contact', contact_id: '1' }).needs).toEqual([]);
  });

  it.each([{}, { contact_id: '1', email: 'a@acme.test' }])('refuses a contact by %j', (by) => {
    expect(problemsOf({ action: 'get_contact', ...by })).toEqual([
      ': exactly one of contact_id or email is needed',
    ]);
  });

  it('answers with the granted fields in our words', () => {
    const plan = planOf({ action: 'get_deal', deal_id: '30001' }, ['amount', 'closedate']);
    const record = { id: '30001', properties: { amount: '48000', dealname: 'Yard' } };
    expect(actionNamed('get_deal').toResult(plan, [record])).toEqual({
      deal: { id: '30001', amount: '48000', closedate: null },
    });
  });
});

const at = (hour: number): string => `2026-11-20T${String(hour).padStart(2, '0')}:00:00.000Z`;
const found = (...properties: Record<string, string | null>[]) => ({
  total: properties.length,
  results: properties.map((each, index) => ({ id: String(index + 1), properties: each })),
});
const nothing = { total: 0, results: [] };

describe('listing interactions', () => {
  const list = actionNamed('list_interactions');
  const lastEmail = {
    action: 'list_interactions',
    company_id: '10001',
    kind: 'email',
    limit: 1,
  };

  it('asks for the last e-mail of a company with one search, newest first', () => {
    const plan = planOf(lastEmail);
    expect(plan.operations.map(({ object_type }) => object_type)).toEqual(['emails']);
    expect(bodyOf(plan)).toEqual({
      filterGroups: [
        { filters: [{ propertyName: 'associations.company', operator: 'EQ', value: '10001' }] },
      ],
      properties: ['hs_timestamp', 'hs_email_subject', 'hs_body_preview', 'hs_email_direction'],
      limit: 1,
      sorts: [{ propertyName: 'hs_timestamp', direction: 'DESCENDING' }],
    });
  });

  it('shows kind, time, subject, preview and direction', () => {
    const mail = {
      hs_timestamp: at(9),
      hs_email_subject: 'Re: yard',
      hs_body_preview: '<p>Yes &amp; thanks</p>',
      hs_email_direction: 'INCOMING_EMAIL',
    };
    expect(list.toResult(planOf(lastEmail), [found(mail)])).toEqual({
      interactions: [
        {
          id: '1',
          kind: 'email',
          at: at(9),
          subject: 'Re: yard',
          preview: 'Yes & thanks',
          direction: 'incoming',
        },
      ],
      total: 1,
    });
  });

  it('says where the next page starts', () => {
    const page = { ...found({ hs_timestamp: at(9) }), total: 7, paging: { next: { after: '1' } } };
    expect(list.toResult(planOf(lastEmail), [page])).toMatchObject({
      total: 7,
      more: true,
      next_after: '1',
    });
  });

  it('merges all kinds, newest first, at most as many as were asked for', () => {
    const plan = planOf({ action: 'list_interactions', contact_id: '20001', limit: 3 });
    expect(plan.operations.map(({ object_type }) => object_type)).toEqual([
      'emails',
      'calls',
      'meetings',
      'notes',
    ]);
    const result = list.toResult(plan, [
      found({ hs_timestamp: at(5) }, { hs_timestamp: at(3) }),
      found({ hs_timestamp: at(6), hs_call_direction: 'OUTBOUND' }),
      nothing,
      found({ hs_timestamp: at(4) }),
    ]) as { interactions: { kind: string; at: string }[] };
    expect(result).toMatchObject({ total: 4, more: true, next_after: '1-1-0-1' });
    expect(result.interactions.map(({ kind, at: time }) => `${kind} ${time}`)).toEqual([
      `call ${at(6)}`,
      `email ${at(5)}`,
      `note ${at(4)}`,
    ]);
  });

  it('leads through all kinds, each interaction once and newest first', () => {
    // As HubSpot pages: `after` is how many matches are passed over.
    const held = { emails: 9, calls: 4, meetings: 0, notes: 7 } as Record<string, number>;
    const hourOf = (objectType: string, nth: number): number =>
      (Object.keys(held).indexOf(objectType) * 7 + nth * 5) % 23;
    const recordsOf = (objectType: string) =>
      Array.from({ length: held[objectType] ?? 0 }, (_, nth) => ({
        id: `${objectType} ${nth}`,
        properties: { hs_timestamp: at(hourOf(objectType, nth)) },
      })).toSorted((one, other) =>
        other.properties.hs_timestamp.localeCompare(one.properties.hs_timestamp),
      );
    const seen: { id: string; at: string }[] = [];
    let after: string | undefined;
    do {
      const plan = planOf({
        action: 'list_interactions',
        contact_id: '1',
        limit: 3,
        ...(after === undefined ? {} : { after }),
      });
      const answers = plan.operations.map(({ object_type, body }) => {
        const from = Number((JSON.parse(body ?? '') as { after?: string }).after ?? '0');
        const all = recordsOf(object_type);
        return { total: all.length, results: all.slice(from, from + 3) };
      });
      const page = list.toResult(plan, answers) as {
        interactions: typeof seen;
        total: number;
        more?: true;
        next_after?: string;
      };
      expect(page.total).toBe(20);
      expect(page.more === true).toBe(page.next_after !== undefined);
      seen.push(...page.interactions);
      after = page.next_after;
    } while (after !== undefined);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(20);
    expect(seen).toHaveLength(20);
    const times = seen.map(({ at: time }) => time);
    expect(times).toEqual(times.toSorted().toReversed());
  });

  it('says nothing of more where there is no way to it', () => {
    const end = '9960-0-0-0';
    const plan = planOf({ action: 'list_interactions', contact_id: '1', limit: 50, after: end });
    const full = { total: 12_000, results: Array(50).fill({ id: '1', properties: {} }) };
    const none = { total: 0, results: [] };
    const beyond = list.toResult(plan, [full, none, none, none]);
    expect(beyond).not.toHaveProperty('more');
    // A count that runs ahead of what is found would lead in a circle.
    const lagging = list.toResult(plan, [{ ...full, results: [] }, none, none, none]);
    expect(lagging).not.toHaveProperty('more');
  });

  it('sorts by a time it does not show when that is not granted', () => {
    const plan = planOf({ action: 'list_interactions', contact_id: '1', kind: 'note' }, []);
    expect(bodyOf(plan)).toMatchObject({ properties: ['hs_timestamp'] });
    expect(list.toResult(plan, [found({ hs_timestamp: at(1), hs_body_preview: 'x' })])).toEqual({
      interactions: [{ id: '1', kind: 'note' }],
      total: 1,
    });
  });

  it('strips markup and hidden characters from what agents read, and caps it', () => {
    const hidden = 'a\u{E0049}\u{E0047}b\u200Bc\u202E';
    const body = `<div>${hidden}</div>&lt;b&gt;<script>x</script>${'long '.repeat(500)}`;
    const plan = planOf({ action: 'list_interactions', contact_id: '1', kind: 'note' });
    const { interactions } = list.toResult(plan, [
      found({ hs_timestamp: at(1), hs_body_preview: body }),
    ]) as { interactions: { preview: string }[] };
    const preview = interactions[0]?.preview ?? '';
    expect(preview.startsWith('abc <b> x long long')).toBe(true);
    expect(preview).toHaveLength(500);
    expect(preview.endsWith('…')).toBe(true);
  });

  it.each([
    [{}, ': exactly one of contact_id, company_id, deal_id or ticket_id is needed'],
    [
      { contact_id: '1', deal_id: '2' },
      ': exactly one of contact_id, company_id, deal_id or ticket_id is needed',
    ],
    [
      { contact_id: '1', after: '3' },
      ': after needs the kind that the answer before was asked for',
    ],
    [
      { contact_id: '1', kind: 'note', after: '1-0-0-3' },
      ': after needs the kind that the answer before was asked for',
    ],
    [{ contact_id: '1', after: '1-0-0-3-1' }, 'after: is not a `next_after` of an answer'],
  ])('refuses %j', (input, problem) => {
    expect(problemsOf({ action: 'list_interactions', ...input })).toContain(problem);
  });
});
