import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { actionNamed, bodyOf, planOf, problemsOf, SAMPLES } from './support.ts';

interface SearchBody {
  filterGroups: { filters: { propertyName: string; operator: string; value: string }[] }[];
  properties: string[];
  limit: number;
  after?: string;
}
const searchBody = (input: Parameters<typeof planOf>[0], granted?: string[]): SearchBody =>
  bodyOf(planOf(input, granted)) as SearchBody;

const asked = (input: Parameters<typeof planOf>[0]): string[][] =>
  searchBody(input).filterGroups.map(({ filters }) =>
    filters.map(({ propertyName, operator, value }) => `${propertyName} ${operator} ${value}`),
  );

const answer = {
  total: 31,
  results: [
    {
      id: '20001',
      properties: {
        firstname: 'Dana',
        lastname: 'Fox',
        email: 'dana.fox@acme.test',
        notes_last_contacted: null,
        hs_object_id: '20001',
        salary: '1',
      },
      createdAt: '2026-01-01T00:00:00Z',
    },
  ],
  paging: { next: { after: '1', link: 'https://api.hubapi.com/x?after=1' } },
};

describe("the article's request", () => {
  const request = { action: 'search_contact', company: 'Acme Corp' };

  it('is one search for the contacts of that company', () => {
    expect(planOf(request).operations).toHaveLength(1);
    expect(asked(request)).toEqual([['company EQ Acme Corp']]);
  });

  it('answers with the granted fields and nothing else, and says that there is more', () => {
    const { toResult } = actionNamed('search_contact');
    expect(toResult(planOf(request), [answer])).toEqual({
      contacts: [
        {
          id: '20001',
          firstname: 'Dana',
          lastname: 'Fox',
          email: 'dana.fox@acme.test',
          last_contacted: null,
        },
      ],
      total: 31,
      more: true,
      next_after: '1',
    });
    expect(toResult(planOf(request, ['firstname']), [answer])).toMatchObject({
      contacts: [{ id: '20001', firstname: 'Dana' }],
    });
  });

  it('asks HubSpot for the granted fields only', () => {
    expect(searchBody(request, ['firstname', 'last_contacted']).properties).toEqual([
      'firstname',
      'notes_last_contacted',
    ]);
  });

  it('asks for the id alone when nothing is granted, since HubSpot would send its defaults', () => {
    expect(searchBody(request, []).properties).toEqual(['hs_object_id']);
  });

  it('answers an empty list when nothing is found', () => {
    const { toResult } = actionNamed('search_contact');
    expect(toResult(planOf(request), [{ total: 0, results: [] }])).toEqual({
      contacts: [],
      total: 0,
    });
  });

  it.each([
    null,
    {},
    { total: 1 },
    { total: 'x', results: [] },
    { total: 1, results: [{ id: 1 }] },
  ])('does not take %j for an answer', (odd) => {
    expect(() => actionNamed('search_contact').toResult(planOf(request), [odd])).toThrow(
      expect.objectContaining({ code: 'hubspot.bad_answer' }),
    );
  });
});

