import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { installEgress } from '../../../src/adapters/hubspot/egress.ts';
import { createHubSpotCrm } from '../../../src/adapters/hubspot/hubspot-crm.ts';
import type { Operation } from '../../../src/contracts/plan.ts';
import type { Crm, CrmAnswer } from '../../../src/ports/crm.ts';
import { ACME, actionNamed, bodyOf, DANA, planOf, SAMPLES } from '../../actions/support.ts';
import { type SimulatorProcess, startSimulator } from '../../support/simulator.ts';

const DEADLINE_MS = 1_500;
const LIFTED = { callsPerTenSeconds: 100_000, searchesPerSecond: 100_000, waitMaxMs: 0 };

let simulator: SimulatorProcess;
beforeAll(async () => {
  simulator = await startSimulator();
  await simulator.control('POST', '/limits', { enabled: false });
  installEgress({ allowedOrigins: [simulator.url], deadlineMs: DEADLINE_MS });
});
afterAll(() => simulator.stop());
afterEach(() => simulator.control('DELETE', '/faults'));

const crmOn = (token: string): Crm =>
  createHubSpotCrm({
    baseUrl: simulator.url,
    readToken: () => Promise.resolve(token),
    deadlineMs: DEADLINE_MS,
    ratePlan: LIFTED,
  });

const callOn = (token: string, operation: Operation | undefined): Promise<CrmAnswer> => {
  if (operation === undefined) throw new Error('the plan is empty');
  return crmOn(token).call(operation, { connection: 'main', version: 1 });
};

const callAll = (token: string, operations: readonly Operation[]): Promise<CrmAnswer[]> =>
  Promise.all(operations.map((operation) => callOn(token, operation)));

const jsonOf = (answer: CrmAnswer): unknown => {
  expect(answer).toMatchObject({ kind: 'answered' });
  return answer.kind === 'answered' ? answer.json : null;
};

async function resultOf(input: Parameters<typeof planOf>[0]): Promise<unknown> {
  const { scopes, toResult } = actionNamed(input.action);
  const plan = planOf(input);
  const answers = await callAll(await simulator.token(scopes), plan.operations);
  return toResult(plan, answers.map(jsonOf));
}

/** Ids that exist in the demo account, where a sample names a made-up one. */
async function realDealId(): Promise<string> {
  const { deals } = (await resultOf({ action: 'search_deal', company_id: ACME })) as {
    deals: { id: string }[];
  };
  return deals[0]?.id ?? '';
}

const OPEN = /new@acme\.test|o'dana/;

describe('every action on a token with exactly its scopes', () => {
  it.each(SAMPLES.filter((sample) => !OPEN.test(JSON.stringify(sample))))(
    '%j is answered, and its answer is understood',
    async (sample) => {
      const input = 'deal_id' in sample ? { ...sample, deal_id: await realDealId() } : sample;
      const wanted = input.action === 'update_deal' ? { ...input, dealstage: 'closedwon' } : input;
      expect(await resultOf(wanted)).toBeTypeOf('object');
    },
  );

  it.each([
    ...['create_contact', 'update_contact', 'create_note', 'create_task', 'log_call'],
    ...['update_company', 'create_deal', 'update_deal'],
  ])('%s is refused on a token that may only read, which names the missing scope', async (name) => {
    const sample = SAMPLES.find(({ action }) => action === name);
    const plan = planOf(sample ?? { action: name });
    expect(await callOn(await simulator.token('read'), plan.operations[0])).toMatchObject({
      kind: 'refused',
      status: 403,
      code: 'hubspot.missing_scope',
      detail: expect.stringContaining(
        actionNamed(name).scopes.find((scope) => scope.endsWith('.write')) ?? '?',
      ) as string,
    });
  });
});

