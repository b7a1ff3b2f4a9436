import { Decrypter, Encrypter } from 'age-encryption';
import type { AgeIdentity } from './age-identity.ts';
import { unavailable } from '../private-file.ts';
import {
  parseSecretFile,
  type SecretFile,
  SECRET_LIMITS,
  serializeSecretFile,
} from './secret-file.ts';

/** Throws `secret.unavailable` when the result would be too large to be read again. */
export async function encryptSecretFile(
  content: SecretFile,
  identity: AgeIdentity,
): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(identity.recipient);
  const ciphertext = await encrypter.encrypt(serializeSecretFile(content));
  if (ciphertext.byteLength > SECRET_LIMITS.fileBytesMax) {
    throw unavailable(`the secrets file would exceed ${SECRET_LIMITS.fileBytesMax} bytes`);
  }
  return ciphertext;
}

/** Throws `secret.unavailable`, naming `path`, when the file is damaged or for another identity. */
export async function decryptSecretFile(
  ciphertext: Uint8Array,
  identity: AgeIdentity,
  path: string,
): Promise<SecretFile> {
  const content = parseSecretFile(await decrypt(ciphertext, identity, path));
  if (content === undefined) {
    throw unavailable(`${path} decrypts, but holds no secrets file; restore it from a backup`);
  }
  return content;
}

async function decrypt(
  ciphertext: Uint8Array,
  identity: AgeIdentity,
  path: string,
): Promise<string> {
  try {
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity.secretKey);
    return await decrypter.decrypt(ciphertext, 'text');
  } catch {
    throw unavailable(
      `${path} is damaged or encrypted for another identity; restore both from one backup`,
    );
  }
}
