import { z } from 'zod';
import { readPrivateFile, unavailable } from '../private-file.ts';
import { refusalOf } from './vault-answers.ts';
import type { VaultAnswer, VaultExchange } from './vault-exchange.ts';
import { unwrapSecretId } from './wrapped-secret-id.ts';

const CREDENTIAL_BYTES_MAX = 16 * 1024;
/** What a token may be made of: anything else would be a header of its own. */
const PRINTABLE = /^[\x21-\x7e]+$/;

/** How the gateway shows the server who it is. Each file is its owner's alone, and is read anew at every login. */
export type VaultAuth =
  | { readonly method: 'token'; readonly tokenFile: string }
  | {
      readonly method: 'approle';
      readonly roleId: string;
      readonly secretIdFile: string;
      /** The file holds a wrapping token, good for one unwrapping. */
      readonly isWrapped: boolean;
    }
  | { readonly method: 'kubernetes'; readonly role: string; readonly jwtFile: string };

export interface Lease {
  readonly token: string;
  /** Undefined: it does not end. */
  readonly ttlMs: number | undefined;
  readonly isRenewable: boolean;
}

/** Throws `secret.unavailable` where the server or the file gives none. */
export type VaultLogin = () => Promise<Lease>;

const AuthSchema = z.object({
  auth: z.object({
    client_token: z.string().regex(PRINTABLE),
    lease_duration: z.int().nonnegative(),
    renewable: z.boolean(),
  }),
});

const SelfSchema = z.object({
  data: z.object({ ttl: z.int().nonnegative(), renewable: z.boolean() }),
});

const ttlOf = (seconds: number): number | undefined => (seconds === 0 ? undefined : seconds * 1000);

function leaseOf({ body }: VaultAnswer): Lease | undefined {
  const auth = AuthSchema.safeParse(body).data?.auth;
  if (auth === undefined) return undefined;
  const { client_token: token, lease_duration: seconds, renewable: isRenewable } = auth;
  return { token, ttlMs: ttlOf(seconds), isRenewable };
}

/** Undefined: it is not renewed. Throws `secret.unavailable` where the server does not answer. */
export async function renewLease(
  exchange: VaultExchange,
  token: string,
): Promise<Lease | undefined> {
  const answer = await exchange.ask({
    method: 'POST',
    path: 'auth/token/renew-self',
    body: {},
    token,
  });
  if (answer.status === 200) return leaseOf(answer);
  if (answer.status < 500) return undefined;
  throw refusalOf(answer, exchange);
}

export function createVaultLogin(exchange: VaultExchange, auth: VaultAuth): VaultLogin {
  switch (auth.method) {
    case 'token':
      return () => adoptToken(exchange, auth.tokenFile);
    case 'approle':
      return appRoleLogin(exchange, auth);
    case 'kubernetes':
      return async () => {
        const jwt = await readCredential(auth.jwtFile, 'SALLYPORT_VAULT_JWT_FILE');
        return logIn(exchange, 'kubernetes', { role: auth.role, jwt });
      };
  }
}

/** A token that somebody else keeps alive, or puts in the file anew, is as good as one that we renew. */
async function adoptToken(exchange: VaultExchange, tokenFile: string): Promise<Lease> {
  const token = await readCredential(tokenFile, 'SALLYPORT_VAULT_TOKEN_FILE');
  const answer = await exchange.ask({ method: 'GET', path: 'auth/token/lookup-self', token });
  const self = SelfSchema.safeParse(answer.body).data?.data;
  if (answer.status === 403)
    throw unavailable(
      `${exchange.address} does not know the token in ${tokenFile}, or no longer; put a new one there`,
    );
  if (answer.status !== 200 || self === undefined) throw refusalOf(answer, exchange);
  return { token, ttlMs: ttlOf(self.ttl), isRenewable: self.renewable };
}

/** A wrapped secret id is unwrapped once, and stays in this process's memory for the logins that follow. */
function appRoleLogin(
  exchange: VaultExchange,
  { roleId, secretIdFile, isWrapped }: Extract<VaultAuth, { method: 'approle' }>,
): VaultLogin {
  let unwrapped: string | undefined;
  return async () => {
    const held =
      unwrapped ?? (await readCredential(secretIdFile, 'SALLYPORT_VAULT_SECRET_ID_FILE'));
    if (isWrapped)
      unwrapped ??= await unwrapSecretId(exchange, { token: held, file: secretIdFile });
    return logIn(exchange, 'approle', { role_id: roleId, secret_id: unwrapped ?? held });
  };
}

const AS_WHOM = {
  approle: 'this role id or secret id; make a new secret id and check SALLYPORT_VAULT_ROLE_ID',
  kubernetes:
    'this role or service account; check SALLYPORT_VAULT_ROLE and what the role is bound to',
} as const;

async function logIn(
  exchange: VaultExchange,
  method: keyof typeof AS_WHOM,
  body: Readonly<Record<string, string>>,
): Promise<Lease> {
  const answer = await exchange.ask({ method: 'POST', path: `auth/${method}/login`, body });
  if ([400, 401, 403].includes(answer.status))
    throw unavailable(`${exchange.address} does not take ${AS_WHOM[method]}`);
  const lease = answer.status === 200 ? leaseOf(answer) : undefined;
  if (lease === undefined) throw refusalOf(answer, exchange);
  return lease;
}

async function readCredential(file: string, setting: string): Promise<string> {
  const bytes = await readPrivateFile(file, CREDENTIAL_BYTES_MAX);
  if (bytes === undefined) throw unavailable(`${file} is missing; ${setting} names it`);
  const text = Buffer.from(bytes).toString('utf8').trim();
  if (!PRINTABLE.test(text))
    throw unavailable(`${file} must hold one line and nothing else; ${setting} names it`);
  return text;
}
