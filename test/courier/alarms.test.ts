import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCourier } from '../../src/courier.ts';
import type { Finding } from '../../src/core/detection.ts';
import type { Check } from '../../src/core/incident.ts';
import type { Cargo, Channel } from '../../src/core/notices.ts';
import { raiseAlert } from '../../src/gate/alerts.ts';
import { declareFalseAlarm, openIncident, resumeIncident } from '../../src/gate/incidents.ts';
import { oweOfIncidents } from '../../src/gate/incident-notices.ts';
import { oweAsked, type NoticePlace } from '../../src/gate/notices.ts';
import type { AlarmTelling, Telling, Told } from '../../src/ports/notifier.ts';
import type { Store } from '../../src/ports/store.ts';
import { agent, connection, person, requestId, START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { detectionSettings } from '../support/detection.ts';
import { insertWaiting, waitingRequest } from '../support/waiting-request.ts';

const MINUTE = 60_000;
const SLACK: NoticePlace = { channel: 'slack', recipient: 'C0APPROVALS' };
const HOOK: NoticePlace = { channel: 'webhook', recipient: 'https://hooks.acme.test' };
const MAIL: NoticePlace = { channel: 'email', recipient: null };
const ALL = [SLACK, HOOK, MAIL];
const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

const [lena, omar, kim] = [
  person(1, { roles: ['operator', 'approver'] }),
  person(2, { roles: ['operator'] }),
  person(3, { roles: ['approver'] }),
];

let place: SqlitePlace;
let store: Store;
let now: number;
let told: AlarmTelling[];
let answer: (telling: Telling) => Told | Promise<Told>;

const clock = () => new Date(now);

beforeEach(async () => {
  now = START.getTime();
  told = [];
  answer = ({ notice }) => ({ kind: 'sent', reference: `said-${notice.id}` });
  place = await sqlitePlace();
  store = await place.open({ clock });
  await store.commit(async (tx) => {
    await tx.agents.insert(agent(1));
    for (const one of [lena, omar, kim]) await tx.people.insert(one);
    await tx.connections.put(connection());
  });
});
afterEach(() => place.close());

/** Until nothing is due: a courier that was started anew each time, as after a death. */
async function deliver(cargo: Cargo = 'alarms'): Promise<void> {
  const notifiers = (['slack', 'webhook', 'email'] as const).map((channel) => ({
    channel,
    tell: async (telling: Telling) => {
      if ('alarm' in telling) told.push(telling);
      return answer(telling);
    },
  }));
  const deps = { store, notifiers, origin: 'https://gate.test', clock, logger, cargo };
  while ((await createCourier(deps).deliver()) > 0);
}

const look = (places: readonly NoticePlace[] = ALL) =>
  oweOfIncidents({ store, places, clock, logger });

async function turn(): Promise<string[]> {
  const before = told.length;
  await look();
  await deliver();
  return told.slice(before).map(({ notice, alarm }) => `${notice.channel}: ${alarm.title}`);
}

const to = (channel: Channel) => told.filter(({ notice }) => notice.channel === channel);
const mailed = () => to('email').map(({ notice }) => notice.recipient);

const finding: Finding = {
  ...{ rule: 'hubspot_error', agentId: null, personId: null, count: 1, entries: [4], index: 4 },
  ...{ requests: [requestId(1)], at: START, liftedAt: null },
};

const raise = (
  over: Partial<Finding> = {},
  response = 'notify',
  places: readonly NoticePlace[] = ALL,
) =>
  store.commit(async (tx) => {
    const of = { ...finding, at: clock(), ...over };
    const settings = detectionSettings({ [of.rule]: `0 in 60s: ${response}` });
    return raiseAlert(tx, { finding: of, places, settings, connection: 'main', isLate: false });
  });

const open = (by = 'operator') =>
  store.commit((tx) =>
    openIncident(tx, { connection: 'main', reason: 'Somebody has our key.', by }),
  );

type Change = Parameters<Parameters<Parameters<Store['commit']>[0]>[0]['incidents']['update']>[1];
const move = (id: string, ...changes: readonly Change[]) =>
  store.commit(async (tx) => {
    for (const change of changes) await tx.incidents.update(id, change);
  });

const failed = (name: Check['name'], detail: string): Check => ({
  ...{ name, detail, at: START },
  state: 'failed',
});

describe('an alert', () => {
  it('is told once to every place, with what caused it and what was done', async () => {
    await raise();
    await deliver();
    await deliver();
    expect(to('slack')).toMatchObject([
      {
        alarm: {
          title: 'Alert: HubSpot answered with an error of its own (5xx)',
          lines: [
            `Seen: 1 in 60 s, the last at ${START.toISOString()} (UTC)`,
            'Done: people were told',
            'Entries of the log: 4',
          ],
          link: expect.stringMatching(
            /^https:\/\/gate\.test\/console\/alerts\?before=\d+#alert-\d+$/,
          ),
          data: { kind: 'alert', alert: { rule: 'hubspot_error', entries: [4] } },
        },
      },
    ]);
    expect(to('webhook')).toHaveLength(1);
    // To operators alone, where there are any.
    expect(mailed()).toEqual([lena.id, omar.id]);
  });

  it('is raised and owed in one commit: neither is there without the other', async () => {
    const whole = store.commit(async (tx) => {
      const settings = detectionSettings();
      const of = { finding, places: ALL, settings, connection: 'main', isLate: false };
      await raiseAlert(tx, of);
      throw new Error('died before it was on disk');
    });
    await expect(whole).rejects.toThrow('died');
    await deliver();
    expect([told, await store.log.newest('alert.raised', { limit: 1 })]).toEqual([[], []]);
    await raise();
    await raise();
    await deliver();
    expect(to('slack')).toHaveLength(1);
  });

  it('about a person is not mailed to that person, unless nobody else is there', async () => {
    await raise({ rule: 'rubber_stamping', personId: lena.id });
    await deliver();
    expect(mailed()).toEqual([omar.id]);
    expect(to('slack')[0]?.alarm.lines[0]).toBe(`Person: ${lena.name}`);
    for (const { id } of [omar, kim]) await store.commit((tx) => tx.people.revoke(id));
    now += 2 * MINUTE;
    await raise({ rule: 'hasty_approvals', personId: lena.id });
    await deliver();
    expect(mailed()).toEqual([omar.id, lena.id]);
  });

  it('goes to everybody where nobody is an operator, and names the agent', async () => {
    for (const { id } of [lena, omar]) await store.commit((tx) => tx.people.revoke(id));
    await raise({ rule: 'refusals', agentId: agent(1).id }, 'freeze_agent');
    await deliver();
    expect(mailed()).toEqual([kim.id]);
    expect(to('slack')[0]?.alarm.lines).toEqual([
      `Agent: ${agent(1).name}`,
      expect.stringContaining('Seen:'),
      expect.stringMatching(/^Done: the agent was frozen \(frz_/),
      'Entries of the log: 4',
    ]);
  });

  it('that opened an incident is told with it; one that comes during an incident by itself', async () => {
    await raise({ rule: 'radar_found' }, 'open_incident');
    await deliver();
    expect(told).toEqual([]);
    now += 2_000;
    expect(await turn()).toContain('slack: Incident: main is frozen');
    expect(to('webhook')[0]?.alarm.data).toMatchObject({ incident: { rule: 'radar_found' } });
    now += 2 * MINUTE;
    await raise({ rule: 'hubspot_unauthorized' }, 'open_incident');
    expect(await turn()).toContain(
      'slack: Alert: HubSpot refuses our key (401), and nobody here has replaced it',
    );
  });

  it('whose entry was changed by hand is told as that', async () => {
    await raise({}, 'notify', [SLACK]);
    const raw = new DatabaseSync(place.file);
    raw.exec(`update log_entries set leaf = x'7b7d' where event = 'alert.raised'`);
    raw.close();
    await deliver();
    expect(told[0]?.alarm).toMatchObject({
      title: 'An alert whose entry in the log does not open',
      data: { alert: null },
    });
  });
});

describe('an incident', () => {
  it('is told with what a person has to do, once, as soon as it is contained', async () => {
    const { id } = await open();
    expect(await turn()).toEqual([]);
    await move(id, { stage: 'rotating' });
    expect(await turn()).toEqual([
      'slack: Incident: main is frozen',
      'webhook: Incident: main is frozen',
      'email: Incident: main is frozen',
      'email: Incident: main is frozen',
    ]);
    const [slack] = to('slack');
    expect(slack?.alarm).toMatchObject({
      said: 'Somebody has our key.',
      link: `https://gate.test/console/incidents/${id}`,
      data: { event: 'incident_opened', incident: { id, stage: 'rotating' } },
    });
    expect(slack?.alarm.lines.join('\n')).toContain('“Rotate and expire now”');
    expect(await turn()).toEqual([]);
  });

  it('is told after two seconds also where the engine is down and nothing is contained yet', async () => {
    const { id } = await open();
    now += 2_000;
    expect(await turn()).toContain('slack: Incident: main is frozen');
    await move(id, { stage: 'rotating' });
    expect(await turn()).toContain('slack: Incident: rotate the key in HubSpot');
  });

  it('reminds after 5, 15, 30 and 60 minutes, then every hour, and does not make up for what was missed', async () => {
    const { id } = await open();
    await move(id, { stage: 'rotating' });
    await turn();
    const at: number[] = [];
    for (let minute = 1; minute <= 240; minute += 1) {
      now += MINUTE;
      const said = await turn();
      expect(said.every((one) => one.includes('Reminder: Incident: rotate the key'))).toBe(true);
      if (said.length > 0) at.push(minute);
    }
    expect(at).toEqual([5, 15, 30, 60, 120, 180, 240]);
    now += 300 * MINUTE;
    expect((await turn()).filter((one) => one.startsWith('slack'))).toHaveLength(1);
  });

  it('asks anew when the key that was stored is not the right one, and says why', async () => {
    const { id } = await open();
    await move(id, { stage: 'rotating' });
    await turn();
    await move(
      id,
      { stage: 'verifying', newVersion: 2, reached: { supplied: clock() } },
      {
        stage: 'rotating',
        newVersion: null,
        checks: [failed('same_account', 'The new key opens account 7, not 8.')],
      },
    );
    expect(await turn()).toContain('slack: Incident: rotate the key in HubSpot');
    expect(to('slack')[1]?.alarm.lines.slice(0, 2)).toEqual([
      'The key that was stored is not the right one.',
      'Same account: The new key opens account 7, not 8.',
    ]);
  });

  it('says that the old key was left alive when it still works a minute after the new one', async () => {
    const { id } = await open();
    await move(id, { stage: 'rotating' });
    await turn();
    const alive = {
      ...failed('old_key_dead', 'The old key still works.'),
      state: 'waiting',
    } as const;
    await move(id, {
      ...{ stage: 'verifying', newVersion: 2, checks: [alive] },
      reached: { supplied: clock() },
    });
    now += MINUTE - 1;
    expect(await turn()).toEqual([]);
    now += 1;
    expect(await turn()).toContain('slack: Incident: the new key is not verified');
    expect(to('slack').at(-1)?.alarm.lines.join()).toContain('“Expire now”');
  });

  it('asks by mail a second person to resume, not who contained it, and tells its end to all', async () => {
    const { id } = await open(`person:${lena.id}`);
    await move(id, { stage: 'rotating' });
    await turn();
    await store.commit((tx) =>
      declareFalseAlarm(tx, { incidentId: id, by: `person:${lena.id}`, reason: 'A mistake' }),
    );
    const before = to('email').length;
    expect(await turn()).toContain('slack: Incident: a second person resumes');
    expect(mailed().slice(before)).toEqual([omar.id]);
    await store.commit((tx) =>
      resumeIncident(tx, { incidentId: id, by: `person:${omar.id}`, personId: omar.id }),
    );
    expect((await turn()).toSorted()).toEqual([
      'email: Incident closed, a false alarm: calls start again',
      'email: Incident closed, a false alarm: calls start again',
      'slack: Incident closed, a false alarm: calls start again',
      'webhook: Incident closed, a false alarm: calls start again',
    ]);
    expect(to('slack').at(-1)).toMatchObject({
      thread: to('slack')[0] && `said-${to('slack')[0]!.notice.id}`,
      alarm: { lines: [`Resumed by ${omar.name}.`, 'Closed. Calls start again.'] },
    });
    now += 10 * MINUTE;
    expect(await turn()).toEqual([]);
  });

  it('says nothing that is no longer so: a step that was done, an incident that is over', async () => {
    const { id } = await open();
    await move(id, { stage: 'rotating' });
    await look([SLACK]);
    await deliver();
    await move(id, { stage: 'resuming', isFalseAlarm: true });
    await look([SLACK]);
    await store.commit((tx) =>
      resumeIncident(tx, { incidentId: id, by: 'person:x', personId: omar.id }),
    );
    await deliver();
    expect(to('slack').map(({ notice }) => notice.kind)).toEqual([
      'incident_opened',
      'incident_closed',
    ]);
    const second = await open();
    await move(second.id, { stage: 'rotating' });
    await look([SLACK]);
    await move(second.id, { stage: 'resuming', isFalseAlarm: true });
    await store.commit((tx) =>
      resumeIncident(tx, { incidentId: second.id, by: 'person:x', personId: omar.id }),
    );
    await deliver();
    expect(to('slack')).toHaveLength(2);
  });

  it('whose row was changed by hand is told as that, and holds up no other', async () => {
    const { id } = await open();
    await move(id, { stage: 'rotating' });
    await look([SLACK]);
    const raw = new DatabaseSync(place.file);
    raw.exec("update incidents set stage = 'closed'");
    raw.close();
    await look([SLACK]);
    await deliver();
    expect(told[0]?.alarm.title).toBe('An incident whose record does not open');
  });

  it('has in its own story whom it told, and of what', async () => {
    const { id } = await open();
    await move(id, { stage: 'rotating' });
    await turn();
    const leaves = await store.log.leaves(0, await store.log.size());
    const entries = leaves.map((leaf) => JSON.parse(Buffer.from(leaf).toString()));
    const own = entries.filter(({ facts }) => facts.incident === id).map(({ event }) => event);
    expect(own.filter((event) => event === 'incident.prompted')).toHaveLength(1);
    expect(own.filter((event) => event === 'notice.sent')).toHaveLength(4);
    const prompted = entries.find(({ event }) => event === 'incident.prompted');
    expect(prompted.facts).toMatchObject({
      step: 'rotating',
      told: [
        'slack C0APPROVALS',
        'webhook https://hooks.acme.test',
        `email ${lena.id}`,
        `email ${omar.id}`,
      ],
    });
  });
});

describe('the outbox', () => {
  it('carries alarms past requests over which a channel hangs', async () => {
    const request = waitingRequest(1, {});
    await store.commit(async (tx) => {
      await insertWaiting(tx, request);
      await oweAsked(tx, request.id, [HOOK]);
    });
    let release: (value: Told) => void = () => undefined;
    const hanging = new Promise<Told>((resolve) => (release = resolve));
    answer = (telling) => ('alarm' in telling ? { kind: 'sent', reference: null } : hanging);
    const requests = deliver('requests');
    await raise();
    await deliver('alarms');
    expect(told).toHaveLength(4);
    release({ kind: 'sent', reference: null });
    await requests;
  });

  it('sends no alarm again whose row was put back by hand, and takes none that a hand wrote', async () => {
    await raise({}, 'notify', [SLACK]);
    const raw = new DatabaseSync(place.file);
    const row = raw.prepare('select * from notices').get() as Record<string, any>;
    await deliver();
    const names = Object.keys(row);
    const put = (values: Record<string, any>) =>
      raw
        .prepare(`replace into notices (${names.join()}) values (${names.map(() => '?').join()})`)
        .run(...names.map((name) => values[name]));
    put(row);
    await deliver();
    put({ ...row, seq: 900, id: 'ntc_forged', recipient: 'C0ELSEWHERE' });
    raw.close();
    now += 1;
    await deliver();
    expect(told).toHaveLength(1);
    const events = (await store.log.leaves(0, await store.log.size())).map(
      (leaf) => JSON.parse(Buffer.from(leaf).toString()).event,
    );
    expect(events.filter((event) => event === 'notice.tampered')).toHaveLength(2);
  });
});
