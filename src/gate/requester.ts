import type { PersonRecord } from '../core/records.ts';
import type { StoreReads } from '../ports/store.ts';

/** Ids of the rows of one person. */
export type Requester = ReadonlySet<string>;

/** As Slack names a user: alone, as a mention, or with the channel in front. */
const SLACK_USER = /^(?:slack:|<@)?([UW][A-Z0-9]{2,20})(?:\|[^>]*)?>?$/i;

/**
 * Every row of the person whom an agent's `user_id` names, by id, by e-mail, or as the person whom `linkedTo` is the
 * id of. Somebody who was revoked and enrolled again has two rows, and is one person under either.
 */
export function rowsOfRequester(
  userId: string,
  people: readonly PersonRecord[],
  linkedTo?: string,
): Requester {
  const claimed = userId.trim().toLowerCase();
  const named = people.filter(
    ({ id, email }) => id === claimed || id === linkedTo || email.toLowerCase() === claimed,
  );
  const emails = new Set(named.map(({ email }) => email.toLowerCase()));
  return new Set(people.filter(({ email }) => emails.has(email.toLowerCase())).map(({ id }) => id));
}

/**
 * The same, also when the agent names them as a Slack user whom an operator has linked. Throws `plan.tampered` for a
 * link that is not what the log says: who asked cannot be told then.
 */
export async function requesterIn(
  { slackUsers }: Pick<StoreReads, 'slackUsers'>,
  userId: string,
  people: readonly PersonRecord[],
): Promise<Requester> {
  const [, slackUser] = SLACK_USER.exec(userId.trim()) ?? [];
  const link = slackUser === undefined ? undefined : await slackUsers.get(slackUser.toUpperCase());
  return rowsOfRequester(userId, people, link?.personId);
}
