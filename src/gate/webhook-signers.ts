import { randomBytes } from 'node:crypto';
import { GatewayError } from '../core/gateway-error.ts';
import type { WebhookSignerRecord } from '../core/records.ts';
import type { Secret, SecretStore } from '../ports/secret-store.ts';
import type { Store } from '../ports/store.ts';
import { newId } from './ids.ts';

const SECRET_BYTES = 32;

/** Serialised as Standard Webhooks has it. */
const mintSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;

const nameOf = (id: string): string => `webhook/in/${id}`;

export interface SignerDependencies {
  readonly store: Store;
  readonly secrets: SecretStore;
  /** Who does it, for the log. */
  readonly by: string;
}

/** With the secret that is shown once. */
export interface MintedSigner {
  readonly id: string;
  readonly secret: string;
}

/** Those that hold, the newest first: two while one takes the other's place. */
async function secretsOf(secrets: SecretStore, id: string): Promise<readonly Secret[]> {
  const newest = await secrets.get(nameOf(id));
  if (newest === undefined) return [];
  const former = newest.version > 1 ? await secrets.get(nameOf(id), newest.version - 1) : undefined;
  return former === undefined ? [newest] : [newest, former];
}

/** The values of the secrets with which this signer may sign now. Throws `secret.unavailable`. */
export const signingSecrets = async (
  secrets: SecretStore,
  id: string,
): Promise<readonly string[]> => (await secretsOf(secrets, id)).map(({ value }) => value);

/**
 * What a system signs with this is that person's decision. The secret is stored first: a row without it
 * would be a signer that nobody can be. Throws `request.not_found`.
 */
export async function addWebhookSigner(
  { store, secrets, by }: SignerDependencies,
  personId: string,
): Promise<MintedSigner> {
  const id = newId('whk');
  const secret = mintSecret();
  await secrets.put(nameOf(id), secret, 0);
  await store.commit(async (tx) => {
    if ((await tx.people.get(personId))?.revokedAt !== null)
      throw new GatewayError('request.not_found', { detail: `no person ${personId}` });
    await tx.webhookSigners.insert({ id, personId, createdAt: tx.now });
    const facts = { person: personId, webhook_signer: id };
    await tx.log.append({ event: 'person.linked', actor: by, facts });
  });
  return { id, secret };
}

async function activeSigner(
  { store }: SignerDependencies,
  id: string,
): Promise<WebhookSignerRecord> {
  const signer = await store.webhookSigners.get(id);
  if (signer?.revokedAt === null) return signer;
  throw new GatewayError('request.not_found', { detail: `no webhook signer ${id}` });
}

const noteChange = ({ store, by }: SignerDependencies, id: string, holding: number) =>
  store.commit((tx) =>
    tx.log.append({
      event: 'signer.changed',
      actor: by,
      facts: { webhook_signer: id, secrets: holding },
    }),
  );

/** A second secret, which holds beside the present one; an older one ends. Throws `request.not_found`. */
export async function rotateWebhookSigner(
  deps: SignerDependencies,
  id: string,
): Promise<MintedSigner> {
  const { secrets } = deps;
  await activeSigner(deps, id);
  const [present, former] = await secretsOf(secrets, id);
  if (present === undefined) throw new GatewayError('secret.unavailable');
  if (former !== undefined) await secrets.destroy(nameOf(id), former.version);
  const secret = mintSecret();
  await secrets.put(nameOf(id), secret, present.version);
  await noteChange(deps, id, 2);
  return { id, secret };
}

/** From now on the newest secret alone holds; false when it was alone already. Throws `request.not_found`. */
export async function retireFormerSecret(deps: SignerDependencies, id: string): Promise<boolean> {
  await activeSigner(deps, id);
  const [, former] = await secretsOf(deps.secrets, id);
  if (former === undefined) return false;
  await deps.secrets.destroy(nameOf(id), former.version);
  await noteChange(deps, id, 1);
  return true;
}

/**
 * From now on what it signs counts for nothing, by row and by secret: an older row put back has nothing
 * to verify with. Safe to repeat, which ends what a death between the two has left. Throws
 * `request.not_found`.
 */
export async function revokeWebhookSigner(deps: SignerDependencies, id: string): Promise<void> {
  const { store, secrets, by } = deps;
  // In a transaction: it can be revoked also where the log has lost an order.
  const signer = await store.commit((tx) => tx.webhookSigners.get(id));
  const held = await secretsOf(secrets, id);
  // Of one that is revoked and has secrets left, a death came between the two.
  if (signer === undefined || (signer.revokedAt !== null && held.length === 0))
    throw new GatewayError('request.not_found', { detail: `no webhook signer ${id}` });
  await store.commit(async (tx) => {
    if (!(await tx.webhookSigners.revoke(id))) return;
    const facts = { webhook_signer: id };
    await tx.log.append({ event: 'person.unlinked', actor: by, facts });
  });
  for (const { version } of held) await secrets.destroy(nameOf(id), version);
}
