import { describe, expect, it } from 'vitest';
import { declareFalseAlarm, resumeIncident } from '../../src/gate/incident-steps.ts';
import { openIncident } from '../../src/gate/incidents.ts';
import { noteAbsence } from '../../src/gate/absences.ts';
import { raiseAlert } from '../../src/gate/alerts.ts';
import { agent, START } from '../adapters/store/fixtures.ts';
import { detectionSettings } from '../support/detection.ts';
import { runInFile } from '../support/store-file.ts';
import {
  ALL,
  clock,
  deliver,
  failed,
  finding,
  kim,
  lena,
  look,
  mailed,
  MINUTE,
  move,
  omar,
  open,
  raise,
  rig,
  SLACK,
  to,
  turn,
  useAlarmRig,
} from './alarm-rig.ts';

useAlarmRig();

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
            'Done: nothing was stopped',
            'Entries of the log: 4',
          ],
          link: expect.stringMatching(/^https:\/\/gate\.test\/console\/alerts\/\d+$/),
          data: { kind: 'alert', alert: { rule: 'hubspot_error', entries: [4] } },
        },
      },
    ]);
    expect(to('webhook')).toHaveLength(1);
    // To operators alone, where there are any.
    expect(mailed()).toEqual([lena.id, omar.id]);
  });

  it('is raised and owed in one commit: neither is there without the other', async () => {
    const whole = rig.store.commit(async (tx) => {
      const settings = detectionSettings();
      const of = { finding, places: ALL, settings, connection: 'main', isLate: false };
      await raiseAlert(tx, of);
      throw new Error('died before it was on disk');
    });
    await expect(whole).rejects.toThrow('died');
    await deliver();
    expect([rig.told, await rig.store.log.newest('alert.raised', { limit: 1 })]).toEqual([[], []]);
    await raise();
    await raise();
    await deliver();
    expect(to('slack')).toHaveLength(1);
  });

  it('is mailed to an operator who is away, too: it is no approval that somebody else could give', async () => {
    const until = new Date(rig.now + 60 * MINUTE);
    const away = { personId: omar.id, from: clock(), until, delegateId: kim.id, by: 'operator' };
    await rig.store.commit((tx) => noteAbsence(tx, away));
    await raise();
    await deliver();
    expect(mailed()).toEqual([lena.id, omar.id]);
  });

  it('about a person is not mailed to that person, unless nobody else is there', async () => {
    await raise({ rule: 'rubber_stamping', personId: lena.id });
    await deliver();
    expect(mailed()).toEqual([omar.id]);
    expect(to('slack')[0]?.alarm.lines[0]).toBe(`Person: ${lena.name}`);
    for (const { id } of [omar, kim]) await rig.store.commit((tx) => tx.people.revoke(id));
    rig.now += 2 * MINUTE;
    await raise({ rule: 'hasty_approvals', personId: lena.id });
    await deliver();
    expect(mailed()).toEqual([omar.id, lena.id]);
  });

  it('goes to everybody where nobody is an operator, and names the agent', async () => {
    for (const { id } of [lena, omar]) await rig.store.commit((tx) => tx.people.revoke(id));
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
    expect(rig.told).toEqual([]);
    rig.now += 2_000;
    expect(await turn()).toContain('slack: Incident: main is frozen');
    expect(to('webhook')[0]?.alarm.data).toMatchObject({ incident: { rule: 'radar_found' } });
    rig.now += 2 * MINUTE;
    await raise({ rule: 'hubspot_unauthorized' }, 'open_incident');
    expect(await turn()).toContain(
      'slack: Alert: HubSpot refuses our key (401), and nobody here has replaced it',
    );
  });

  it('whose entry was changed by hand is told as that', async () => {
    await raise({}, 'notify', [SLACK]);
    runInFile(rig.place.file, "update log_entries set leaf = x'7b7d' where event = 'alert.raised'");
    await deliver();
    expect(rig.told[0]?.alarm).toMatchObject({
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
      'email: Incident: main is frozen',
      'email: Incident: main is frozen',
      'slack: Incident: main is frozen',
      'webhook: Incident: main is frozen',
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
    rig.now += 2_000;
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
      rig.now += MINUTE;
      const said = await turn();
      expect(said.every((one) => one.includes('Reminder: Incident: rotate the key'))).toBe(true);
      if (said.length > 0) at.push(minute);
    }
    expect(at).toEqual([5, 15, 30, 60, 120, 180, 240]);
    rig.now += 300 * MINUTE;
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
    rig.now += MINUTE - 1;
    expect(await turn()).toEqual([]);
    rig.now += 1;
    expect(await turn()).toContain('slack: Incident: the new key is not verified');
    expect(to('slack').at(-1)?.alarm.lines.join()).toContain('“Expire now”');
  });

  it('asks by mail a second person to resume, not who contained it, and tells its end to all', async () => {
    const { id } = await open(`person:${lena.id}`);
    await move(id, { stage: 'rotating' });
    await turn();
    await rig.store.commit((tx) =>
      declareFalseAlarm(tx, { incidentId: id, by: `person:${lena.id}`, reason: 'A mistake' }),
    );
    const before = to('email').length;
    expect(await turn()).toContain('slack: Incident: a second person resumes');
    expect(mailed().slice(before)).toEqual([omar.id]);
    await rig.store.commit((tx) =>
      resumeIncident(tx, { incidentId: id, by: `person:${omar.id}`, personId: omar.id }),
    );
    expect(await turn()).toEqual([
      'email: Incident closed, a false alarm: calls start again',
      'email: Incident closed, a false alarm: calls start again',
      'slack: Incident closed, a false alarm: calls start again',
      'webhook: Incident closed, a false alarm: calls start again',
    ]);
    expect(to('slack').at(-1)).toMatchObject({
      thread: to('slack')[0] && `said-${to('slack')[0]!.notice.id}`,
      alarm: { lines: [`Resumed by ${omar.name}.`, 'Closed. Calls start again.'] },
    });
    rig.now += 10 * MINUTE;
    expect(await turn()).toEqual([]);
  });

  it('says nothing that is no longer so: a step that was done, an incident that is over', async () => {
    const { id } = await open();
    await move(id, { stage: 'rotating' });
    await look([SLACK]);
    await deliver();
    await move(id, { stage: 'resuming', isFalseAlarm: true });
    await look([SLACK]);
    await rig.store.commit((tx) =>
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
    await rig.store.commit((tx) =>
      resumeIncident(tx, { incidentId: second.id, by: 'person:x', personId: omar.id }),
    );
    await deliver();
    expect(to('slack')).toHaveLength(2);
  });

  it('whose row was changed by hand is told as that, once, and holds up no other', async () => {
    const { id } = await open();
    const other = await rig.store.commit((tx) =>
      openIncident(tx, { connection: 'second', reason: 'Another', by: 'operator' }),
    );
    await move(other.id, { stage: 'rotating' });
    runInFile(rig.place.file, "update incidents set stage = 'resuming' where id = ?", id);
    for (let n = 0; n < 3; n += 1) {
      await look([SLACK]);
      await deliver();
    }
    expect(rig.told.map(({ alarm }) => alarm.title).toSorted()).toEqual([
      'An incident whose record does not open',
      'Incident: second is frozen',
    ]);
  });

  it('asks who contained it to resume where they are the only operator, and nobody who may not', async () => {
    await rig.store.commit((tx) => tx.people.revoke(omar.id));
    const { id } = await open(`person:${lena.id}`);
    await move(id, { stage: 'rotating' });
    await turn();
    await move(id, { stage: 'resuming', isFalseAlarm: true });
    const before = to('email').length;
    await turn();
    expect(mailed().slice(before)).toEqual([lena.id]);
    expect(to('email').at(-1)?.alarm.lines.join()).toContain('npx sallyport incident resume');
  });

  it('is told to the others where one person’s row was changed by hand', async () => {
    const sql = 'update people set roles = \'["operator","x"]\' where id = ?';
    runInFile(rig.place.file, sql, lena.id);
    await raise();
    await deliver();
    expect(mailed()).toEqual([omar.id]);
    expect(to('email')[0]?.address).toBe(omar.email);
  });

  it('says a need that is there again for a moment, and asks once for the same ones in another order', async () => {
    const { id } = await open();
    await move(id, { stage: 'rotating' });
    await turn();
    const scopes = failed('exact_scopes', 'Change them.');
    const whole = failed('log_whole', 'One finding.');
    await move(id, { stage: 'verifying', newVersion: 2, checks: [scopes, whole] });
    await look();
    // HubSpot could not be asked just now.
    await move(id, {
      checks: [
        { ...scopes, state: 'waiting' },
        { ...whole, state: 'waiting' },
      ],
    });
    await deliver();
    expect(to('slack').at(-1)?.notice.kind).toBe('incident_step');
    await move(id, { checks: [whole, scopes] });
    expect(await turn()).toEqual([]);
  });

  it('has in its own story whom it rig.told, and of what', async () => {
    const { id } = await open();
    await move(id, { stage: 'rotating' });
    await turn();
    const leaves = await rig.store.log.leaves(0, await rig.store.log.size());
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
