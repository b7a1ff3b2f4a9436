import { describe, expect, it } from 'vitest';
import { oweAsked, resendNotice } from '../../src/gate/notices.ts';
import type { Told } from '../../src/ports/notifier.ts';
import { inFile, putBack, type Row } from '../support/store-file.ts';
import { insertWaiting, waitingRequest } from '../support/waiting-request.ts';
import {
  clock,
  deliver,
  HOOK,
  look,
  MINUTE,
  move,
  open,
  raise,
  rig,
  SLACK,
  useAlarmRig,
} from './alarm-rig.ts';

useAlarmRig();

describe('the outbox', () => {
  it('gives up an alarm as it does a request, and sends it again when it is told to', async () => {
    rig.answer = () => ({ kind: 'refused', error: 'channel_not_found' });
    await raise({}, 'notify', [SLACK]);
    await deliver();
    const [dead] = await rig.store.notices.list({ states: ['dead'], limit: 10 });
    rig.answer = () => ({ kind: 'sent', reference: 'r' });
    rig.now += 3 * 24 * 60 * MINUTE;
    await rig.store.commit((tx) => resendNotice(tx, { id: dead!.id, by: 'operator' }));
    await deliver();
    expect((await rig.store.notices.get(dead!.id))?.state).toBe('sent');
  });

  it('of two couriers one takes an alarm, and incidents go before alerts', async () => {
    for (let nth = 0; nth < 20; nth += 1) {
      rig.now += 2 * MINUTE;
      await raise({}, 'notify', [SLACK]);
    }
    const { id } = await open();
    await move(id, { stage: 'rotating' });
    await look([SLACK]);
    const other = await rig.place.open({ clock });
    const of = { cargo: 'alarms', leaseMs: MINUTE, limit: 30 } as const;
    const [mine = [], theirs = []] = await Promise.all(
      [rig.store, other].map((one) => one.commit((tx) => tx.notices.take(of))),
    );
    expect([...mine, ...theirs]).toHaveLength(21);
    expect([...mine, ...theirs][0]?.kind).toBe('incident_opened');
  });

  it('of one channel that hangs holds up no alarm of another', async () => {
    await raise();
    const of = { cargo: 'alarms', channels: ['webhook'], leaseMs: MINUTE, limit: 30 } as const;
    const taken = await rig.store.commit((tx) => tx.notices.take(of));
    expect(taken.map(({ channel }) => channel)).toEqual(['webhook']);
  });

  it('carries alarms past requests over which a channel hangs', async () => {
    const request = waitingRequest(1, {});
    await rig.store.commit(async (tx) => {
      await insertWaiting(tx, request);
      await oweAsked(tx, request.id, [HOOK]);
    });
    let release: (value: Told) => void = () => undefined;
    const hanging = new Promise<Told>((resolve) => (release = resolve));
    rig.answer = (telling) => ('alarm' in telling ? { kind: 'sent', reference: null } : hanging);
    const requests = deliver('requests');
    await raise();
    await deliver('alarms');
    expect(rig.told).toHaveLength(4);
    release({ kind: 'sent', reference: null });
    await requests;
  });

  it('sends no alarm again whose row was put back by hand, and takes none that a hand wrote', async () => {
    await raise({}, 'notify', [SLACK]);
    const { file } = rig.place;
    const row = inFile(file, (raw) => raw.prepare('select * from notices').get() as Row);
    await deliver();
    putBack(file, 'notices', row);
    await deliver();
    putBack(file, 'notices', { ...row, seq: 900, id: 'ntc_forged', recipient: 'C0ELSEWHERE' });
    rig.now += 1;
    await deliver();
    expect(rig.told).toHaveLength(1);
    const events = (await rig.store.log.leaves(0, await rig.store.log.size())).map(
      (leaf) => JSON.parse(Buffer.from(leaf).toString()).event,
    );
    expect(events.filter((event) => event === 'notice.tampered')).toHaveLength(2);
  });
});