describe('what the account holds', () => {
  it("answers the article's question: the last e-mail with Acme Corp", async () => {
    const companies = await resultOf({ action: 'search_company', name: 'Acme Corp' });
    expect(companies).toMatchObject({ companies: [{ id: ACME, name: 'Acme Corp' }] });
    const last = (await resultOf({
      action: 'list_interactions',
      company_id: ACME,
      kind: 'email',
      limit: 1,
    })) as { interactions: { kind: string; at: string; subject: string }[]; total: number };
    const all = (await resultOf({
      action: 'list_interactions',
      company_id: ACME,
      limit: 50,
    })) as { interactions: { kind: string; at: string }[] };
    const newest = all.interactions.filter(({ kind }) => kind === 'email').map(({ at }) => at);
    expect(last.interactions).toHaveLength(1);
    expect(last.interactions[0]?.subject).toBeTruthy();
    expect(last.interactions[0]?.at).toBe(newest.toSorted().at(-1));
    expect(last.total).toBe(newest.length);
    const times = all.interactions.map(({ at }) => Date.parse(at));
    expect(times).toEqual(times.toSorted((one, other) => other - one));
    expect(new Set(all.interactions.map(({ kind }) => kind)).size).toBeGreaterThan(2);
  });

  it("answers the article's request with five people of Acme Corp", async () => {
    const found = (await resultOf({ action: 'search_contact', company: 'Acme Corp' })) as {
      contacts: Record<string, unknown>[];
      total: number;
    };
    expect(found.total).toBe(5);
    for (const contact of found.contacts)
      expect(Object.keys(contact).toSorted()).toEqual(
        ['email', 'firstname', 'id', 'last_contacted', 'lastname'].toSorted(),
      );
  });

  it('pages through a search without losing or repeating one', async () => {
    const ids: string[] = [];
    let after: string | undefined;
    do {
      const page = (await resultOf({
        action: 'search_contact',
        company: 'Acme Corp',
        limit: 2,
        ...(after === undefined ? {} : { after }),
      })) as { contacts: { id: string }[]; next_after?: string };
      ids.push(...page.contacts.map(({ id }) => id));
      after = page.next_after;
    } while (after !== undefined);
    expect(new Set(ids).size).toBe(5);
    expect(ids).toHaveLength(5);
  });

  it('finds one contact by id and by e-mail address', async () => {
    const byId = await resultOf({ action: 'get_contact', contact_id: DANA });
    expect(byId).toMatchObject({ contact: { id: DANA, firstname: 'Dana', lastname: 'Fox' } });
    expect(await resultOf({ action: 'get_contact', email: 'dana.fox@acme.test' })).toEqual(byId);
  });

  it('says that a missing record is not there', async () => {
    const plan = planOf({ action: 'get_contact', email: "o'dana+crm@acme.test" });
    expect(await callOn(await simulator.token(), plan.operations[0])).toEqual({
      kind: 'refused',
      status: 404,
      code: 'record.not_found',
    });
  });
});

describe('writes', () => {
  it('leave exactly the approved properties in the account', async () => {
    const before = (await simulator.effects()).at(-1)?.seq ?? 0;
    const sample = { action: 'update_contact', contact_id: DANA, phone: '+1 555 0177' };
    await resultOf(sample);
    const effects = await simulator.effects(before);
    expect(effects).toHaveLength(1);
    expect(effects[0]).toMatchObject({ object_type: 'contacts', object_id: DANA });
    expect(await resultOf({ action: 'get_contact', contact_id: DANA })).toMatchObject({
      contact: { phone: '+1 555 0177' },
    });
  });

  it('of an e-mail that is taken conflict', async () => {
    const plan = planOf({ action: 'create_contact', email: 'dana.fox@acme.test' });
    expect(await callOn(await simulator.token(), plan.operations[0])).toEqual({
      kind: 'refused',
      status: 409,
      code: 'record.conflict',
    });
  });

  it('of a value HubSpot does not know are refused, naming the property and not the value', async () => {
    const plan = planOf({ action: 'update_contact', contact_id: DANA, lifecyclestage: 'dana-fox' });
    const answer = await callOn(await simulator.token(), plan.operations[0]);
    expect(answer).toMatchObject({ kind: 'refused', status: 400, code: 'record.invalid' });
    expect(JSON.stringify(answer)).toContain('lifecyclestage');
    expect(JSON.stringify(answer)).not.toContain('dana-fox');
  });

  it('store the escaped note, which shows as the text that was approved', async () => {
    const note = '<img src=x onerror=alert(1)> & "quoted"\nsecond line';
    const plan = planOf({ action: 'create_note', contact_id: DANA, note });
    const before = (await simulator.effects()).at(-1)?.seq ?? 0;
    jsonOf(await callOn(await simulator.token(), plan.operations[0]));
    const [effect] = await simulator.effects(before);
    const sent = bodyOf(plan) as { properties: Record<string, string> };
    expect(effect?.properties['hs_note_body']).toBe(sent.properties['hs_note_body']);
    expect(effect?.properties['hs_note_body']).not.toContain('<img');
  });
});

