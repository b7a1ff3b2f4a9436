import { describe, expect, it } from 'vitest';
import { type Look, sight } from '../../src/activities/sightings.ts';
import type { Operation } from '../../src/contracts/plan.ts';
import type { CrmAnswer } from '../../src/ports/crm.ts';

const answered = (json: unknown, status = 200): CrmAnswer => ({ kind: 'answered', status, json });
const lost: CrmAnswer = { kind: 'lost', code: 'hubspot.unavailable' };

/** Answers one call after the other, and keeps what was asked. */
function hubspot(...answers: readonly CrmAnswer[]): { look: Look; asked: Operation[] } {
  const asked: Operation[] = [];
  const look: Look = (operation) => {
    asked.push(operation);
    const answer = answers[asked.length - 1];
    return answer === undefined
      ? Promise.reject(new Error('asked too often'))
      : Promise.resolve(answer);
  };
  return { look, asked };
}

const from = { object_type: 'contacts', id: '1' } as const;
const to = { object_type: 'companies', id: '2' } as const;
const listed = (ids: readonly (string | number)[], next?: object) =>
  answered({
    results: ids.map((toObjectId) => ({ toObjectId, associationTypes: [] })),
    ...(next === undefined ? {} : { paging: { next } }),
  });

const BEFORE = { seen: [], begunAt: new Date('2026-11-25T10:00:00.000Z') };

const MARKER = '[sallyport act_01k8s6q0w3v7m2c5x9t4r1b8ha]';
const marked = (...notes: readonly (readonly [id: string, body: string])[]) =>
  answered({ results: notes.map(([id, hs_note_body]) => ({ id, properties: { hs_note_body } })) });

describe('looking for a marker among what belongs to a record', () => {
  const lookFor = (look: Look) =>
    sight(
      { kind: 'association', from, to_type: 'notes', property: 'hs_note_body', marker: MARKER },
      BEFORE,
      look,
    );

  it('reads on from page to page, whether ids are numbers or text', async () => {
    const { look, asked } = hubspot(
      listed(['7'], { after: '500' }),
      listed([8]),
      marked(['7', 'x'], ['8', `y<br>${MARKER}`]),
    );
    expect(await lookFor(look)).toMatchObject({ kind: 'found', record: { id: '8' } });
    expect(asked.slice(0, 2).map(({ query }) => query)).toEqual([
      { limit: '500' },
      { limit: '500', after: '500' },
    ]);
  });

  it('says that it is not there only of a whole list', async () => {
    const whole = hubspot(listed(['7'], { after: '500' }), listed([]), marked(['7', 'x']));
    expect(await lookFor(whole.look)).toEqual({ kind: 'absent' });
    for (const { look } of [
      hubspot(listed(['7'], { after: '500' }), lost),
      hubspot(listed(['7'], {})),
      hubspot(answered({ results: [] }, 207)),
      hubspot(lost),
      hubspot({ kind: 'refused', status: 404, code: 'record.not_found' }),
      hubspot(listed(['7', '8']), marked(['7', 'x'])),
    ])
      expect(await lookFor(look)).toEqual({ kind: 'unclear' });
  });

  it('gives up on a list without an end', async () => {
    const endless = Array.from({ length: 20 }, () => listed(['7'], { after: '1' }));
    expect(await lookFor(hubspot(...endless).look)).toEqual({ kind: 'unclear' });
  });
});

describe('looking for a request’s id in a property with unique values', () => {
  const value = 'act_01k8s6q0w3v7m2c5x9t4r1b8ha';
  const witness = {
    kind: 'unique',
    object_type: 'deals',
    id_property: 'sallyport_request',
    value,
    properties: { sallyport_request: value },
  } as const;

  it('is one read by that value', async () => {
    const record = { id: '9', properties: { sallyport_request: value } };
    const { look, asked } = hubspot(answered(record));
    expect(await sight(witness, BEFORE, look)).toEqual({ kind: 'found', record });
    expect(asked).toMatchObject([
      {
        path: `/crm/objects/2026-09/deals/${value}`,
        query: { idProperty: 'sallyport_request', properties: 'sallyport_request' },
      },
    ]);
  });

  it('knows nobody else’s record for its own', async () => {
    const other = { id: '9', properties: { sallyport_request: null } };
    expect(await sight(witness, BEFORE, hubspot(answered(other)).look)).toEqual({
      kind: 'unclear',
    });
    const none: CrmAnswer = { kind: 'refused', status: 404, code: 'record.not_found' };
    expect(await sight(witness, BEFORE, hubspot(none, none).look)).toEqual({ kind: 'absent' });
  });

  it('takes a contact for its own by its e-mail address alone if it was made since', async () => {
    const properties = { email: 'ann@acme.test', firstname: 'Ann' };
    const mail = {
      kind: 'unique',
      object_type: 'contacts',
      id_property: 'email',
      value: properties.email,
      properties,
    } as const;
    const madeAt = (createdAt?: string) => ({
      id: '9',
      properties,
      ...(createdAt && { createdAt }),
    });
    const since = madeAt('2026-11-25T10:00:04.000Z');
    expect(await sight(mail, BEFORE, hubspot(answered(since)).look)).toMatchObject({
      kind: 'found',
      record: { id: '9' },
    });
    for (const other of [madeAt('2026-11-25T09:00:00.000Z'), madeAt()])
      expect(await sight(mail, BEFORE, hubspot(answered(other)).look)).toEqual({ kind: 'unclear' });
  });

  it('knows its own record also when a person has deleted it since', async () => {
    const none: CrmAnswer = { kind: 'refused', status: 404, code: 'record.not_found' };
    const record = { id: '9', properties: { sallyport_request: value } };
    const { look, asked } = hubspot(none, answered(record));
    expect(await sight(witness, BEFORE, look)).toEqual({ kind: 'found', record });
    expect(asked[1]?.query).toMatchObject({ archived: 'true' });
  });
});

describe('looking for an association', () => {
  const lookFor = (look: Look) => sight({ kind: 'linked', from, to }, BEFORE, look);

  it('reads on from page to page, whether ids are numbers or text', async () => {
    const { look, asked } = hubspot(listed(['7'], { after: '500' }), listed([2]));
    expect(await lookFor(look)).toMatchObject({ kind: 'found', record: { id: '1' } });
    expect(asked.map(({ path, query }) => [path, query])).toEqual([
      ['/crm/objects/2026-09/contacts/1/associations/companies', { limit: '500' }],
      ['/crm/objects/2026-09/contacts/1/associations/companies', { limit: '500', after: '500' }],
    ]);
  });

  it('says that it is not there only of a whole list', async () => {
    expect(await lookFor(hubspot(listed([7], { after: '500' }), listed([])).look)).toEqual({
      kind: 'absent',
    });
    for (const { look } of [
      hubspot(listed([7], { after: '500' }), lost),
      hubspot(listed([7], {})),
      hubspot(answered({ results: [] }, 207)),
      hubspot(lost),
      hubspot({ kind: 'refused', status: 404, code: 'record.not_found' }),
    ])
      expect(await lookFor(look)).toEqual({ kind: 'unclear' });
  });

  it('gives up on a list without an end', async () => {
    const endless = Array.from({ length: 20 }, () => listed([7], { after: '1' }));
    expect(await lookFor(hubspot(...endless).look)).toEqual({ kind: 'unclear' });
  });
});
