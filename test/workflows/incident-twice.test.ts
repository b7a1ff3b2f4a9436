import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { incidentWorkflowIdOf } from '../../src/adapters/temporal/engine.ts';
import { openIncident } from '../../src/gate/incidents.ts';
import { addPerson } from '../../src/gate/roster.ts';
import { entryOf } from '../../src/gate/logged.ts';
import { EXACT_SCOPES, INCIDENT_STEPS } from '../support/incidents.ts';
import { MODES, type Mode, startTwiceGateway, type TwiceGateway } from '../support/run-twice.ts';

/** Every step of an incident runs twice, and fails once: the incident ends as if each had run once. */
const TIME_LIMIT_MS = 300_000;
const REACHED_WITHIN_MS = 60_000;

let twice: TwiceGateway;
let key: string;
let second: Awaited<ReturnType<TwiceGateway['gateway']['addPerson']>>['call'];

const mint = async (): Promise<string> => {
  const scopes = EXACT_SCOPES;
  const { control } = twice.gateway.simulator;
  return (await control<{ token: string }>('POST', '/tokens', { scopes })).body.token;
};
const kill = (token: string) =>
  twice.gateway.simulator.control('POST', '/tokens/state', { token, state: 'revoked' });

async function enrollSecond() {
  const of = { name: 'Sam Field', email: 'sam@sallyport.test', roles: ['operator'] };
  const made = await twice.context.store.commit((tx) =>
    addPerson(tx, { ...of, totpSecret: 'JBSWY3DPEHPK3PXP', by: 'test' }),
  );
  return twice.gateway.caller(made.key);
}

beforeAll(async () => {
  twice = await startTwiceGateway(inject('temporalAddress'));
  key = (await twice.context.secrets.get('hubspot/main'))?.value ?? '';
  second = await enrollSecond();
}, 60_000);
afterAll(() => twice.close());

async function reaches(id: string, stage: string): Promise<any> {
  const until = Date.now() + REACHED_WITHIN_MS;
  for (;;) {
    const { body } = await second('GET', `/v1/incidents/${id}`);
    if (body.stage === stage) return body;
    if (Date.now() > until) throw new Error(`not ${stage}: ${JSON.stringify(body)}`);
    await sleep(50);
  }
}

/** One incident from its opening to its end, with every step disturbed in this way. */
async function take(mode: Mode | undefined): Promise<unknown> {
  const { gateway, context } = twice;
  const first = gateway.approver.call;
  const effectsBefore = (await gateway.simulator.effects()).length;
  // Opened without the API, so that the steps are disturbed before the first of them runs.
  const of = { connection: 'main', reason: 'Twice', by: `person:${gateway.approver.record.id}` };
  const { id } = await context.store.commit((tx) => openIncident(tx, of));
  const workflow = incidentWorkflowIdOf(id);
  if (mode !== undefined) twice.disturb(workflow, { activity: '*', mode });
  // A second opening finds it, and starts its workflow.
  await first('POST', '/v1/incidents', { body: { reason: 'Twice' } });
  await reaches(id, 'rotating');
  // `askForKey` has run: it tried the old key.
  await expect
    .poll(async () => (await reaches(id, 'rotating')).checks.length, { timeout: 20_000 })
    .toBe(1);
  await kill(key);
  key = await mint();
  expect((await first('POST', `/v1/incidents/${id}/key`, { body: { key } })).status).toBe(202);
  await reaches(id, 'resuming');
  // `awaitResume` has to have run.
  if (mode !== undefined)
    await expect
      .poll(() => [...twice.disturbedIn(workflow)].toSorted(), { timeout: 20_000 })
      .toEqual([...INCIDENT_STEPS].toSorted());
  expect((await second('POST', `/v1/incidents/${id}/resume`, { body: {} })).status).toBe(200);
  const incident = await context.store.incidents.get(id);
  const leaves = await context.store.log.leaves(0, await context.store.log.size());
  const story = leaves.map(entryOf).filter(({ facts }) => facts['incident'] === id);
  const effects = (await gateway.simulator.effects()).slice(effectsBefore);
  const count = (effect: string) => effects.filter((one) => one.effect === effect).length;
  return {
    stage: incident?.stage,
    steps: story.map(({ event }) => event).filter((event) => /^incident\.(?!checked)/.test(event)),
    checks: incident?.checks.map(({ name, state }) => `${name} ${state}`).toSorted(),
    reached: Object.keys(incident?.reached ?? {}).toSorted(),
    testNotesLeft: count('create') - count('archive'),
  };
}

describe('every step of an incident, twice and failing once', () => {
  it(
    'ends as if each had run once',
    async () => {
      const once = await take(undefined);
      expect(once).toMatchObject({ stage: 'closed', testNotesLeft: 0 });
      for (const mode of MODES)
        expect({ mode, result: await take(mode) }).toEqual({ mode, result: once });
    },
    TIME_LIMIT_MS,
  );
});
