import { z } from 'zod';
import { GatewayError } from './core/gateway-error.ts';
import { VAULT_SETTINGS, type VaultConfig, vaultFrom } from './vault-settings.ts';

/** Where secrets are kept, as settings have it. */

export const SECRET_STORE_SETTINGS = {
  /** `age`: a file in the data folder. */
  SALLYPORT_SECRET_STORE: z.enum(['age', 'vault']).default('age'),
  ...VAULT_SETTINGS,
} as const;

type SecretStoreSettings = Readonly<z.output<z.ZodObject<typeof SECRET_STORE_SETTINGS>>>;

export type SecretStoreConfig = { readonly kind: 'age' } | VaultConfig;

/** Throws `config.invalid` naming the setting that is missing, or that would not do what it says. */
export function secretStoreFrom(settings: SecretStoreSettings): SecretStoreConfig {
  switch (settings.SALLYPORT_SECRET_STORE) {
    case 'age':
      assertMeant(settings);
      return { kind: 'age' };
    case 'vault':
      return vaultFrom(settings);
  }
}

/** Whoever names a server means to keep secrets there, and not in a file beside the record. */
function assertMeant({ SALLYPORT_VAULT_ADDR: address }: SecretStoreSettings): void {
  if (address === undefined) return;
  const detail =
    'SALLYPORT_VAULT_ADDR is set, but nothing is kept there without SALLYPORT_SECRET_STORE=vault';
  throw new GatewayError('config.invalid', { detail });
}
