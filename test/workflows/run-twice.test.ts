import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { generateSecret, generateSync } from 'otplib';
import { createDataConverter } from '../../src/adapters/temporal/data-converter.ts';
import { workflowIdOf } from '../../src/adapters/temporal/engine.ts';
import { createPayloadCodec } from '../../src/adapters/temporal/payload-codec.ts';
import { loadPayloadKeys } from '../../src/adapters/temporal/payload-keys.ts';
import { connectDependencies } from '../../src/dependencies.ts';
import { connectAccount } from '../../src/gate/connection.ts';
import { requestIdFor } from '../../src/gate/ids.ts';
import { addPerson } from '../../src/gate/roster.ts';
import { INCIDENT_STEPS } from '../support/incidents.ts';
import type { Passing } from '../support/lying-proxy.ts';
import {
  type Disturbance,
  type Mode,
  MODES,
  startTwiceGateway,
  type TwiceGateway,
} from '../support/run-twice.ts';
import { entriesOf, logEntries } from '../support/log-entries.ts';

/**
 * Every activity of every workflow runs twice, one after the other and at once, and fails once, after
 * its work and before it: record, log and effects are as if it had run once. An activity that is added
 * has to have a path here that runs it.
 */
const TIME_LIMIT_MS = 180_000;
const SWEEP = 'sweepRogueWrites';
const DESK = 'openIncidentBySignal';

let twice: TwiceGateway;
let connection: Connection;
let client: Client;
/** Speaks as the codec server does. */
let desk: Client;
beforeAll(async () => {
  connection = await Connection.connect({ address: inject('temporalAddress') });
  client = new Client({ connection });
  twice = await startTwiceGateway(inject('temporalAddress'));
  const { namespace } = twice.context.config.temporal;
  const codec = createPayloadCodec({
    keys: await loadPayloadKeys(twice.context.secrets),
    namespace,
  });
  desk = new Client({ connection, namespace, dataConverter: createDataConverter(codec) });
  const seen = new Set<string>();
  twice.proxy.answer = async (passing: Passing) => {
    const waits = /\/contacts\/201\d\d\?/.exec(passing.path)?.[0];
    if (waits !== undefined && !seen.has(waits)) {
      seen.add(waits);
      return undefined;
    }
    const fault = /(?:Lost|Dropped|Twice) \w+/.exec(passing.body)?.[0];
    if (passing.method === 'GET' || fault === undefined || seen.has(fault))
      return passing.forward();
    // The first attempt of what is lost twice never arrives, and nobody hears of the second.
    const isFirstOfTwo = fault.startsWith('Twice') && !seen.has(`first of ${fault}`);
    seen.add(isFirstOfTwo ? `first of ${fault}` : fault);
    if (!isFirstOfTwo && !fault.startsWith('Dropped')) await passing.forward();
    return undefined;
  };
});
afterAll(async () => {
  await connection.close();
  await twice.close();
});

const CONTACT = '20001';
const note = (text: string) => ({ action: 'create_note', contact_id: CONTACT, note: text });
const task = (subject: string) => ({
  action: 'create_task',
  contact_id: CONTACT,
  subject,
  due: '2026-12-01T09:00:00Z',
});

interface Path {
  readonly action: (mark: string) => Record<string, unknown>;
  readonly decision?: 'approve' | 'reject';
  /** The activities it runs. */
  readonly runs: readonly string[];
}

/** A contact whose first read comes to nothing. */
let unread = 0;
const nextUnread = (): string => String(20_100 + (unread += 1));
/** One for each update: what others change meanwhile would be somebody else's change. */
let updated = 0;
const nextToUpdate = (): string => String(20_030 + (updated += 1));

