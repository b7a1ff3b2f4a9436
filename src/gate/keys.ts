import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Bearer keys of agents (`spa_…`), people (`spp_…`) and their sessions (`sps_…`), and the tokens of invitations
 * (`spi_…`): `<kind>_<id body>_<32 random bytes>`.
 * The id inside makes the look-up one row and one hash (peers compare a slow hash against every row).
 * A fast hash is enough: the secret has 256 random bits.
 */
const KINDS = {
  agent: { key: 'spa', id: 'agt' },
  person: { key: 'spp', id: 'per' },
  session: { key: 'sps', id: 'ses' },
  invitation: { key: 'spi', id: 'inv' },
} as const;
type KeyKind = keyof typeof KINDS;

const KEY_PATTERN = /^(sp[apsi])_([0-9a-z]{16})_[A-Za-z0-9_-]{43}$/;

export const hashKey = (key: string): string => createHash('sha256').update(key).digest('hex');

/** A fresh key for this id. Shown once; only its hash is stored. */
export function mintKey(kind: KeyKind, id: string): string {
  const idBody = id.slice(id.indexOf('_') + 1);
  return `${KINDS[kind].key}_${idBody}_${randomBytes(32).toString('base64url')}`;
}

const BASE_32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const TOTP_SECRET_BYTES = 20;

/** A fresh TOTP secret (RFC 6238) in base 32 (RFC 4648): for a person who is shown none. */
export const mintTotpSecret = (): string =>
  Array.from(
    randomBytes((TOTP_SECRET_BYTES * 8) / 5),
    (byte) => BASE_32[byte % BASE_32.length] ?? '',
  ).join('');

/** The id that a key of this kind claims to be of; `undefined` for anything that is not such a key. */
export function keyOwner(kind: KeyKind, key: string): string | undefined {
  const match = KEY_PATTERN.exec(key);
  return match?.[1] === KINDS[kind].key ? `${KINDS[kind].id}_${match[2] ?? ''}` : undefined;
}

export function keyMatches(key: string, keyHash: string): boolean {
  const presented = Buffer.from(hashKey(key), 'hex');
  const stored = Buffer.from(keyHash, 'hex');
  return presented.length === stored.length && timingSafeEqual(presented, stored);
}
