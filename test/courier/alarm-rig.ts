import { afterEach, beforeEach } from 'vitest';
import { createCourier } from '../../src/courier.ts';
import type { Finding } from '../../src/core/detection.ts';
import type { Check } from '../../src/core/incident.ts';
import type { Cargo, Channel } from '../../src/core/notices.ts';
import { raiseAlert } from '../../src/gate/alerts.ts';
import { openIncident } from '../../src/gate/incidents.ts';
import { oweOfIncidents } from '../../src/gate/incident-notices.ts';
import type { NoticePlace } from '../../src/gate/notices.ts';
import type { AlarmTelling, Telling, Told } from '../../src/ports/notifier.ts';
import type { Store } from '../../src/ports/store.ts';
import { agent, connection, person, requestId, START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { detectionSettings } from '../support/detection.ts';

export const MINUTE = 60_000;
export const SLACK: NoticePlace = { channel: 'slack', recipient: 'C0APPROVALS' };
export const HOOK: NoticePlace = { channel: 'webhook', recipient: 'https://hooks.acme.test' };
export const MAIL: NoticePlace = { channel: 'email', recipient: null };
export const ALL = [SLACK, HOOK, MAIL];
const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

export const [lena, omar, kim] = [
  person(1, { roles: ['operator', 'approver'] }),
  person(2, { roles: ['operator'] }),
  person(3, { roles: ['approver'] }),
];

/** Alarms from the commit that owes them to the channel that is told, with a clock of its own. */
interface AlarmRig {
  place: SqlitePlace;
  store: Store;
  now: number;
  told: AlarmTelling[];
  answer: (telling: Telling) => Told | Promise<Told>;
}

export const rig = {} as AlarmRig;

export const clock = () => new Date(rig.now);

/** In each test anew: two operators, an approver, an agent, a connected account. */
export function useAlarmRig(): void {
  beforeEach(async () => {
    rig.now = START.getTime();
    rig.told = [];
    rig.answer = ({ notice }) => ({ kind: 'sent', reference: `said-${notice.id}` });
    rig.place = await sqlitePlace();
    rig.store = await rig.place.open({ clock });
    await rig.store.commit(async (tx) => {
      await tx.agents.insert(agent(1));
      for (const one of [lena, omar, kim]) await tx.people.insert(one);
      await tx.connections.put(connection());
    });
  });
  afterEach(() => rig.place.close());
}

/** Until nothing is due: a courier that was started anew each time, as after a death. */
export async function deliver(cargo: Cargo = 'alarms'): Promise<void> {
  const notifiers = (['slack', 'webhook', 'email'] as const).map((channel) => ({
    channel,
    tell: async (telling: Telling) => {
      if ('alarm' in telling) rig.told.push(telling);
      return rig.answer(telling);
    },
  }));
  const deps = { store: rig.store, notifiers, origin: 'https://gate.test', clock, logger, cargo };
  while ((await createCourier(deps).deliver()) > 0);
}

export const look = (places: readonly NoticePlace[] = ALL) =>
  oweOfIncidents({ store: rig.store, places, clock, logger });

/** What was told, sorted: each channel is told by itself, and which is first is no promise. */
export async function turn(): Promise<string[]> {
  const before = rig.told.length;
  await look();
  await deliver();
  return rig.told
    .slice(before)
    .map(({ notice, alarm }) => `${notice.channel}: ${alarm.title}`)
    .toSorted();
}

export const to = (channel: Channel) => rig.told.filter(({ notice }) => notice.channel === channel);
export const mailed = () => to('email').map(({ notice }) => notice.recipient);

export const finding: Finding = {
  ...{ rule: 'hubspot_error', agentId: null, personId: null, count: 1, entries: [4], index: 4 },
  ...{ requests: [requestId(1)], at: START, liftedAt: null },
};

export const raise = (
  over: Partial<Finding> = {},
  response = 'notify',
  places: readonly NoticePlace[] = ALL,
) =>
  rig.store.commit(async (tx) => {
    const of = { ...finding, at: clock(), ...over };
    const settings = detectionSettings({ [of.rule]: `0 in 60s: ${response}` });
    return raiseAlert(tx, { finding: of, places, settings, connection: 'main', isLate: false });
  });

export const open = (by = 'operator') =>
  rig.store.commit((tx) =>
    openIncident(tx, { connection: 'main', reason: 'Somebody has our key.', by }),
  );

export type Change = Parameters<
  Parameters<Parameters<Store['commit']>[0]>[0]['incidents']['update']
>[1];
export const move = (id: string, ...changes: readonly Change[]) =>
  rig.store.commit(async (tx) => {
    for (const change of changes) await tx.incidents.update(id, change);
  });

export const failed = (name: Check['name'], detail: string): Check => ({
  ...{ name, detail, at: START },
  state: 'failed',
});
