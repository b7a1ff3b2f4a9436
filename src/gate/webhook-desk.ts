import type { WebhookDecision } from '../contracts/webhook.ts';
import type { ErrorCode } from '../core/errors.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { WebhookSignerRecord } from '../core/records.ts';
import type { SecretStore } from '../ports/secret-store.ts';
import type { Store, StoreTransaction } from '../ports/store.ts';
import type { SignedWebhook, WebhookDoor } from '../ports/webhook-door.ts';
import { type Decided, type DecisionRules, recordDecision } from './decisions.ts';
import { signingSecrets } from './webhook-signers.ts';
import { unlessTampered } from './unless-tampered.ts';

const DOOR = 'webhook';
/** Senders repeat a message under its id for up to three days; a repeat is still one by then. */
const REMEMBER_MS = 7 * 86_400_000;

/** A message that a signer on record has signed. */
export interface ProvenWebhook {
  readonly signer: WebhookSignerRecord;
  /** No other message of this signer has it. */
  readonly messageId: string;
}

export interface WebhookDesk {
  /** Throws `channel.unproven` for unknown, revoked, wrong and too old alike; `secret.unavailable`. */
  prove(signerId: string, message: SignedWebhook): Promise<ProvenWebhook>;
  /**
   * Records what it says like any other decision; what does not count is recorded and returned. Throws
   * `channel.replayed`.
   */
  decide(proven: ProvenWebhook, said: WebhookDecision): Promise<Decided>;
}

export interface WebhookDeskDependencies {
  readonly store: Store;
  readonly secrets: SecretStore;
  readonly door: WebhookDoor;
  readonly rules: () => DecisionRules;
  readonly clock: () => Date;
}

async function refuse(
  tx: StoreTransaction,
  { signer }: ProvenWebhook,
  { id, digest, decision }: WebhookDecision,
  code: ErrorCode,
): Promise<Decided> {
  await tx.log.append({
    event: 'approval.refused',
    requestId: id,
    actor: DOOR,
    code,
    digest,
    facts: { proof: 'webhook', webhook_signer: signer.id, decision },
  });
  return { kind: 'refused', code };
}

async function decide(
  tx: StoreTransaction,
  proven: ProvenWebhook,
  said: WebhookDecision,
  rules: DecisionRules,
): Promise<Decided> {
  const until = new Date(tx.now.getTime() + REMEMBER_MS);
  const name = `${proven.signer.id} ${proven.messageId}`;
  // In the commit of what it says: what was not recorded was not heard.
  if (!(await tx.heardOnce.hear(DOOR, name, until))) throw new GatewayError('channel.replayed');
  // Read again: since it was proven, an operator may have ended both.
  const signer = await tx.webhookSigners.get(proven.signer.id);
  const person = signer?.revokedAt === null ? await tx.people.get(signer.personId) : undefined;
  if (person?.revokedAt !== null) return refuse(tx, proven, said, 'channel.unknown_sender');
  const { id: requestId, digest, decision, reason } = said;
  const webhookSigner = proven.signer.id;
  const made = { requestId, digest, person, webhookSigner, decision, reason };
  const decided = await recordDecision(tx, { ...made, proof: 'webhook' }, rules);
  if (decided.kind === 'refused' && decided.code === 'store.unavailable')
    await tx.heardOnce.forget(DOOR, name);
  return decided;
}

/** Where decisions that a person's own system signed come in. */
export function createWebhookDesk(deps: WebhookDeskDependencies): WebhookDesk {
  const { store, secrets, door, rules, clock } = deps;

  /** A row that somebody wrote by hand is nobody, like one that is not there. */
  const signerFor = (id: string): Promise<WebhookSignerRecord | undefined> =>
    unlessTampered(store.webhookSigners.get(id), undefined);

  return {
    prove: async (signerId, message) => {
      const signer = await signerFor(signerId);
      const known = signer?.revokedAt === null ? await signingSecrets(secrets, signer.id) : [];
      const messageId = door.verify(message, known, clock());
      if (signer === undefined) throw new GatewayError('channel.unproven');
      return { signer, messageId };
    },
    decide: (proven, said) => store.commit((tx) => decide(tx, proven, said, rules())),
  };
}
