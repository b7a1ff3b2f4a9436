import { afterEach, beforeEach, expect, it, describe } from 'vitest';
import type { Finding } from '../../src/core/detection.ts';
import type { Findings, IncidentRecord } from '../../src/core/incident.ts';
import { describeIncident } from '../../src/core/incident-text.ts';
import { createContainIncident } from '../../src/activities/contain-incident.ts';
import { raiseAlert } from '../../src/gate/alerts.ts';
import { declareFalseAlarm, resumeIncident } from '../../src/gate/incident-steps.ts';
import { openIncident } from '../../src/gate/incidents.ts';
import { writePostMortem } from '../../src/gate/post-mortem.ts';
import type { Store } from '../../src/ports/store.ts';
import { agent, person, request, START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { detectionSettings } from '../support/detection.ts';
import { runInFile } from '../support/store-file.ts';

let place: SqlitePlace;
let store: Store;
let now: number;
const clock = () => new Date(now);
const sam = person(1, { roles: ['operator'] });

beforeEach(async () => {
  now = START.getTime();
  place = await sqlitePlace();
  store = await place.open({ clock });
  await store.commit(async (tx) => {
    await tx.agents.insert(agent(1));
    await tx.people.insert(sam);
  });
});
afterEach(() => place.close());

const auditLog = {
  checkpoint: () => Promise.resolve({ size: 7, rootPrefix: 'root' }),
  note: () => Promise.resolve(undefined),
};
const contain = (id: string) => createContainIncident({ store, clock, auditLog } as any)(id);

/** A rule of detection saw it in this entry. */
async function openedByRule(entry: number): Promise<IncidentRecord> {
  const cause = { rule: 'radar_found', entries: [entry] };
  return store.commit((tx) =>
    openIncident(tx, { connection: 'main', reason: 'A rule', by: 'gateway', cause }),
  );
}

const rogue: Findings['rogue'][number] = {
  ...{ kind: 'changed', objectType: 'contacts', objectId: '20001', at: START },
  ...{ recordName: 'Dana | Reyes', properties: { email: { before: 'a', after: 'b' } } },
};

const findings: Findings = {
  ...{ from: START, to: START, rogue: [rogue], unread: [], leftAlone: [] },
  exposures: [
    {
      ...{ agentId: agent(1).id, action: 'get_contact', reads: 3, fields: ['email'] },
      ...{ records: ['contacts 20001', 'companies 10001'], recordsTotal: 5 },
    },
  ],
};

const reportOf = async (id: string): Promise<string> =>
  writePostMortem(store, (await store.incidents.get(id))!);

describe('a post-mortem', () => {
  it('says how long the rule took to freeze it, and what was asked for lately', async () => {
    const seen = await store.commit((tx) =>
      tx.log.append({ event: 'radar.found', actor: 'gateway' }),
    );
    await store.commit((tx) => tx.requests.insert(request(1, { agentId: agent(1).id })));
    now += 1_500;
    const { id } = await openedByRule(seen);
    await contain(id);
    const report = await reportOf(id);
    expect(report).toContain(`Frozen 1.5 s after entry ${seen}, by which the rule noticed.`);
    expect(report).toContain(`| \`${agent(1).id}\` | 1 | 1 |`);
    expect(report).toContain('0 alerts within the day');
  });

  it('begins with what the rule saw, and ends with the end, whatever came after it', async () => {
    const seen = await store.commit((tx) =>
      tx.log.append({ event: 'radar.found', actor: 'gateway' }),
    );
    await store.commit((tx) => tx.log.append({ event: 'radar.swept', actor: 'gateway' }));
    const { id, freezeId } = await openedByRule(seen);
    for (const stage of ['rotating', 'resuming'] as const)
      await store.commit((tx) => tx.incidents.update(id, { stage }));
    await store.commit((tx) =>
      resumeIncident(tx, { incidentId: id, by: `person:${sam.id}`, personId: sam.id }),
    );
    const facts = { freeze: freezeId, late: true };
    await store.commit((tx) => tx.log.append({ event: 'freeze.lifted', actor: 'late', facts }));
    const report = await reportOf(id);
    const order = ['radar.found', 'freeze.placed', 'incident.opened', 'incident.closed'];
    const places = order.map((event) => report.indexOf(event));
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    expect(places).not.toContain(-1);
    expect(report).not.toContain('radar.swept');
    expect(report).not.toContain('late');
  });

  it('is written also of a log that was tampered with, and names what it could not read', async () => {
    const seen = await store.commit((tx) =>
      tx.log.append({ event: 'radar.found', actor: 'gateway' }),
    );
    const { id, firstEntry } = await openedByRule(seen);
    await contain(id);
    for (const index of [seen, firstEntry])
      runInFile(place.file, 'UPDATE log_entries SET voucher = zeroblob(40) WHERE idx = ?', index);
    const report = await reportOf(id);
    expect(report).toContain(`Entries ${seen}, ${firstEntry} are gone from the store or were`);
    expect(report).toContain('freeze.placed');
    expect(report).not.toContain('by which the rule noticed');
  });

  it('names its own first entries where the log was cut off before them', async () => {
    const { id, firstEntry } = await openedByRule(0);
    const { log } = store;
    const cutOff = { log: { ...log, size: () => Promise.resolve(firstEntry - 1) } };
    const report = await writePostMortem(cutOff, (await store.incidents.get(id))!);
    expect(report).toContain(`Entries ${firstEntry - 1}, ${firstEntry} are gone`);
  });

  it('of a false alarm says why it was one, and asks nothing about a key that nobody had', async () => {
    const { id } = await openedByRule(0);
    await store.commit(async (tx) => {
      const detail = 'The old key still works.';
      const check = { name: 'old_key_dead', state: 'waiting', detail, at: clock() } as const;
      await tx.incidents.update(id, { stage: 'rotating', checks: [check] });
      await declareFalseAlarm(tx, { incidentId: id, by: 'operator', reason: 'Our own | import.' });
    });
    const report = await reportOf(id);
    expect(report).toContain(
      'It was a false alarm: the key was kept. Because: `Our own ¦ import.`',
    );
    expect(report).not.toMatch(/came to act|still works|not replaced|```cedar/);
    expect(report).toContain('What made it look like an incident');
    const shown = describeIncident((await store.incidents.get(id))!).join('\n');
    expect(shown).toContain('It was a false alarm: the key is kept.');
    expect(shown).toContain('npx sallyport incident resume --key-file');
    expect(shown).not.toContain('still works');
  });

  it('says once what each of many looks in a row found, how often, and when the last was', async () => {
    const { id } = await openedByRule(0);
    const look = async (status: number): Promise<void> => {
      now += 5_000;
      await store.commit(async (tx) => {
        const facts = { purpose: 'incident', method: 'GET', incident: id };
        const of = { actor: 'gateway', hubspotEndpoint: '/account-info/2026-09/details' };
        await tx.log.append({ ...of, event: 'hubspot.intended', facts });
        await tx.log.append({ ...of, event: 'hubspot.answered', responseStatus: status, facts });
      });
    };
    const first = await store.log.size();
    for (let count = 0; count < 30; count += 1) await look(200);
    const lastAt = clock().toISOString();
    await look(401);
    const lines = (await reportOf(id)).split('\n').filter((line) => line.includes('account-info'));
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain(`| ${first} to ${first + 59} | hubspot.answered |`);
    expect(lines[0]).toContain(`30 times alike, the last at ${lastAt}: /account-info`);
    expect(lines[1]).toContain('hubspot.intended');
    expect(lines[2]).toContain(' 401 ');
  });

  it('counts each affected record once, names people, and says what it does not list', async () => {
    const { id } = await openedByRule(0);
    await contain(id);
    for (const change of [
      { stage: 'verifying' },
      { stage: 'assessing' },
      { stage: 'reverting', findings },
    ] as const)
      await store.commit((tx) => tx.incidents.update(id, change));
    const report = await reportOf(id);
    expect(report).toContain('2 records, 1 of them contacts, which are people.');
    expect(report).toContain(`was shown 3 more are in the log alone.`);
    expect(report).toContain(
      `| \`contacts 20001\` | \`Dana ¦ Reyes\` | \`changed, shown to ${agent(1).id}\` |`,
    );
  });

  it('says how often the rule has told again since the incident was closed', async () => {
    const { id } = await openedByRule(0);
    for (const stage of ['rotating', 'resuming'] as const)
      await store.commit((tx) => tx.incidents.update(id, { stage }));
    await store.commit((tx) =>
      resumeIncident(tx, { incidentId: id, by: `person:${sam.id}`, personId: sam.id }),
    );
    expect(await reportOf(id)).toMatch(/Told again since .*: 0\./);
    now += 5_000;
    await store.commit((tx) => {
      const finding: Finding = {
        ...{ rule: 'radar_found', agentId: null, personId: null, count: 1, entries: [2] },
        ...{ requests: [], at: clock(), index: 2, liftedAt: null },
      };
      const settings = detectionSettings({ radar_found: '0 in 60s: notify' });
      return raiseAlert(tx, { finding, places: [], settings, connection: 'main', isLate: false });
    });
    expect(await reportOf(id)).toMatch(/Told again since .*: 1\./);
  });
});
