import { ERRORS, type ErrorCode } from '../core/errors.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { PersonRecord } from '../core/records.ts';
import type { ChatDoor, Interaction, Pressed, ProvenInteraction } from '../ports/chat-door.ts';
import type { Logger } from '../ports/logger.ts';
import type { Store, StoreTransaction } from '../ports/store.ts';
import { type Decided, type DecisionRules, recordDecision } from './decisions.ts';

/** Longer than a signature is good for, both ways. */
const REMEMBER_MS = 900_000;
const DOOR = 'slack';

type Refusal = Extract<Decided, { kind: 'refused' }>;
type Deciding = Extract<Interaction, Pressed>;

export interface ChatDesk {
  /**
   * Takes what a person did in the chat: a decision is recorded like any other, a wish to reject is
   * answered with a question for the reason. Throws `channel.replayed`; what does not count otherwise is
   * said to the person, recorded, and returned.
   */
  take(proven: ProvenInteraction): Promise<ChatAnswer>;
}

export type ChatAnswer =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly words: string };

async function logRefusal(
  tx: StoreTransaction,
  of: Deciding,
  code: ErrorCode,
  more: Readonly<Record<string, string>> = {},
): Promise<Refusal> {
  await tx.log.append({
    event: 'approval.refused',
    requestId: of.requestId,
    actor: DOOR,
    code,
    digest: of.digest,
    facts: { proof: 'slack', slack_user: of.user, decision: of.kind, ...more },
  });
  return { kind: 'refused', code };
}

/** Only by the operator's map, and only one who is still on the roster. */
async function personFor(
  tx: Pick<StoreTransaction, 'slackUsers' | 'people'>,
  user: string,
): Promise<PersonRecord | undefined> {
  const link = await tx.slackUsers.get(user);
  const person = link === undefined ? undefined : await tx.people.get(link.personId);
  return person?.revokedAt === null ? person : undefined;
}

/** The map or the roster was edited, or the log that vouches for the map was. */
const LOST: ReadonlySet<ErrorCode> = new Set(['plan.tampered', 'freeze.active']);

/** Who it is, or the refusal; an edited map, or roster, gives nobody any power, and the log says where it was edited. */
async function provenPerson(tx: StoreTransaction, of: Deciding): Promise<PersonRecord | Refusal> {
  try {
    const person = await personFor(tx, of.user);
    return person ?? (await logRefusal(tx, of, 'channel.unknown_sender'));
  } catch (error) {
    if (!(error instanceof GatewayError) || !LOST.has(error.code)) throw error;
    return logRefusal(tx, of, error.code, { place: error.detail ?? '' });
  }
}

/** Without those that only ask for the reason. */
type Decision = Exclude<Deciding, { kind: 'ask_reason' }>;

/** What the message showed is what is decided on, and it has to have shown all of it. */
async function whyNot(
  tx: StoreTransaction,
  door: ChatDoor,
  { requestId, kind }: Pick<Decision, 'requestId' | 'kind'>,
): Promise<string | undefined> {
  const request = await tx.requests.get(requestId);
  if (request?.status !== 'awaiting_approval' || request.card === null) return undefined;
  return door.whyNotHere(request.card, kind);
}

async function decide(
  tx: StoreTransaction,
  of: Decision,
  { door, rules }: Pick<ChatDeskDependencies, 'door' | 'rules'>,
): Promise<Decided> {
  const person = await provenPerson(tx, of);
  if ('kind' in person) return person;
  const { requestId, digest } = of;
  const reason = of.kind === 'approve' ? undefined : of.reason;
  const why = await whyNot(tx, door, of);
  if (why !== undefined) {
    const refused = await logRefusal(tx, of, 'approval.elsewhere');
    return { ...refused, detail: why };
  }
  const decision = of.kind;
  const slackUser = of.user;
  const made = { requestId, digest, person, proof: 'slack', slackUser, decision, reason } as const;
  return recordDecision(tx, made, rules());
}

export interface ChatDeskDependencies {
  readonly store: Store;
  readonly door: ChatDoor;
  readonly rules: () => DecisionRules;
  /** Tells the engine that the record has changed; losing it costs time only. */
  readonly wake: (requestId: string) => Promise<void>;
  readonly logger: Logger;
}

const wordsFor = (code: ErrorCode, detail: string | undefined): string =>
  `Nothing was decided. ${ERRORS[code].title}${detail === undefined ? '' : ` ${detail}`}`;

/** Where what people do in a chat becomes a decision, whichever way it came in. */
export function createChatDesk(deps: ChatDeskDependencies): ChatDesk {
  const { store, door, wake, logger } = deps;

  /** For courtesy: whether it arrives changes nothing. */
  async function say(user: string, words: string): Promise<void> {
    try {
      await door.say(user, words);
    } catch (error) {
      logger.warn('a person could not be answered in the chat', { error });
    }
  }

  async function takeDecision(name: string, of: Decision): Promise<ChatAnswer> {
    const decided = await store.commit(async (tx) => {
      await hearOnce(tx, name);
      return decide(tx, of, deps);
    });
    if (decided.kind === 'refused') {
      const words = wordsFor(decided.code, decided.detail);
      await say(of.user, words);
      return { kind: 'refused', code: decided.code, words };
    }
    if (decided.status !== 'awaiting_approval') await wake(of.requestId);
    return { kind: 'done' };
  }

  return {
    take: async ({ name, interaction }) => {
      if (interaction.kind === 'nothing') return { kind: 'done' };
      if (interaction.kind !== 'ask_reason') return takeDecision(name, interaction);
      await store.commit((tx) => hearOnce(tx, name));
      await door.askReason(interaction, interaction.trigger);
      return { kind: 'done' };
    },
  };
}

/** In the commit of what it says: what was not recorded was not heard. */
async function hearOnce(tx: StoreTransaction, name: string): Promise<void> {
  const until = new Date(tx.now.getTime() + REMEMBER_MS);
  if (!(await tx.heardOnce.hear(DOOR, name, until))) throw new GatewayError('channel.replayed');
}