const FIRST = ['validateAction', 'fetchSecret', 'recordAudit'];
const ASKED = [...FIRST, 'prepareApproval', 'verifyDecision'];
/** Approved, and of an attempt nobody hears what became of it. */
const lost = (action: Path['action']): Path => ({
  action,
  decision: 'approve',
  runs: [...ASKED, 'callHubSpot', 'reconcileWrite'],
});
const PATHS: Readonly<Record<string, Path>> = {
  'a read': {
    action: () => ({ action: 'get_contact', contact_id: CONTACT }),
    runs: [...FIRST, 'callHubSpot'],
  },
  'a refusal': { action: () => ({ action: 'get_contact' }), runs: FIRST },
  'a rejected write': {
    action: (mark) => note(`Rejected ${mark}`),
    decision: 'reject',
    runs: ASKED,
  },
  'a write of two steps': {
    action: (mark) => ({
      action: 'write_several',
      steps: [note(`First ${mark}`), task(`Second ${mark}`)],
    }),
    decision: 'approve',
    runs: [...ASKED, 'callHubSpot'],
  },
  'a write whose answer is lost': lost((mark) => note(`Lost ${mark}`)),
  'a write of two steps, of which the first answer is lost': lost((mark) => ({
    action: 'write_several',
    steps: [note(`Lost ${mark}`), task(`Second ${mark}`)],
  })),
  'an update whose answer is lost': lost((mark) => ({
    ...{ action: 'update_contact', contact_id: nextToUpdate() },
    jobtitle: `Lost ${mark}`,
  })),
  'a new record whose answer is lost': lost((mark) => ({
    ...{ action: 'create_contact', email: `a${mark}z@acme.test`, firstname: `Lost ${mark}` },
  })),
  'a write that is lost once more when it is sent again': lost((mark) => note(`Twice ${mark}`)),
  'a write whose record cannot be read at first': {
    action: (mark) => ({ ...note(`Waits ${mark}`), contact_id: nextUnread() }),
    decision: 'approve',
    runs: [...ASKED, 'noteWaiting', 'callHubSpot'],
  },
  'a write that is sent again': lost((mark) => note(`Dropped ${mark}`)),
};

let marks = 0;

/** Entries about reads may be there once for each run; what was promised, done or ended only once. */
const isKept = ({ event, facts }: any): boolean =>
  (!/^hubspot\.(?:intended|answered|lost|unsent)$/.test(event) || facts.purpose === 'execute') &&
  event !== 'hubspot.absent';

/** An entry without what differs from request to request. */
const told = ({ event, actor, code, facts }: any): unknown => ({
  event,
  actor,
  code,
  step: facts.step,
  status: facts.status,
  answer: facts.answer,
  resend: facts.resend,
  settled: facts.settled,
});

interface Result {
  readonly record: unknown;
  readonly log: readonly unknown[];
  readonly effects: readonly string[];
}

async function decide(id: string, decision: 'approve' | 'reject'): Promise<void> {
  const { store } = twice.context;
  const waiting = await store.waitForRequest(
    id,
    ({ status }) => status === 'awaiting_approval',
    30_000,
  );
  const digest = waiting?.digest ?? '';
  const path = `/v1/approvals/${id}/decisions`;
  const body = { decision, digest, reason: 'Because.' };
  const answer = await twice.gateway.approver.call('POST', path, { body });
  expect(answer.status).toBe(200);
}

/** The workflow itself has come to its end, not only the record. */
async function workflowEnded(id: string): Promise<void> {
  const { store } = twice.context;
  const isClosed = ({ status }: { status: string }): boolean =>
    /^(?:succeeded|failed|refused|rejected)$/.test(status);
  const request = await store.waitForRequest(id, isClosed, 60_000);
  expect(request === undefined ? 'missing' : request.status).toMatch(/^(?:succ|fail|ref|rej)/);
}

/** Takes one path, with this activity disturbed, and tells what came of it. */
async function take(path: Path, disturbance?: Disturbance): Promise<Result> {
  const { gateway, context } = twice;
  // With what no id has in it: the mark that the gateway leaves in a note is one.
  const mark = `mark_${(marks += 1)}_`;
  const key = `key-${mark}`;
  const id = requestIdFor(gateway.agent.record.id, key);
  if (disturbance !== undefined) twice.disturb(workflowIdOf(id), disturbance);
  await gateway.submit(path.action(mark), { key });
  if (path.decision !== undefined) await decide(id, path.decision);
  await workflowEnded(id);
  if (disturbance !== undefined)
    await expect
      .poll(() => twice.disturbedIn(workflowIdOf(id)), { timeout: 20_000 })
      .toEqual([disturbance.activity]);
  const { store } = context;
  const request = await store.requests.get(id);
  const entries = await entriesOf(store, id);
  const effects = (await gateway.simulator.effects()).filter(({ properties }) =>
    JSON.stringify(properties).includes(mark),
  );
  const ledger = await store.ledger.of(id);
  return {
    record: {
      status: request?.status,
      code: request?.code,
      operations: request?.plan?.operations.length,
      hasCard: request?.card !== null,
      decisions: (await store.decisions.of(id)).map(({ decision }) => decision),
      ledger: ledger.map(({ objectType }) => objectType),
    },
    log: entries.filter(isKept).map(told),
    effects: effects.map(({ effect, object_type }) => `${effect} ${object_type}`),
  };
}

let sweeps = 0;

