import { createPrivateKey, createPublicKey, hash, randomBytes, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { LogFormatError } from './format-error.ts';

/** Signature type byte of a plain Ed25519 note signature (C2SP signed-note, "Signature types"). */
const ED25519 = 0x01;
const KEY_BYTES = 32;
const KEY_ID_BYTES = 4;
const SIGNER_PREFIX = 'PRIVATE+KEY+';
const SIGNATURE_PREFIX = '\u2014 ';

export const NOTE_LIMITS = {
  noteMaxBytes: 1_000_000,
  /** The specification asks for at least 16. */
  signaturesMax: 100,
} as const;

export interface NoteVerifier {
  /** Key name: for a log, its origin. */
  readonly name: string;
  /** First four bytes of SHA-256(name || 0x0A || type || public key), in hex. */
  readonly keyId: string;
  verify(text: string, signature: Uint8Array): boolean;
}

export interface NoteSigner {
  readonly name: string;
  /** The verifier key to hand out: `name+keyid+base64(type || public key)`. */
  readonly vkey: string;
  /** The Ed25519 signature (64 bytes) over the note text. */
  sign(text: string): Uint8Array;
}

export interface NoteSignature {
  readonly name: string;
  readonly keyId: string;
  readonly signature: Uint8Array;
}

/**
 * Makes a new signing key in the encoding of Go's `note` package, `PRIVATE+KEY+name+keyid+base64`, so
 * that its tools can use it. Throws LogFormatError for a name that no note could carry.
 */
export function generateSignerKey(name: string): string {
  const seed = randomBytes(KEY_BYTES);
  const id = keyIdOf(checkedName(name), publicBytesOf(privateKeyOf(seed)));
  return `${SIGNER_PREFIX}${name}+${id}+${encodeTyped(seed)}`;
}

/** Reads a signing key. Throws LogFormatError; the message never holds key material. */
export function parseSigner(signerKey: string): NoteSigner {
  const rest = signerKey.startsWith(SIGNER_PREFIX) ? signerKey.slice(SIGNER_PREFIX.length) : '';
  const { name, keyId, material } = parseKey(rest, 'signing key');
  const key = privateKeyOf(material);
  const publicBytes = publicBytesOf(key);
  if (keyIdOf(name, publicBytes) !== keyId) throw new LogFormatError('signing key: wrong key id');
  return {
    name,
    vkey: `${name}+${keyId}+${encodeTyped(publicBytes)}`,
    sign: (text) => sign(null, Buffer.from(text, 'utf8'), key),
  };
}

/** Reads a verifier key (C2SP signed-note, "Verifier keys"). Throws LogFormatError. */
export function parseVerifier(vkey: string): NoteVerifier {
  const { name, keyId, material } = parseKey(vkey, 'verifier key');
  if (keyIdOf(name, material) !== keyId) throw new LogFormatError('verifier key: wrong key id');
  const x = material.toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return {
    name,
    keyId,
    verify: (text, signature) => verify(null, Buffer.from(text, 'utf8'), key, signature),
  };
}

/** Signs a text with one or more keys, in their order. Throws LogFormatError for a text no note may have. */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  if (signers.length === 0) throw new LogFormatError('a note needs a signature');
  const lines = signers.map((signer) => {
    const keyId = Buffer.from(parseVerifier(signer.vkey).keyId, 'hex');
    const signature = encodeBase64(Buffer.concat([keyId, signer.sign(text)]));
    return `${SIGNATURE_PREFIX}${signer.name} ${signature}\n`;
  });
  const note = `${text}\n${lines.join('')}`;
  if (parseNote(note).text !== text) throw new LogFormatError('the text does not end in a newline');
  return note;
}

/**
 * The text of a note that at least one of these keys signed. Signatures of other keys are ignored,
 * also when they share a name or an id with one of ours; a wrong signature of one of ours refuses the
 * whole note. Throws LogFormatError.
 */
export function openNote(note: string | Uint8Array, verifiers: readonly NoteVerifier[]): string {
  const { text, signatures } = parseNote(note);
  let verified = 0;
  for (const { name, keyId, signature } of signatures) {
    const verifier = verifiers.find((known) => known.name === name && known.keyId === keyId);
    if (verifier === undefined) continue;
    if (!verifier.verify(text, signature)) throw new LogFormatError('a signature does not verify');
    verified += 1;
  }
  if (verified === 0) throw new LogFormatError('no known key signed this note');
  return text;
}

