import { type AlarmKind, alertSubject, type NoticeRecord, placeText } from '../core/notices.ts';
import { isOperator } from '../core/roles.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { type NoticePlace, owe } from './notices.ts';

/**
 * Who is told by name: operators, or everybody where there are none. Never whom it is about, unless there is nobody
 * else. What only an operator may do is asked of operators alone, and of who contained it where they are the only one:
 * at the command line they may. Who is away is told all the same, and a damaged row hides no other person.
 */
async function named(
  tx: StoreTransaction,
  { besides, isForOperators }: Pick<AlarmToOwe, 'besides' | 'isForOperators'>,
): Promise<readonly string[]> {
  const { rows } = await tx.people.legible();
  const there = rows.filter(({ revokedAt }) => revokedAt === null);
  const others = there.filter(({ id }) => id !== besides);
  const groups =
    isForOperators === true
      ? [others.filter(isOperator), there.filter(isOperator)]
      : [others.filter(isOperator), others, there];
  return groups.find(({ length }) => length > 0)?.map(({ id }) => id) ?? [];
}

export interface AlarmToOwe {
  readonly subject: string;
  readonly kind: AlarmKind;
  readonly occasion?: string;
  /** A person who is not told by name. */
  readonly besides: string | null;
  /** Nobody else may do it. */
  readonly isForOperators?: boolean | undefined;
}

/** Owes an alarm to every place. Returns where, in the words of the log; what was owed before is left out. */
export async function oweAlarm(
  tx: StoreTransaction,
  { besides, isForOperators, ...of }: AlarmToOwe,
  places: readonly NoticePlace[],
): Promise<readonly string[]> {
  const told: string[] = [];
  for (const { channel, recipient } of places) {
    const recipients =
      recipient === null ? await named(tx, { besides, isForOperators }) : [recipient];
    for (const one of recipients)
      if (await owe(tx, { ...of, channel, recipient: one }))
        told.push(placeText({ channel, recipient: one }));
  }
  return told;
}

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

/** Owes the end of an incident to everybody who was told of it and is still there, in the commit that closes it. */
export async function oweClosed(tx: StoreTransaction, incidentId: string): Promise<void> {
  const told = new Map((await tx.notices.of(incidentId)).map((one) => [placeOf(one), one]));
  const { rows } = await tx.people.legible();
  const gone = rows.filter(({ revokedAt }) => revokedAt !== null).map(({ id }) => id);
  for (const { channel, recipient } of told.values())
    if (!gone.includes(recipient))
      await owe(tx, { subject: incidentId, channel, recipient, kind: 'incident_closed' });
}