/** Runs the radar's workflow to its end, with its activity disturbed, and tells what is on record of it. */
async function sweepOnce(mode?: Mode): Promise<unknown> {
  const { context, gateway } = twice;
  sweeps += 1;
  const { id } = (
    await gateway.simulator.control<any>('POST', '/edits', {
      ...{ object_type: 'contacts', create: { firstname: `Swept ${sweeps}` } },
    })
  ).body;
  const token = (await context.secrets.get('hubspot/main', 1))?.value;
  await fetch(`${twice.proxy.url}/crm/objects/2026-09/contacts/${id}`, {
    ...{ method: 'PATCH', body: JSON.stringify({ properties: { city: 'Rogue' } }) },
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  });
  const workflowId = `sweep-${randomUUID()}`;
  if (mode !== undefined) twice.disturb(workflowId, { activity: SWEEP, mode });
  const { taskQueue } = gateway.config.temporal;
  const handle = await client.workflow.start('rogueWriteSweep', { workflowId, taskQueue });
  await expect
    .poll(async () => (await handle.describe()).status.name, { timeout: 60_000 })
    .toBe('COMPLETED');
  if (mode !== undefined) expect(twice.disturbedIn(workflowId)).toEqual([SWEEP]);
  const entries = await logEntries(context.store);
  const known = await context.store.radar.get('main');
  return {
    found: entries
      .filter(({ event, facts }) => event === 'radar.found' && facts.object_id === id)
      .map(({ facts }) => facts.kind),
    kept: known?.found.filter(({ key }) => key.includes(`/${id} `)).length,
  };
}

describe('every activity, twice and failing once', () => {
  it('is on at least one path', () => {
    const covered = new Set([
      SWEEP,
      ...Object.values(PATHS).flatMap(({ runs }) => runs),
      // On the way of an incident: incident-twice.test.ts.
      ...INCIDENT_STEPS,
      DESK,
    ]);
    expect(twice.activityNames.filter((name) => !covered.has(name))).toEqual([]);
  });

  it.each(Object.entries(PATHS))(
    '%s ends as if each had run once',
    async (_name, path) => {
      const once = await take(path);
      const cases = path.runs.flatMap((activity) => MODES.map((mode) => ({ activity, mode })));
      const results = await Promise.all(
        cases.map(async (disturbance) => ({
          disturbance,
          ...(await take(path, disturbance).catch((error: unknown) => ({ error: String(error) }))),
        })),
      );
      expect(results).toEqual(cases.map((disturbance) => ({ disturbance, ...once })));
    },
    TIME_LIMIT_MS,
  );

  it(
    'a sweep of the radar tells each finding once',
    async () => {
      const { context, proxy } = twice;
      const connecting = { connection: 'main', by: 'operator', isPortalForced: false };
      await connectAccount(connectDependencies(context, proxy.url), connecting);
      const once = await sweepOnce();
      expect(once).toEqual({ found: ['changed'], kept: 1 });
      for (const mode of MODES) expect([mode, await sweepOnce(mode)]).toEqual([mode, once]);
    },
    TIME_LIMIT_MS,
  );

  it(
    'a signal to the desk opens one incident, and refuses nobody whose code was good',
    async () => {
      const { context, gateway } = twice;
      const { taskQueue } = gateway.config.temporal;
      for (const [modes, mode] of MODES.entries()) {
        const workflowId = `desk-${randomUUID()}`;
        twice.disturb(workflowId, { activity: DESK, mode });
        const of = { name: mode, email: `desk${modes}@acme.test`, roles: ['operator'], by: 'test' };
        const totpSecret = generateSecret();
        const { record } = await context.store.commit((tx) => addPerson(tx, { ...of, totpSecret }));
        const handle = await desk.workflow.start('gateDesk', { workflowId, taskQueue });
        const code = generateSync({ secret: record.totpSecret });
        await handle.signal('open_incident', { person: record.email, code });
        await expect.poll(() => twice.disturbedIn(workflowId), { timeout: 20_000 }).toEqual([DESK]);
        await expect
          .poll(async () => JSON.stringify(await handle.query('__temporal_workflow_metadata')), {
            timeout: 20_000,
          })
          .toContain('is open');
        await handle.terminate();
      }
      expect(await context.store.incidents.list(10)).toHaveLength(1);
      const entries = await logEntries(context.store);
      expect(entries.filter(({ event }) => event === 'incident.opened')).toHaveLength(1);
      expect(entries.filter(({ event }) => event === 'incident.refused')).toEqual([]);
    },
    TIME_LIMIT_MS,
  );
});
