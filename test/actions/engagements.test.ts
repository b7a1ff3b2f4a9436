import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bodyWithMarker, readableBody } from '../../src/actions/marked-body.ts';
import { multiLine } from '../../src/actions/text-rules.ts';
import {
  bodyOf,
  cardOf,
  dana,
  hostileText,
  NOW,
  planOf,
  problemsOf,
  REQUEST_ID,
} from './support.ts';

const MARKER = `[sallyport ${REQUEST_ID}]`;
const NOTE = { action: 'create_note', contact_id: '20001', note: 'Called.\nShe agrees.' };
const TASK = {
  action: 'create_task',
  contact_id: '20001',
  subject: 'Send the offer',
  due: '2026-12-01T15:00:00+02:00',
};

interface SentBody {
  properties: Record<string, string>;
  associations: { to: { id: string }; types: { associationTypeId: number }[] }[];
}
const sent = (plan: ReturnType<typeof planOf>): SentBody => bodyOf(plan) as SentBody;

/** What is left when the tags this gateway writes itself are taken away. */
const withoutOurTags = (html: string): string => html.replaceAll('<br>', '');

describe('the body of an engagement', () => {
  it('holds no HTML but line breaks, whatever the text is', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const html = withoutOurTags(bodyWithMarker(text, REQUEST_ID));
        expect(html).not.toMatch(/[<>"']/);
        expect(html.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, '')).not.toContain('&');
      }),
      { numRuns: 1_000 },
    );
  });

  it('reads back as the very text, with the marker on its own last line', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const taken = multiLine(10_000).safeParse(text);
        if (!taken.success) return;
        const html = bodyWithMarker(taken.data, REQUEST_ID);
        expect(readableBody(html)).toBe(`${taken.data}\n${MARKER}`);
      }),
      { numRuns: 1_000 },
    );
  });

  it('ends with the marker of its own request, also when the text holds one', () => {
    const other = '[sallyport act_00000000000000000000000000]';
    expect(bodyWithMarker(other, REQUEST_ID).endsWith(`<br>${MARKER}`)).toBe(true);
  });

  it('stays within the 65,536 characters HubSpot takes, at the worst escaping', () => {
    const note = '"'.repeat(10_000);
    expect(sent(planOf({ ...NOTE, note })).properties['hs_note_body']?.length).toBeLessThan(65_536);
    expect(problemsOf({ ...NOTE, note: `${note}"` })).toEqual([
      'note: Too big: expected string to have <=10000 characters',
    ]);
  });
});

describe('a note', () => {
  it('is one create, bound to its record by the type id of that pair', () => {
    expect(bodyOf(planOf(NOTE))).toEqual({
      properties: {
        hs_timestamp: NOW.toISOString(),
        hs_note_body: `Called.<br>She agrees.<br>${MARKER}`,
      },
      associations: [
        {
          to: { id: '20001' },
          types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 202 }],
        },
      ],
    });
  });

  it.each([
    [{ company_id: '10001' }, 190],
    [{ deal_id: '30001' }, 214],
    [{ ticket_id: '50001' }, 228],
  ])('is bound to %j by type id %d', (parent, typeId) => {
    const plan = planOf({ action: 'create_note', note: 'x', ...parent });
    expect(sent(plan).associations[0]?.types[0]?.associationTypeId).toBe(typeId);
  });

  it('is settled, after a lost answer, by its marker among the notes of the record', () => {
    expect(planOf(NOTE).steps[0]?.witness).toEqual({
      kind: 'association',
      from: { object_type: 'contacts', id: '20001' },
      to_type: 'notes',
      property: 'hs_note_body',
      marker: MARKER,
    });
  });

  it.each([
    [{ action: 'create_note', note: 'x' }],
    [{ action: 'create_note', note: 'x', contact_id: '1', deal_id: '2' }],
  ])('refuses %j: exactly one record', (input) => {
    expect(problemsOf(input)).toEqual([
      ': exactly one of contact_id, company_id, deal_id or ticket_id is needed',
    ]);
  });

  it('refuses text with a bidi override', () => {
    expect(problemsOf({ ...NOTE, note: 'pay \u202E000,1' })).toEqual([
      'note: carries a character that people cannot see (U+202E)',
    ]);
  });
});

describe('a task', () => {
  it('is due in UTC, not started, and of the given kind', () => {
    const plan = planOf({ ...TASK, body: 'See <a>', priority: 'HIGH', type: 'CALL' });
    expect(sent(plan).properties).toEqual({
      hs_timestamp: '2026-12-01T13:00:00.000Z',
      hs_task_subject: 'Send the offer',
      hs_task_body: `See &lt;a&gt;<br>${MARKER}`,
      hs_task_status: 'NOT_STARTED',
      hs_task_priority: 'HIGH',
      hs_task_type: 'CALL',
    });
    expect(sent(plan).associations[0]?.types[0]?.associationTypeId).toBe(204);
  });

  it('carries its marker also without a body', () => {
    expect(sent(planOf(TASK)).properties['hs_task_body']).toBe(MARKER);
    expect(planOf(TASK).steps[0]?.witness).toMatchObject({
      to_type: 'tasks',
      property: 'hs_task_body',
    });
  });

  it.each([
    [{ subject: 'two\nlines' }, 'subject: carries a character that people cannot see (U+000A)'],
    [{ due: '2026-12-01' }, 'due: Invalid ISO datetime'],
  ])('refuses %j', (change, problem) => {
    expect(problemsOf({ ...TASK, ...change })).toEqual([problem]);
  });
});