describe('a credential', () => {
  it.each(['expired', 'revoked'])('that is %s is unauthorized', async (state) => {
    const token = await simulator.token();
    await simulator.control('POST', '/tokens/state', { token, state });
    const plan = planOf({ action: 'get_contact', contact_id: DANA });
    expect(await callOn(token, plan.operations[0])).toMatchObject({
      kind: 'refused',
      status: 401,
      code: 'hubspot.unauthorized',
    });
  });
});

describe('faults', () => {
  const note = planOf({ action: 'create_note', contact_id: DANA, note: 'under fault' });
  const read = planOf({ action: 'get_contact', contact_id: DANA });

  it.each([
    ['commit_then_drop', 'hubspot.unavailable', 1],
    ['commit_then_500', 'hubspot.unavailable', 1],
    ['commit_then_502', 'hubspot.unavailable', 1],
    ['commit_then_hang', 'hubspot.timeout', 1],
    ['truncate', 'hubspot.unavailable', 1],
    ['bad_json', 'hubspot.bad_answer', 1],
    ['drop', 'hubspot.unavailable', 0],
    ['hang', 'hubspot.timeout', 0],
    ['423', 'hubspot.unavailable', 0],
    ['429', 'hubspot.rate_limited', 0],
    ['477', 'hubspot.unavailable', 0],
    ['503', 'hubspot.unavailable', 0],
    ['html', 'hubspot.unavailable', 0],
    ['no_content_type', 'hubspot.unavailable', 0],
    ['redirect', 'hubspot.bad_answer', 0],
  ])('%s: the write is lost as %s, sent once, done %i times', async (mode, code, done) => {
    const token = await simulator.token();
    const seen = await simulator.control<{ count: number }>('GET', '/requests');
    const before = (await simulator.effects()).at(-1)?.seq ?? 0;
    await simulator.control('POST', '/faults', { mode });
    expect(await callOn(token, note.operations[0])).toMatchObject({ kind: 'lost', code });
    const now = await simulator.control<{ count: number }>('GET', '/requests');
    expect(now.body.count - seen.body.count).toBe(1);
    expect(await simulator.effects(before)).toHaveLength(done);
  });

  it.each([
    ['401', 'hubspot.unauthorized', 'refused'],
    ['429', 'hubspot.rate_limited', 'lost'],
    ['hang', 'hubspot.timeout', 'lost'],
    ['html', 'hubspot.unavailable', 'lost'],
  ])('%s: a read ends as %s (%s)', async (mode, code, kind) => {
    await simulator.control('POST', '/faults', { mode });
    expect(await callOn(await simulator.token(), read.operations[0])).toMatchObject({ kind, code });
  });
});

describe('the rate plan', () => {
  it('keeps a burst of searches below the limit of the account', async () => {
    const token = await simulator.token();
    await simulator.control('POST', '/limits', { enabled: true });
    const crm = createHubSpotCrm({
      baseUrl: simulator.url,
      readToken: () => Promise.resolve(token),
      deadlineMs: DEADLINE_MS,
    });
    const [search] = planOf({ action: 'search_contact', company: 'Acme Corp' }).operations;
    if (search === undefined) throw new Error('no search');
    const answers = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const credential = { connection: 'main', version: 1 };
        await crm.takeTurns([search], credential);
        return crm.call(search, credential);
      }),
    );
    await simulator.control('POST', '/limits', { enabled: false });
    expect(answers.map(({ kind }) => kind)).toEqual(Array.from({ length: 12 }, () => 'answered'));
  });
});
