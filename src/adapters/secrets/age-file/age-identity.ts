import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { readPrivateFile, unavailable } from '../private-file.ts';

const IDENTITY_FILE_BYTES_MAX = 16 * 1024;
const SECRET_KEY = /^AGE-SECRET-KEY-1[0-9A-Z]+$/;
const OWN_MARK = '# made by sallyport with its secrets file';

export interface AgeIdentity {
  /** `AGE-SECRET-KEY-1…`. */
  readonly secretKey: string;
  /** `age1…`. */
  readonly recipient: string;
  /** Made together with a secrets file: if that is missing, it was lost, it was not never there. */
  readonly isOwn: boolean;
}

export async function generateAgeIdentity(): Promise<AgeIdentity> {
  const secretKey = await generateX25519Identity();
  return { secretKey, recipient: await identityToRecipient(secretKey), isOwn: true };
}

/** In the form of `age-keygen`, so that `age -d -i` takes the file as it is. */
export function formatAgeIdentity(identity: AgeIdentity): string {
  return `${OWN_MARK}\n# public key: ${identity.recipient}\n${identity.secretKey}\n`;
}

/**
 * Reads an identity file as `age-keygen` writes it; `undefined` when there is none.
 * Throws `secret.unavailable` when others may read it, or it holds no X25519 identity or several.
 */
export async function readAgeIdentity(path: string): Promise<AgeIdentity | undefined> {
  const bytes = await readPrivateFile(path, IDENTITY_FILE_BYTES_MAX);
  if (bytes === undefined) return undefined;
  const lines = Buffer.from(bytes)
    .toString('utf8')
    .split(/\r?\n/)
    .map((line) => line.trim());
  const keys = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const [secretKey] = keys;
  if (keys.length !== 1 || secretKey === undefined || !SECRET_KEY.test(secretKey)) {
    throw unavailable(
      `${path} must hold exactly one AGE-SECRET-KEY-1 line, as age-keygen makes it`,
    );
  }
  return {
    secretKey,
    recipient: await recipientOf(secretKey, path),
    isOwn: lines.includes(OWN_MARK),
  };
}

async function recipientOf(secretKey: string, path: string): Promise<string> {
  try {
    return await identityToRecipient(secretKey);
  } catch {
    throw unavailable(`the key in ${path} is damaged; restore the file from a backup`);
  }
}
