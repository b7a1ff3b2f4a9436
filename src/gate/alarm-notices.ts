import {
  type AlarmKind,
  alertSubject,
  type Channel,
  loggedPlace,
  type NoticeRecord,
} from '../core/notices.ts';
import { isOperator } from '../core/roles.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { type NoticePlace, owe } from './notices.ts';
import { unlessTampered } from './telling.ts';

/**
 * Who is told by name: operators, or everybody where there are none. Never whom it is about, or who may not do what
 * is asked for, unless there is nobody else. Who is away is told all the same.
 */
async function named(tx: StoreTransaction, besides: string | null): Promise<readonly string[]> {
  const people = await unlessTampered(tx.people.list(), []);
  const there = people.filter(({ revokedAt }) => revokedAt === null);
  const others = there.filter(({ id }) => id !== besides);
  const groups = [others.filter(isOperator), others, there];
  return groups.find(({ length }) => length > 0)?.map(({ id }) => id) ?? [];
}

export interface AlarmToOwe {
  readonly subject: string;
  readonly kind: AlarmKind;
  readonly occasion?: string;
  /** A person who is not told by name. */
  readonly besides: string | null;
}

/** Owes an alarm to every place. Returns where, in the words of the log; what was owed before is left out. */
export async function oweAlarm(
  tx: StoreTransaction,
  { besides, ...of }: AlarmToOwe,
  places: readonly NoticePlace[],
): Promise<readonly string[]> {
  const told: string[] = [];
  for (const { channel, recipient } of places) {
    const recipients = recipient === null ? await named(tx, besides) : [recipient];
    for (const one of recipients)
      if (await owe(tx, { ...of, channel, recipient: one })) told.push(placeText(channel, one));
  }
  return told;
}

const placeText = (channel: Channel, recipient: string): string =>
  `${channel} ${loggedPlace({ channel, recipient })}`;

/** In the commit that raises it, so that no alert is ever in the log and owed to nobody. */
export const oweAlert = (
  tx: StoreTransaction,
  alert: { readonly index: number; readonly person: string | null },
  places: readonly NoticePlace[],
): Promise<readonly string[]> =>
  oweAlarm(
    tx,
    { subject: alertSubject(alert.index), kind: 'alerted', besides: alert.person },
    places,
  );

const placeOf = ({ channel, recipient }: NoticeRecord): string => `${channel} ${recipient}`;

/** Owes the end of an incident to everybody who was told of it, in the commit that closes it. */
export async function oweClosed(tx: StoreTransaction, incidentId: string): Promise<void> {
  const told = new Map((await tx.notices.of(incidentId)).map((one) => [placeOf(one), one]));
  for (const { channel, recipient } of told.values())
    await owe(tx, { subject: incidentId, channel, recipient, kind: 'incident_closed' });
}
