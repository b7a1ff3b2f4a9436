import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAssessIncident } from '../../src/activities/assess-incident.ts';
import { createContainIncident } from '../../src/activities/contain-incident.ts';
import { createRecordAudit } from '../../src/activities/record-audit.ts';
import { GatewayError } from '../../src/core/gateway-error.ts';
import { liftFreeze, placeFreeze } from '../../src/gate/freezes.ts';
import { openIncident } from '../../src/gate/incidents.ts';
import { ensureOwnAgent } from '../../src/gate/own-agent.ts';
import { requestEntry } from '../../src/gate/request-entry.ts';
import type { Store } from '../../src/ports/store.ts';
import { later, request, requestId, START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { runInFile } from '../support/store-file.ts';
import { insertWaiting, waitingRequest } from '../support/waiting-request.ts';

let place: SqlitePlace;
let store: Store;
const clock = () => START;

beforeEach(async () => {
  place = await sqlitePlace();
  store = await place.open({ clock });
});
afterEach(() => place.close());

const TARGET = { kind: 'connection', id: 'main' } as const;
const open = () =>
  store.commit((tx) =>
    openIncident(tx, { connection: 'main', reason: 'Somebody has our key.', by: 'operator' }),
  );
const freeze = () =>
  store.commit((tx) =>
    placeFreeze(tx, { target: TARGET, reason: 'x', by: 'operator', configured: 'main' }),
  );
const lift = (freezeId: string) =>
  store.commit((tx) => liftFreeze(tx, { freezeId, by: 'operator' }));

const published = { size: 7, rootPrefix: 'root' };
const auditLog = {
  checkpoint: () => Promise.resolve(published),
  note: () => Promise.resolve('note'),
};
const deps = (change: object): any => ({ store, clock, auditLog, ...change });

describe('an incident', () => {
  it('is one on its connection, freezes it, and holds that freeze until its end', async () => {
    const incident = await open();
    expect((await open()).id).toBe(incident.id);
    expect(await store.freezes.standing([TARGET])).toMatchObject({ id: incident.freezeId });
    await expect(lift(incident.freezeId)).rejects.toMatchObject({ code: 'incident.open' });
    const byHand = await freeze();
    expect(byHand.id).not.toBe(incident.freezeId);
    expect((await freeze()).id).toBe(byHand.id);
    await lift(byHand.id);
    expect(await store.freezes.standing([TARGET])).toMatchObject({ id: incident.freezeId });
  });

  it('moves by its table alone, and a stage written by hand opens nothing', async () => {
    const { id } = await open();
    await expect(
      store.commit((tx) => tx.incidents.update(id, { stage: 'resuming' })),
    ).rejects.toMatchObject({ code: 'internal.unexpected' });
    runInFile(place.file, "update incidents set stage = 'resuming'");
    await expect(store.incidents.get(id)).rejects.toMatchObject({ code: 'plan.tampered' });
    expect(await store.incidents.underWay()).toEqual([{ id, connection: 'main' }]);
    // Who damages an incident has not kept anybody from freezing.
    expect((await freeze()).id).toMatch(/^frz_/);
  });

  it('names what it ended also when its first try broke off', async () => {
    await store.commit((tx) => insertWaiting(tx, waitingRequest(1)));
    const { id } = await open();
    let tries = 0;
    const cancelled = {
      ...store,
      commit: async (work: Parameters<Store['commit']>[0]) => {
        tries += 1;
        // After the request was ended, before that was said.
        if (tries === 3) throw new GatewayError('store.unavailable');
        return store.commit(work);
      },
    };
    await expect(createContainIncident(deps({ store: cancelled }))(id)).rejects.toThrow();
    expect(await store.requests.status(requestId(1))).toBe('failed');
    expect(await createContainIncident(deps({}))(id)).toMatchObject({ stage: 'rotating' });
    expect((await store.incidents.get(id))?.evidence).toMatchObject({
      log: published,
      cancelled: [requestId(1)],
    });
  });

  it('ends what was to be taken back before it too: it was approved for other times', async () => {
    const { id: agentId } = await store.commit(ensureOwnAgent);
    await store.commit((tx) =>
      insertWaiting(tx, waitingRequest(1, { agentId, status: 'approved' })),
    );
    const { id } = await open();
    await createContainIncident(deps({}))(id);
    expect(await store.requests.get(requestId(1))).toMatchObject({ code: 'incident.contained' });
  });

  it('owes what it ended one message, which its workflow settles', async () => {
    await store.commit((tx) => insertWaiting(tx, waitingRequest(1)));
    const { id } = await open();
    await createContainIncident(deps({}))(id);
    expect(await store.requests.overdue(later(120_000), 10)).toHaveLength(1);
    await createRecordAudit(deps({}))({ input: { requestId: requestId(1) } });
    expect(await store.requests.overdue(later(120_000), 10)).toEqual([]);
  });

  it.each([
    ['had ended', 'request.completed', { status: 'succeeded' }, 'succeeded', false],
    ['was begun', 'hubspot.intended', { purpose: 'execute' }, 'outcome_unknown', true],
  ] as const)(
    'ends nothing of which the log says that it %s: its row was put back',
    async (_what, event, facts, status, isLookedFor) => {
      const put = waitingRequest(1);
      await store.commit(async (tx) => {
        await insertWaiting(tx, put);
        await tx.log.append({ event, ...requestEntry(put), facts });
      });
      const { id } = await open();
      await createContainIncident(deps({}))(id);
      expect(await store.requests.status(put.id)).toBe(status);
      const woken = await store.requests.overdue(later(1_000), 10);
      expect(woken).toEqual(isLookedFor ? [put.id] : []);
    },
  );

  it('passes over no waiting request because the store cannot be read', async () => {
    await store.commit((tx) => insertWaiting(tx, waitingRequest(1, { status: 'approved' })));
    const { id } = await open();
    const get = () => Promise.reject(new GatewayError('store.unavailable'));
    const unreadable = { ...store, requests: { ...store.requests, get } };
    const contain = createContainIncident(deps({ store: unreadable }));
    await expect(contain(id)).rejects.toMatchObject({ code: 'store.unavailable' });
    expect((await store.incidents.get(id))?.stage).toBe('containing');
    await createContainIncident(deps({}))(id);
    expect(await store.requests.status(requestId(1))).toBe('failed');
  });

  it('says of which answers it cannot tell what agents were shown', async () => {
    const answered = {
      status: 'succeeded',
      risk: 'read',
      result: { contacts: [{ id: '20001' }] },
    } as const;
    await store.commit(async (tx) => {
      await tx.requests.insert(request(1, answered));
      await tx.requests.insert(request(2, answered));
    });
    runInFile(place.file, "update requests set submission = x'00' where id = ?", requestId(2));
    const { id } = await open();
    const moves = ['rotating', 'verifying', 'assessing'] as const;
    for (const stage of moves) await store.commit((tx) => tx.incidents.update(id, { stage }));
    const findRogue = () => Promise.resolve({ rogue: [], unread: [], report: null });
    await createAssessIncident(deps({ findRogue }))(id);
    const findings = (await store.incidents.get(id))?.findings;
    expect(findings?.exposures).toMatchObject([{ reads: 1, records: ['contacts 20001'] }]);
    expect(findings?.unread.join()).toContain(requestId(2));
  });
});
