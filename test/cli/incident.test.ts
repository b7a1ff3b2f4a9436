import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseSince } from '../../src/cli/options.ts';
import type { IncidentStage } from '../../src/core/incident.ts';
import { addPerson } from '../../src/gate/roster.ts';
import { createInstallation, type Installation } from './support.ts';

let at: Installation;
beforeEach(async () => {
  at = await createInstallation();
});
afterEach(() => {
  at.remove();
});

const incident = (...args: string[]) => at.sallyport(['incident', ...args]);
/** As the engine would move it on. */
const moveTo = (stage: IncidentStage) =>
  at.open(async ({ store }) => {
    const { id } = (await store.incidents.open('main'))!;
    await store.commit((tx) => tx.incidents.update(id, { stage }));
  });
const setKey = () =>
  at.sallyport(['secret', 'set', 'hubspot/main', '--yes'], { input: 'pat-na1-the-new-key\n' });

describe('sallyport incident', () => {
  it('freezes with nothing running, once, and says who has to do what', async () => {
    expect((await incident()).err).toContain('There was no incident.');
    const started = await incident('start', '--reason', 'Seen in a paste');
    expect([started.status, started.out]).toEqual([0, expect.stringContaining('Frozen')]);
    expect((await incident('start')).out).toContain('It is open already.');
    expect((await incident('list')).out).toContain('Seen in a paste');
    const lifted = await at.sallyport(['unfreeze']);
    expect([lifted.status, lifted.err]).toEqual([1, expect.stringContaining('incident show')]);
    expect((await at.sallyport(['doctor'])).out).toContain(
      'An incident is open: npx sallyport incident show',
    );
    await moveTo('rotating');
    expect((await incident()).out).toContain('Choose “Rotate and expire now”');
  });

  it('of the demo says where its new key comes from, which no HubSpot has', async () => {
    await incident('start');
    await moveTo('rotating');
    expect((await incident()).out).not.toContain('The stand-in for HubSpot');
    at.writeRunFile({ simulator: 'http://127.0.0.1:9' });
    expect((await incident()).out).toContain('docs/hubspot-setup.md, "The stand-in for HubSpot"');
  });

  it('takes the new key for verifying, and not before it is asked for', async () => {
    await incident('start');
    const early = await setKey();
    expect([early.status, early.err]).toEqual([1, expect.stringContaining('incident.wrong_stage')]);
    await moveTo('rotating');
    expect((await setKey()).out).toContain('It counts once every check has passed');
    const { active, standing } = await at.open(async ({ store }) => ({
      active: await store.credentials.active('main'),
      standing: await store.incidents.open('main'),
    }));
    expect(active).toBeUndefined();
    expect(standing).toMatchObject({ stage: 'verifying', newVersion: 1 });
  });

  it('is resumed at the command line only where nobody else could', async () => {
    await incident('start');
    await moveTo('rotating');
    expect((await incident('false-alarm', '--reason', 'A mistake')).status).toBe(0);
    const sam = { name: 'Sam Field', email: 'sam@acme.test', roles: ['operator'], by: 'test' };
    await at.open(({ store }) =>
      store.commit((tx) => addPerson(tx, { ...sam, totpSecret: 'JBSWY3DPEHPK3PXP' })),
    );
    const refused = await incident('resume');
    expect([refused.status, refused.err]).toEqual([1, expect.stringContaining('Sam Field')]);
    await at.sallyport(['person', 'revoke', 'sam@acme.test']);
    expect((await incident('resume')).out).toContain('Resumed');
    expect((await incident('post-mortem')).out).toContain('It was a false alarm');
    expect((await at.sallyport(['freezes'])).out).not.toContain('stands');
  });
});

describe('a time that is said', () => {
  it('is so long ago or a time, and 90 days back at most', () => {
    const ago = (text: string) => Math.round((Date.now() - parseSince(text).getTime()) / 60_000);
    expect(['90m', '24h', '7d'].map(ago)).toEqual([90, 1_440, 10_080]);
    const yesterday = new Date(Date.now() - 86_400_000).toISOString();
    expect(ago(yesterday)).toBe(1_440);
    for (const text of ['yesterday', '0m', '91d', '99999d', '2999-01-01T00:00:00Z', ''])
      expect(() => parseSince(text), text).toThrow('90 days at most');
  });
});
