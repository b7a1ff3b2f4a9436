import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { linkSlackUser, unlinkSlackUser } from '../../../src/gate/roster.ts';
import type { Store } from '../../../src/ports/store.ts';
import { person, START } from './fixtures.ts';
import { type SqlitePlace, sqlitePlace } from './sqlite-place.ts';

const KIM = 'U0KIM';
const KIM_ID = person(1).id;
const LEE_ID = person(2).id;

let place: SqlitePlace;
let store: Store;
let raw: DatabaseSync;
let now: Date;

beforeEach(async () => {
  now = START;
  place = await sqlitePlace();
  store = await place.open({ clock: () => now });
  await store.commit(async (tx) => {
    await tx.people.insert(person(1));
    await tx.people.insert(person(2));
  });
  await link(KIM, KIM_ID);
  raw = new DatabaseSync(place.file);
});
afterEach(async () => {
  raw.close();
  await place.close();
});

const link = (slackUser: string, personId: string) =>
  store.commit((tx) => linkSlackUser(tx, { slackUser, personId, by: 'operator' }));
const unlink = (slackUser: string) =>
  store.commit((tx) => unlinkSlackUser(tx, { slackUser, by: 'operator' }));

type Row = Record<string, any>;
const rowOf = (slackUser: string) =>
  raw.prepare('select * from slack_users where slack_user = ?').get(slackUser) as Row;

function putBack(row: Row): void {
  const columns = Object.keys(row);
  const marks = columns.map(() => '?').join(', ');
  raw
    .prepare(`replace into slack_users (${columns.join(', ')}) values (${marks})`)
    .run(...columns.map((column) => row[column]));
}

/** Also by a process that has read nothing yet. */
async function expectNobody(slackUser: string): Promise<void> {
  const fresh = await place.open({ clock: () => now });
  for (const one of [store, fresh]) {
    const tampered = expect.objectContaining({ code: 'plan.tampered' });
    await expect(one.slackUsers.get(slackUser)).rejects.toEqual(tampered);
    await expect(one.commit((tx) => tx.slackUsers.get(slackUser))).rejects.toEqual(tampered);
    expect((await one.slackUsers.legible()).damaged).toEqual([slackUser]);
  }
}

describe('who a Slack user is', () => {
  it('is what the operator said last', async () => {
    expect(await store.slackUsers.get(KIM)).toMatchObject({ personId: KIM_ID });
    now = new Date(now.getTime() + 1);
    await link(KIM, LEE_ID);
    expect(await store.slackUsers.get(KIM)).toMatchObject({ personId: LEE_ID });
    expect(await store.slackUsers.legible()).toMatchObject({
      rows: [{ slackUser: KIM, personId: LEE_ID }],
      damaged: [],
    });
    await unlink(KIM);
    expect(await store.slackUsers.get(KIM)).toBeUndefined();
  });

  it('is nobody when another person was written beside it', async () => {
    raw.prepare('update slack_users set person_id = ?').run(LEE_ID);
    await expectNobody(KIM);
  });

  it('is nobody when the row of another was copied', async () => {
    putBack({ ...rowOf(KIM), slack_user: 'U0MALLORY' });
    await expectNobody('U0MALLORY');
    expect(await store.slackUsers.get(KIM)).toMatchObject({ personId: KIM_ID });
  });

  it('is nobody when its row from before the removal was put back', async () => {
    const before = rowOf(KIM);
    await unlink(KIM);
    putBack(before);
    await expectNobody(KIM);
  });

  it('is nobody when the row of the person it was before was put back', async () => {
    const before = rowOf(KIM);
    now = new Date(now.getTime() + 1);
    await link(KIM, LEE_ID);
    putBack(before);
    await expectNobody(KIM);
  });

  it('is nobody when its row was taken out, and stays nobody once that was made a removal', async () => {
    const before = rowOf(KIM);
    raw.exec('delete from slack_users');
    await expectNobody(KIM);
    await unlink(KIM);
    expect(await store.slackUsers.get(KIM)).toBeUndefined();
    putBack(before);
    await expectNobody(KIM);
  });

  it('can be said anew by the operator after somebody was at the file', async () => {
    raw.prepare('update slack_users set person_id = ?').run(LEE_ID);
    now = new Date(now.getTime() + 1);
    await link(KIM, KIM_ID);
    expect(await store.slackUsers.get(KIM)).toMatchObject({ personId: KIM_ID });
  });

  it('is nobody either when the entry of the removal is taken out of the log', async () => {
    const before = rowOf(KIM);
    await unlink(KIM);
    await store.commit((tx) => tx.log.append({ event: 'gateway.started', actor: 'gateway' }));
    raw.exec("delete from log_entries where event = 'person.unlinked'");
    putBack(before);
    const fresh = await place.open({ clock: () => now });
    for (const one of [store, fresh])
      await expect(one.slackUsers.get(KIM)).rejects.toMatchObject({ code: 'freeze.active' });
  });
});
