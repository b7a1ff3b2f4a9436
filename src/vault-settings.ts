import { z } from 'zod';
import { GatewayError } from './core/gateway-error.ts';
import { vaultServer } from './setting-addresses.ts';

/** The KV v2 store of HashiCorp Vault or OpenBao, as settings have it. */

const text = z.string().min(1);

const path = z
  .string()
  .regex(
    /^[A-Za-z0-9_-]+(?:\/[A-Za-z0-9_-]+)*$/,
    'must be words parted by slashes, without one at either end',
  );

/** It goes into a header. */
const namespace = z.string().regex(/^[A-Za-z0-9._/-]+$/, 'is no path of a namespace');

export const VAULT_SETTINGS = {
  SALLYPORT_VAULT_ADDR: vaultServer.optional(),
  SALLYPORT_VAULT_MOUNT: path.default('secret'),
  /** Of this gateway alone. */
  SALLYPORT_VAULT_PREFIX: path.default('sallyport'),
  SALLYPORT_VAULT_NAMESPACE: namespace.optional(),
  SALLYPORT_VAULT_CA_FILE: text.optional(),
  SALLYPORT_VAULT_AUTH: z.enum(['token', 'approle', 'kubernetes']).optional(),
  SALLYPORT_VAULT_TOKEN_FILE: text.optional(),
  SALLYPORT_VAULT_ROLE_ID: text.optional(),
  SALLYPORT_VAULT_SECRET_ID_FILE: text.optional(),
  /** The file holds a wrapping token, for one start. */
  SALLYPORT_VAULT_SECRET_ID_WRAPPED: z.stringbool().default(false),
  SALLYPORT_VAULT_ROLE: text.optional(),
  SALLYPORT_VAULT_JWT_FILE: text.optional(),
} as const;

export type VaultSettings = Readonly<z.output<z.ZodObject<typeof VAULT_SETTINGS>>>;

/** As the adapter takes it (`vault-secret-store.ts`); `address` is scheme, host and port. */
export type VaultConfig = Readonly<ReturnType<typeof vaultFrom>>;

/** Throws `config.invalid` naming the setting that is missing. */
export function vaultFrom(settings: VaultSettings) {
  return {
    kind: 'vault' as const,
    address: needed(settings, 'SALLYPORT_VAULT_ADDR', 'SALLYPORT_SECRET_STORE=vault'),
    mount: settings.SALLYPORT_VAULT_MOUNT,
    prefix: settings.SALLYPORT_VAULT_PREFIX,
    namespace: settings.SALLYPORT_VAULT_NAMESPACE,
    caFile: settings.SALLYPORT_VAULT_CA_FILE,
    auth: authFrom(settings),
  };
}

function authFrom(settings: VaultSettings) {
  const method = needed(settings, 'SALLYPORT_VAULT_AUTH', 'SALLYPORT_SECRET_STORE=vault');
  const of = (name: NeededText): string => needed(settings, name, `SALLYPORT_VAULT_AUTH=${method}`);
  switch (method) {
    case 'token':
      return { method, tokenFile: of('SALLYPORT_VAULT_TOKEN_FILE') };
    case 'approle':
      return {
        method,
        roleId: of('SALLYPORT_VAULT_ROLE_ID'),
        secretIdFile: of('SALLYPORT_VAULT_SECRET_ID_FILE'),
        isWrapped: settings.SALLYPORT_VAULT_SECRET_ID_WRAPPED,
      };
    case 'kubernetes':
      return {
        method,
        role: of('SALLYPORT_VAULT_ROLE'),
        jwtFile: of('SALLYPORT_VAULT_JWT_FILE'),
      };
  }
}

type NeededText =
  `SALLYPORT_VAULT_${'TOKEN_FILE' | 'ROLE_ID' | 'SECRET_ID_FILE' | 'ROLE' | 'JWT_FILE'}`;

function needed<N extends NeededText | 'SALLYPORT_VAULT_ADDR' | 'SALLYPORT_VAULT_AUTH'>(
  settings: VaultSettings,
  name: N,
  by: string,
): NonNullable<VaultSettings[N]> {
  const value = settings[name];
  if (value !== undefined) return value;
  throw new GatewayError('config.invalid', { detail: `${name} is missing: ${by} needs it` });
}
