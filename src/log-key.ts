import { randomBytes } from 'node:crypto';
import { generateSignerKey, type NoteSigner, parseSigner, parseVerifier } from './audit/note.ts';
import { errorCodeOf, GatewayError } from './core/gateway-error.ts';
import type { SecretStore } from './ports/secret-store.ts';

const SIGNING_KEY = 'log/signing-key';

function nameIn(vkey: string): string {
  try {
    return parseVerifier(vkey).name;
  } catch (cause) {
    const detail = 'SALLYPORT_LOG_FORMER_VKEYS: one of them is no public key of a log';
    throw new GatewayError('config.invalid', { detail, cause });
  }
}

async function putIfFirst(secrets: SecretStore, value: string, before: number): Promise<void> {
  try {
    await secrets.put(SIGNING_KEY, value, before);
  } catch (error) {
    if (errorCodeOf(error) !== 'secret.conflict') throw error;
  }
}

/**
 * The key that signs the log: the newest one, or a new one when there is none yet or the newest is named
 * as a former one. A log keeps its name, so the new key has that of the former. Of two first starts one
 * wins. Throws `config.invalid`, `secret.unavailable`.
 */
export async function openLogKey(
  secrets: SecretStore,
  formerVkeys: readonly string[],
): Promise<NoteSigner> {
  const [formerName] = formerVkeys.map(nameIn);
  const known = await secrets.get(SIGNING_KEY);
  const present = known === undefined ? undefined : parseSigner(known.value);
  if (present !== undefined && !formerVkeys.includes(present.vkey)) return present;
  const name = present?.name ?? formerName ?? `sallyport-${randomBytes(6).toString('hex')}`;
  await putIfFirst(secrets, generateSignerKey(name), known?.version ?? 0);
  const made = await secrets.get(SIGNING_KEY);
  if (made === undefined)
    throw new GatewayError('secret.unavailable', { detail: `${SIGNING_KEY} was destroyed` });
  return parseSigner(made.value);
}