/** Splits a note without trusting it (C2SP signed-note, "Format"). Throws LogFormatError. */
export function parseNote(note: string | Uint8Array): {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
} {
  const whole = noteText(note);
  const blank = whole.lastIndexOf('\n\n');
  if (blank < 0) throw new LogFormatError('the note has no blank line before its signatures');
  const block = whole.slice(blank + 2);
  if (!block.endsWith('\n')) throw new LogFormatError('the note has no complete signature line');
  const lines = block.slice(0, -1).split('\n');
  if (lines.length > NOTE_LIMITS.signaturesMax) throw new LogFormatError('too many signatures');
  return { text: whole.slice(0, blank + 1), signatures: lines.map(parseSignatureLine) };
}

function noteText(note: string | Uint8Array): string {
  const bytes = typeof note === 'string' ? Buffer.byteLength(note, 'utf8') : note.length;
  if (bytes > NOTE_LIMITS.noteMaxBytes) throw new LogFormatError('the note is too long');
  const text = typeof note === 'string' ? note : decodeUtf8(note);
  if (!text.isWellFormed()) throw new LogFormatError('the note is not Unicode');
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 && code !== 0x0a) throw new LogFormatError('the note has a control character');
  }
  return text;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    // The byte order mark is kept: the signature covers it.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new LogFormatError('the note is not UTF-8');
  }
}

function parseSignatureLine(line: string): NoteSignature {
  const [name, encoded, ...more] = line.slice(SIGNATURE_PREFIX.length).split(' ');
  if (!line.startsWith(SIGNATURE_PREFIX) || encoded === undefined || more.length > 0) {
    throw new LogFormatError('a signature line is malformed');
  }
  const bytes = decodeBase64(encoded);
  if (bytes === undefined || bytes.length <= KEY_ID_BYTES) {
    throw new LogFormatError('a signature is malformed');
  }
  return {
    name: checkedName(name ?? ''),
    keyId: bytes.subarray(0, KEY_ID_BYTES).toString('hex'),
    signature: bytes.subarray(KEY_ID_BYTES),
  };
}

function parseKey(text: string, what: string): { name: string; keyId: string; material: Buffer } {
  // The base64 part may hold further plus signs; the name and the id cannot.
  const [, name = '', id = '', encoded = ''] =
    /^([^+]*)\+([0-9a-fA-F]{8})\+(.*)$/s.exec(text) ?? [];
  const bytes = decodeBase64(encoded);
  if (bytes === undefined || bytes.length === 0) throw new LogFormatError(`${what}: malformed`);
  if (bytes[0] !== ED25519) throw new LogFormatError(`${what}: not an Ed25519 key`);
  if (bytes.length !== 1 + KEY_BYTES) throw new LogFormatError(`${what}: wrong length`);
  return { name: checkedName(name), keyId: id.toLowerCase(), material: bytes.subarray(1) };
}

function checkedName(name: string): string {
  const isName = name !== '' && name.isWellFormed() && !/[\p{White_Space}\p{Cc}+]/u.test(name);
  if (!isName) throw new LogFormatError('a key name is empty or has a space, a plus or a control');
  return name;
}

function keyIdOf(name: string, publicBytes: Uint8Array): string {
  const input = Buffer.concat([
    Buffer.from(`${name}\n`, 'utf8'),
    Uint8Array.of(ED25519),
    publicBytes,
  ]);
  return hash('sha256', input, 'buffer').subarray(0, KEY_ID_BYTES).toString('hex');
}

function encodeTyped(material: Uint8Array): string {
  return encodeBase64(Buffer.concat([Uint8Array.of(ED25519), material]));
}

function privateKeyOf(seed: Uint8Array): KeyObject {
  // PKCS #8 of RFC 8410 is this fixed head and the 32-byte seed.
  const head = Buffer.from('302e020100300506032b657004220420', 'hex');
  return createPrivateKey({ key: Buffer.concat([head, seed]), format: 'der', type: 'pkcs8' });
}

function publicBytesOf(key: KeyObject): Buffer {
  return Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url');
}
