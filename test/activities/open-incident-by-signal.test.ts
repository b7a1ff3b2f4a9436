import { generateSecret, generateSync } from 'otplib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IncidentDependencies } from '../../src/activities/dependencies.ts';
import { createOpenIncidentBySignal } from '../../src/activities/open-incident-by-signal.ts';
import { VOIDED_SIGNAL } from '../../src/core/engine-details.ts';
import { TOTP_GUESSES } from '../../src/core/totp-guesses.ts';
import type { Store } from '../../src/ports/store.ts';
import { person, START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { logEntries } from '../support/log-entries.ts';
import { runInFile } from '../support/store-file.ts';

const lena = person(1, { roles: ['operator'], totpSecret: generateSecret() });
const omar = person(2, { roles: ['approver'], totpSecret: generateSecret() });
const TARGET = { kind: 'connection', id: 'main' } as const;

let place: SqlitePlace;
let store: Store;
let now: number;

beforeEach(async () => {
  now = START.getTime();
  place = await sqlitePlace();
  store = await place.open({ clock: () => new Date(now) });
  await store.commit(async (tx) => {
    for (const one of [lena, omar]) await tx.people.insert(one);
  });
});
afterEach(() => place.close());

const deps = () => ({ store, connection: 'main' }) as unknown as IncidentDependencies;
const send = (...signals: readonly unknown[]) => createOpenIncidentBySignal(deps())(signals);

const codeOf = (of: typeof lena): string =>
  generateSync({ secret: of.totpSecret, epoch: Math.floor(now / 1_000) });
const signal = (of = lena, more: object = {}) => ({ person: of.email, code: codeOf(of), ...more });

/** The nth of many codes that are wrong now and around now. */
function wrongCode(nth: number): string {
  const near = [-30, 0, 30].map((drift) =>
    generateSync({ secret: lena.totpSecret, epoch: Math.floor(now / 1_000) + drift }),
  );
  const all = Array.from({ length: nth + 4 }, (_, i) => String(i).padStart(6, '0'));
  return all.filter((code) => !near.includes(code))[nth] ?? '';
}

const refusals = async (): Promise<any[]> =>
  (await logEntries(store, 0)).filter(({ event }) => event === 'incident.refused');

describe('a signal to the desk', () => {
  it('that proves an operator freezes the connection and opens an incident in their name', async () => {
    const [note] = await send(signal(lena, { reason: 'Notes that I never wrote.' }));
    const incident = await store.incidents.open('main');
    expect(incident).toMatchObject({
      openedBy: `person:${lena.id}`,
      reason: 'Notes that I never wrote.',
      stage: 'containing',
    });
    expect(note).toContain(`Incident ${incident!.id} is open`);
    expect(await store.freezes.standing([TARGET])).toMatchObject({ id: incident!.freezeId });
  });

  it('that is taken twice is one incident, says the same, and leaves no refusal', async () => {
    const sent = signal();
    const [first] = await send(sent);
    const [again] = await send(sent);
    expect(again).toBe(first);
    expect(await refusals()).toEqual([]);
    now += 60_000;
    expect((await send(signal()))[0]).toContain((await store.incidents.open('main'))!.id);
    expect(await store.incidents.list(10)).toHaveLength(1);
  });

  it('of somebody who is no operator opens nothing, and is in the log', async () => {
    const [note] = await send(signal(omar));
    expect(note).toContain('has not the role operator');
    expect(await store.incidents.underWay()).toEqual([]);
    expect(await refusals()).toMatchObject([
      { code: 'person.forbidden', facts: { person: omar.id, reason: 'role' } },
    ]);
  });

  it.each([
    ['nothing', undefined, 'unreadable'],
    ['text', 'freeze', 'unreadable'],
    ['no code', { person: lena.email }, 'unreadable'],
    ['a code of letters', { person: lena.email, code: 'abcdef' }, 'unreadable'],
    ['too much', { ...{ person: lena.email, code: '123456' }, role: 'operator' }, 'unreadable'],
    ['what was voided', VOIDED_SIGNAL, 'voided'],
    ['nobody', { person: 'eve@evil.test', code: '123456' }, 'unknown_person'],
  ])('with %s opens nothing, and is in the log once a minute', async (_what, raw, reason) => {
    const [note] = await send(raw);
    expect(note).toContain('Refused');
    await send(...Array.from({ length: 50 }, () => raw));
    expect(await store.incidents.underWay()).toEqual([]);
    expect(await refusals()).toMatchObject([{ facts: { reason } }]);
    now += 60_000;
    await send(raw);
    expect(await refusals()).toHaveLength(2);
  });

  it('with wrong codes is counted against the person until they are paused, good ones then too', async () => {
    for (let nth = 0; nth < TOTP_GUESSES.max; nth += 1)
      await send({ person: lena.email, code: wrongCode(nth) });
    expect((await send(signal()))[0]).toContain('paused until');
    expect(await store.incidents.underWay()).toEqual([]);
    // Each guess, and that there is a pause.
    expect(await refusals()).toHaveLength(TOTP_GUESSES.max + 1);
    expect((await refusals()).at(-1)?.facts).toMatchObject({ wrong_codes: TOTP_GUESSES.max });
    // That they are paused is said once a minute.
    const size = await store.log.size();
    await send(signal(), signal(), signal());
    expect(await store.log.size()).toBe(size);
  });

  it('with a code that somebody has seen and uses again after the incident is over opens none', async () => {
    const sent = signal();
    await send(sent);
    const { id } = (await store.incidents.open('main'))!;
    await store.commit(async (tx) => {
      for (const stage of ['rotating', 'resuming', 'closed'] as const)
        await tx.incidents.update(id, { stage });
    });
    expect((await send(sent))[0]).toContain('Refused');
    expect(await store.incidents.underWay()).toEqual([]);
    expect(await refusals()).toMatchObject([{ facts: { reason: 'used_code' } }]);
  });

  it('finds a roster that was changed by hand, and says where to go', async () => {
    runInFile(place.file, "update people set email = 'x@acme.test' where id = ?", omar.id);
    expect((await send(signal()))[0]).toContain('npx sallyport incident start');
  });
});
