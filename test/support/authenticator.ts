import {
  createHash,
  generateKeyPairSync,
  type KeyObject,
  type KeyPairKeyObjectResult,
  randomBytes,
  sign,
} from 'node:crypto';

/** A software authenticator with its browser (WebAuthn Level 3): ES256, attestation none. It lies where it is told to. */

/** What it does otherwise than it should; each member is one forgery. */
export interface Forgery {
  readonly origin?: string;
  readonly rpId?: string;
  readonly type?: string;
  /** base64url. */
  readonly challenge?: string;
  readonly crossOrigin?: boolean;
  readonly topOrigin?: string;
  readonly isPresent?: boolean;
  readonly isVerified?: boolean;
  readonly counter?: number;
  /** Signs with another key than the credential's. */
  readonly signer?: KeyObject;
  /** Takes the answer for that of another credential. */
  readonly credentialId?: string;
  /** The account that the answer names; null for none. */
  readonly userHandle?: string | null;
  /** Changes what is sent after it was signed. */
  readonly after?: (answer: any) => void;
  /** COSE algorithm named in the key that is registered. */
  readonly algorithm?: number;
}

/** A credential as its authenticator keeps it. */
export interface SoftPasskey {
  readonly credentialId: string;
  readonly keys: KeyPairKeyObjectResult;
  readonly userHandle: string;
  counter: number;
}

export interface Authenticator {
  /** `navigator.credentials.create`: what the browser sends, and the passkey that stays. */
  create(options: any, forgery?: Forgery): { credential: any; passkey: SoftPasskey };
  /** `navigator.credentials.get` with this passkey. */
  get(options: any, passkey: SoftPasskey, forgery?: Forgery): any;
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
const sha256 = (data: string | Uint8Array): Buffer => createHash('sha256').update(data).digest();

const FLAG = { present: 0x01, verified: 0x04, attested: 0x40 } as const;

/** CBOR (RFC 8949), as much of it as WebAuthn needs. */
function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  if (value < 0x100) return Buffer.from([(major << 5) | 24, value]);
  const bytes = Buffer.from([(major << 5) | 25, 0, 0]);
  bytes.writeUInt16BE(value, 1);
  return bytes;
}

type Cbor = number | string | Uint8Array | Map<number | string, Cbor>;

function cbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (typeof value === 'string')
    return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  const parts = [...value].flatMap(([key, of]) => [cbor(key), cbor(of)]);
  return Buffer.concat([head(5, value.size), ...parts]);
}

/** COSE_Key of a P-256 key (RFC 9053, 7.1.1). */
function coseKey(key: KeyObject, algorithm: number): Buffer {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  const point = [x, y].map((part) => new Uint8Array(Buffer.from(part, 'base64url')));
  return cbor(
    new Map<number, Cbor>([
      [1, 2],
      [3, algorithm],
      [-1, 1],
      [-2, point[0] ?? new Uint8Array()],
      [-3, point[1] ?? new Uint8Array()],
    ]),
  );
}

function authenticatorData(
  rpId: string,
  of: { readonly counter: number; readonly attested?: Uint8Array } & Forgery,
): Buffer {
  const fixed = Buffer.alloc(5);
  fixed[0] =
    (of.isPresent === false ? 0 : FLAG.present) |
    (of.isVerified === false ? 0 : FLAG.verified) |
    (of.attested === undefined ? 0 : FLAG.attested);
  fixed.writeUInt32BE(of.counter, 1);
  return Buffer.concat([sha256(of.rpId ?? rpId), fixed, of.attested ?? new Uint8Array()]);
}

const clientData = (type: string, challenge: string, origin: string, forgery: Forgery): Buffer =>
  Buffer.from(
    JSON.stringify({
      type: forgery.type ?? type,
      challenge: forgery.challenge ?? challenge,
      origin: forgery.origin ?? origin,
      crossOrigin: forgery.crossOrigin ?? false,
      ...(forgery.topOrigin === undefined ? {} : { topOrigin: forgery.topOrigin }),
    }),
  );

/** `origin`: the page on which the browser believes to be. */
export function createAuthenticator(
  origin: string,
  { counts = true }: { counts?: boolean } = {},
): Authenticator {
  return {
    create: (options, forgery = {}) => {
      const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const id = randomBytes(32);
      const passkey: SoftPasskey = {
        credentialId: base64url(id),
        keys,
        userHandle: options.user.id,
        counter: counts ? 1 : 0,
      };
      const length = Buffer.from([0, id.length]);
      const cose = coseKey(keys.publicKey, forgery.algorithm ?? -7);
      const attested = Buffer.concat([Buffer.alloc(16), length, id, cose]);
      const counter = forgery.counter ?? passkey.counter;
      const authData = authenticatorData(options.rp.id, { ...forgery, counter, attested });
      const attestation = new Map<string, Cbor>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', authData],
      ]);
      const credential = {
        id: forgery.credentialId ?? passkey.credentialId,
        rawId: forgery.credentialId ?? passkey.credentialId,
        type: 'public-key',
        authenticatorAttachment: 'platform',
        clientExtensionResults: {},
        response: {
          clientDataJSON: base64url(
            clientData('webauthn.create', options.challenge, origin, forgery),
          ),
          attestationObject: base64url(cbor(attestation)),
          transports: ['internal'],
        },
      };
      forgery.after?.(credential);
      return { credential, passkey };
    },
    get: (options, passkey, forgery = {}) => {
      if (counts) passkey.counter += 1;
      const counter = forgery.counter ?? passkey.counter;
      const data = authenticatorData(options.rpId, { ...forgery, counter });
      const client = clientData('webauthn.get', options.challenge, origin, forgery);
      const signer = forgery.signer ?? passkey.keys.privateKey;
      const signature = sign('sha256', Buffer.concat([data, sha256(client)]), signer);
      const { userHandle = passkey.userHandle } = forgery;
      const assertion = {
        id: forgery.credentialId ?? passkey.credentialId,
        rawId: forgery.credentialId ?? passkey.credentialId,
        type: 'public-key',
        authenticatorAttachment: 'platform',
        clientExtensionResults: {},
        response: {
          clientDataJSON: base64url(client),
          authenticatorData: base64url(data),
          signature: base64url(signature),
          ...(userHandle === null ? {} : { userHandle }),
        },
      };
      forgery.after?.(assertion);
      return assertion;
    },
  };
}