describe('what a search looks for', () => {
  it('takes a full name for first and last name, one word for either', () => {
    expect(asked({ action: 'search_contact', name: 'Dana van der Fox' })).toEqual([
      ['firstname EQ Dana', 'lastname EQ van der Fox'],
    ]);
    expect(asked({ action: 'search_contact', name: 'Dana' })).toEqual([
      ['firstname EQ Dana'],
      ['lastname EQ Dana'],
    ]);
  });

  it('finds a company by its whole name or by all the words given', () => {
    expect(asked({ action: 'search_company', name: 'Acme, Inc.', domain: 'acme.test' })).toEqual([
      ['domain EQ acme.test', 'name EQ Acme, Inc.'],
      ['domain EQ acme.test', 'name CONTAINS_TOKEN Acme', 'name CONTAINS_TOKEN Inc'],
    ]);
  });

  it('narrows deals by company and stage', () => {
    expect(asked({ action: 'search_deal', company_id: '10001', stage: 'closedwon' })).toEqual([
      ['associations.company EQ 10001', 'dealstage EQ closedwon'],
    ]);
  });

  it('never sends a wildcard as a word, however a name is written', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.oneof(name, fc.stringMatching(/^[*? a-z]{1,20}$/)), (value) => {
        for (const action of ['search_company', 'search_deal']) {
          if (problemsOf({ action, name: value }).length > 0) continue;
          for (const { filters } of searchBody({ action, name: value }).filterGroups)
            for (const filter of filters)
              if (filter.operator === 'CONTAINS_TOKEN') expect(filter.value).not.toMatch(/[*?\s]/);
        }
      }),
    );
  });

  it("stays inside HubSpot's limits: 5 groups, 6 filters each, 18 in all, 3,000 characters", () => {
    const searches = SAMPLES.map((sample) => planOf(sample)).flatMap(({ operations }) =>
      operations.filter(({ kind }) => kind === 'search'),
    );
    expect(searches.length).toBeGreaterThan(8);
    for (const { body } of searches) {
      const { filterGroups } = JSON.parse(body ?? '') as SearchBody;
      const counts = filterGroups.map(({ filters }) => filters.length);
      expect(counts.length).toBeLessThanOrEqual(5);
      expect(Math.max(...counts)).toBeLessThanOrEqual(6);
      expect(counts.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(18);
      expect(body?.length).toBeLessThanOrEqual(3_000);
    }
  });

  it('stays below 3,000 characters with the longest words that are taken', () => {
    const long = 'é'.repeat(200);
    const input = { action: 'search_contact', name: `${'x'.repeat(99)} ${'y'.repeat(99)}` };
    const bodies = [
      planOf({ ...input, company: long, email: long }),
      planOf({ action: 'search_company', name: long, domain: long }),
      planOf({ action: 'search_deal', name: long, stage: long, company_id: '9'.repeat(20) }),
    ].map((plan) => plan.operations[0]?.body?.length);
    for (const length of bodies) expect(length).toBeLessThan(3_000);
  });
});

describe('what a search refuses', () => {
  it.each([
    [{ action: 'search_contact' }, ': one of company, name or email is needed'],
    [{ action: 'search_company' }, ': one of name or domain is needed'],
    [{ action: 'search_deal', limit: 3 }, ': one of name, company_id or stage is needed'],
    [
      { action: 'search_contact', company: 'a', after: 'x' },
      'after: is not a `next_after` of an answer',
    ],
    [
      { action: 'search_contact', company: 'a', limit: 101 },
      'limit: Too big: expected number to be <=100',
    ],
    [
      { action: 'search_contact', company: 7 },
      'company: Invalid input: expected string, received number',
    ],
  ])('%j', (input, problem) => {
    expect(problemsOf(input)).toContain(problem);
  });
});

describe('searching tickets', () => {
  it('takes name, contact, company and status together', () => {
    const ticket = { action: 'search_ticket', subject: 'Login fails', contact_id: '1', stage: '2' };
    expect(asked({ ...ticket, company_id: '3' })).toEqual([
      [
        ...['associations.contact EQ 1', 'associations.company EQ 3', 'hs_pipeline_stage EQ 2'],
        'subject EQ Login fails',
      ],
      [
        ...['associations.contact EQ 1', 'associations.company EQ 3', 'hs_pipeline_stage EQ 2'],
        ...['subject CONTAINS_TOKEN Login', 'subject CONTAINS_TOKEN fails'],
      ],
    ]);
  });

  it('needs the fields granted that it searches by, and a criterion', () => {
    const action = actionNamed('search_ticket');
    const input = action.input.parse({ action: 'search_ticket', subject: 'x', stage: '1' });
    expect(action.touches(input).needs).toEqual(['subject', 'stage']);
    expect(problemsOf({ action: 'search_ticket', limit: 1 })).toEqual([
      ': one of subject, contact_id, company_id or stage is needed',
    ]);
  });

  it('answers in our own words for the granted fields', () => {
    const plan = planOf({ action: 'search_ticket', stage: '1' }, ['subject', 'stage']);
    expect(bodyOf(plan)).toMatchObject({ properties: ['subject', 'hs_pipeline_stage'] });
    const results = [{ id: '5', properties: { subject: 'Login', hs_pipeline_stage: '1', x: 'y' } }];
    expect(actionNamed('search_ticket').toResult(plan, [{ total: 1, results }])).toEqual({
      tickets: [{ id: '5', subject: 'Login', stage: '1' }],
      total: 1,
    });
  });
});