const CALL = {
  action: 'log_call',
  contact_id: '20001',
  title: 'Renewal',
  at: '2026-11-20T10:00:00+01:00',
  direction: 'outgoing',
};

describe('a call', () => {
  it('is put on record as HubSpot has calls, with what was said and how long it took', () => {
    const plan = planOf({ ...CALL, duration_seconds: 90, body: 'She <agrees>.' });
    expect(sent(plan)).toEqual({
      properties: {
        hs_timestamp: '2026-11-20T09:00:00.000Z',
        hs_call_title: 'Renewal',
        hs_call_body: `She &lt;agrees&gt;.<br>${MARKER}`,
        hs_call_direction: 'OUTBOUND',
        hs_call_duration: '90000',
        hs_call_status: 'COMPLETED',
      },
      associations: [
        {
          to: { id: '20001' },
          types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 194 }],
        },
      ],
    });
  });

  it.each([
    [{ company_id: '10001' }, 182],
    [{ deal_id: '30001' }, 206],
    [{ ticket_id: '50001' }, 220],
  ])('is bound to %j by type id %d', (parent, typeId) => {
    const call = { ...CALL, contact_id: undefined };
    const plan = planOf({ ...call, ...parent });
    expect(sent(plan).associations[0]?.types[0]?.associationTypeId).toBe(typeId);
  });

  it('carries its marker also without notes, which settles a lost answer', () => {
    expect(sent(planOf(CALL)).properties['hs_call_body']).toBe(MARKER);
    expect(planOf(CALL).steps[0]?.witness).toMatchObject({
      to_type: 'calls',
      property: 'hs_call_body',
    });
  });

  it('is shown with the notes as text', () => {
    const card = cardOf(planOf({ ...CALL, body: 'a & b' }), [dana]);
    expect(card.sentence).toBe('Record a call with Dana Fox.');
    expect(card.changes.find(({ label }) => label === 'Notes')?.after).toBe(`a & b\n${MARKER}`);
  });

  it.each([
    [{ direction: 'INBOUND' }, /^direction: Invalid option/],
    [{ duration_seconds: -1 }, /^duration_seconds: Too small/],
    [{ duration_seconds: 1.5 }, /^duration_seconds: Invalid input/],
    [{ at: '2026-11-20' }, /^at: Invalid ISO datetime/],
    [{ title: '' }, /^title: Too small/],
  ])('refuses %j', (change, problem) => {
    expect(problemsOf({ ...CALL, ...change })).toEqual([expect.stringMatching(problem)]);
  });
});

describe('where a property with unique values was prepared', () => {
  const unique = { notes: 'sallyport_request_id', calls: 'sallyport_request_id' };

  it.each([NOTE, CALL])(
    '$action carries its request in it, and is found by its marker',
    (input) => {
      const plan = planOf(input, [], unique);
      expect(sent(plan).properties['sallyport_request_id']).toBe(REQUEST_ID);
      // A HubSpot that does not look these up by it would answer as if there were none: then it is sent twice.
      expect(plan.steps[0]?.witness).toEqual(planOf(input).steps[0]?.witness);
      expect(plan.steps[0]?.witness.kind).toBe('association');
      const { changes } = cardOf(plan, [dana]);
      expect(changes.find(({ property }) => property === 'sallyport_request_id')).toEqual({
        label: 'Request',
        property: 'sallyport_request_id',
        before: null,
        after: REQUEST_ID,
      });
    },
  );

  it('other kinds of records go on carrying the marker alone', () => {
    const plan = planOf(TASK, [], unique);
    expect(sent(plan).properties).not.toHaveProperty('sallyport_request_id');
    expect(plan.steps[0]?.witness).toMatchObject({ kind: 'association' });
  });
});

describe('the card', () => {
  it('says in one sentence whose record it is, and shows every property that is sent', () => {
    const card = cardOf(planOf(NOTE), [dana]);
    expect(card.sentence).toBe('Add a note to Dana Fox.');
    expect(card.records).toEqual([{ object_type: 'contacts', id: '20001', name: 'Dana Fox' }]);
    expect(card.changes).toEqual([
      { label: 'Dated', property: 'hs_timestamp', before: null, after: NOW.toISOString() },
      {
        label: 'Note',
        property: 'hs_note_body',
        before: null,
        after: `Called.\nShe agrees.\n${MARKER}`,
      },
    ]);
  });

  it('shows the text as written, not as HTML, whatever it is', () => {
    fc.assert(
      fc.property(hostileText, (note) => {
        const taken = multiLine(10_000).safeParse(note);
        if (!taken.success) return;
        const card = cardOf(planOf({ ...NOTE, note }), [dana]);
        expect(card.changes.find(({ property }) => property === 'hs_note_body')?.after).toBe(
          `${taken.data}\n${MARKER}`,
        );
      }),
    );
  });

  it('is made from the bytes that are sent: bytes for another record do not get this card', () => {
    const plan = planOf(NOTE);
    const elsewhere = planOf({ ...NOTE, contact_id: '666' });
    expect(() => cardOf({ ...plan, operations: elsewhere.operations }, [dana])).toThrow(
      'record.not_found',
    );
  });

  it('is not made when the record cannot be read', () => {
    expect(() => cardOf(planOf(TASK), [])).toThrow('record.not_found');
  });
});
