import { join } from 'node:path';
import { generateSecret } from 'otplib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCourier } from '../../src/courier.ts';
import { oweAsked } from '../../src/gate/notices.ts';
import { addPerson, linkSlackUser, revokePerson } from '../../src/gate/roster.ts';
import type { Told } from '../../src/ports/notifier.ts';
import { agent, requestId } from '../adapters/store/fixtures.ts';
import { runInFile } from '../support/store-file.ts';
import { insertWaiting, waitingRequest } from '../support/waiting-request.ts';
import { createInstallation, type Installation } from './support.ts';

const CHANNEL = 'C0APPROVALS';
const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

let installation: Installation;

beforeEach(async () => {
  installation = await createInstallation();
});
afterEach(() => {
  installation.remove();
});

const events = () =>
  installation.open(async ({ store }) =>
    (await store.log.leaves(0, await store.log.size())).map((leaf) =>
      JSON.parse(Buffer.from(leaf).toString()),
    ),
  );

/** A request that Slack was to be told of, and Slack's answer. */
const told = (answer: Told) =>
  installation.open(async ({ store }) => {
    await store.commit(async (tx) => {
      await tx.agents.insert(agent(1));
      await insertWaiting(tx, waitingRequest(1, {}));
      await oweAsked(tx, requestId(1), [{ channel: 'slack', recipient: CHANNEL }]);
    });
    const notifiers = [{ channel: 'slack' as const, tell: () => Promise.resolve(answer) }];
    const deps = { store, notifiers, origin: 'https://gate.test', clock: () => new Date(), logger };
    await createCourier({ ...deps, cargo: 'requests' }).deliver();
    const [notice] = await store.notices.of(requestId(1));
    return notice!.id;
  });

const sql = (text: string): void => {
  runInFile(join(installation.folder, 'data', 'store.db'), text);
};

interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly found: string;
}

const doctorOn = async (what: string): Promise<Finding> => {
  const { out } = await installation.sallyport(['doctor', '--json']);
  return (JSON.parse(out) as Finding[]).find((one) => one.what === what)!;
};

describe('sallyport notices', () => {
  it('lists what people were told, and with --dead only what could not be delivered', async () => {
    const id = await told({ kind: 'sent', reference: '1.2' });
    const all = await installation.sallyport(['notices']);
    expect(all.out).toMatch(new RegExp(`${id} .*slack +${CHANNEL} +asked +1 +sent`));
    expect((await installation.sallyport(['notices', '--dead'])).out).not.toContain(id);
    const { out } = await installation.sallyport(['notices', '--json']);
    expect(JSON.parse(out)).toMatchObject([{ id, state: 'sent', reference: '1.2' }]);
  });

  it('sends a dead one again, and the log says who wanted it; doctor says until then that nobody was told', async () => {
    const id = await told({ kind: 'refused', error: 'channel_not_found' });
    expect(await doctorOn('people are told')).toMatchObject({
      ok: false,
      found: '1 could not be delivered; slack: channel_not_found',
    });
    const dead = await installation.sallyport(['notices', '--dead']);
    expect(dead.out).toMatch(new RegExp(`${id} .*dead: channel_not_found`));
    const said = await installation.sallyport(['notices', 'resend', id]);
    expect(said).toMatchObject({ status: 0, out: expect.stringContaining('is due') });
    const last = (await events()).at(-1);
    expect(last).toMatchObject({
      event: 'notice.resent',
      actor: 'operator',
      request_id: requestId(1),
      facts: { notice: id, channel: 'slack', kind: 'asked', to: CHANNEL },
    });
    expect(await doctorOn('people are told')).toMatchObject({ ok: true });
    const again = await installation.sallyport(['notices', 'resend', id]);
    expect(again).toMatchObject({ status: 1, err: expect.stringContaining('no dead notice') });
    expect((await events()).at(-1)).toEqual(last);
  });

  it('are named by doctor when somebody was at their rows', async () => {
    const id = await told({ kind: 'sent', reference: '1.2' });
    sql("update notices set recipient = 'C0EVIL'");
    expect(await doctorOn('record opens')).toMatchObject({ ok: false, found: `damaged: ${id}` });
  });
});

describe('sallyport person slack', () => {
  const add = (name: string): Promise<string> =>
    installation.open(async ({ store }) => {
      const of = { name, email: `${name.toLowerCase()}@acme.test`, roles: ['approver'] };
      const added = await store.commit((tx) =>
        addPerson(tx, { ...of, totpSecret: generateSecret(), by: 'test' }),
      );
      return added.record.id;
    });
  const link = (slackUser: string, personId: string) =>
    installation.open(({ store }) =>
      store.commit((tx) => linkSlackUser(tx, { slackUser, personId, by: 'test' })),
    );
  const slack = (...args: string[]) => installation.sallyport(['person', 'slack', ...args]);

  it('says who a Slack user is, is listed, and is taken back, each with its entry', async () => {
    const kim = await add('Kim');
    expect(await slack('kim@acme.test', 'U0KIM')).toMatchObject({
      status: 0,
      out: expect.stringContaining(kim),
    });
    const listed = await installation.sallyport(['person', 'list']);
    expect(listed.out).toMatch(new RegExp(`${kim} .*approver +U0KIM +active`));
    expect(await slack(kim, 'U0KIM', '--remove')).toMatchObject({ status: 0 });
    const facts = (await events())
      .filter(({ event }) => /^person\.(un)?linked$/.test(event))
      .map(({ event, actor, facts: of }) => [event, actor, of.slack_user, of.person]);
    expect(facts).toEqual([
      ['person.linked', 'operator', 'U0KIM', kim],
      ['person.unlinked', 'operator', 'U0KIM', undefined],
    ]);
    const json = await installation.sallyport(['person', 'list', '--json']);
    expect(JSON.parse(json.out)).toMatchObject([{ id: kim, slack: [] }]);
  });

  it('takes no name and no handle for a member id: others can have them', async () => {
    for (const named of ['@kim', 'u0kim', 'kim@acme.test', 'U0KIM; x'])
      expect(await slack('kim@acme.test', named)).toMatchObject({
        status: 2,
        err: expect.stringContaining('Copy member ID'),
      });
  });

  it('takes nobody off whom it does not name, and names nobody who is revoked', async () => {
    const kim = await add('Kim');
    const lee = await add('Lee');
    await link('U0KIM', kim);
    expect(await slack('lee@acme.test', 'U0KIM', '--remove')).toMatchObject({
      status: 1,
      err: expect.stringContaining('Nothing changed'),
    });
    await installation.open(({ store }) =>
      store.commit((tx) => revokePerson(tx, { id: lee, by: 'test' })),
    );
    expect(await slack('lee@acme.test', 'U0LEE')).toMatchObject({ status: 1 });
  });

  it('takes off one that somebody changed in the file, which doctor has named', async () => {
    const kim = await add('Kim');
    const lee = await add('Lee');
    await link('U0KIM', kim);
    sql(`update slack_users set person_id = '${lee}'`);
    expect(await doctorOn('record opens')).toMatchObject({ ok: false, found: 'damaged: U0KIM' });
    expect(await slack(kim, 'U0KIM', '--remove')).toMatchObject({ status: 0 });
    const { damaged } = await installation.open(({ store }) => store.slackUsers.legible());
    expect(damaged).toEqual([]);
  });
});
