import { z } from 'zod';
import { AWS_SETTINGS, type AwsSecretStoreConfig, awsFrom } from './aws-settings.ts';
import { GatewayError } from './core/gateway-error.ts';
import { VAULT_SETTINGS, type VaultConfig, vaultFrom } from './vault-settings.ts';

/** Where secrets are kept, as settings have it. */

export const SECRET_STORE_SETTINGS = {
  /** `age`: a file in the data folder. */
  SALLYPORT_SECRET_STORE: z.enum(['age', 'vault', 'aws']).default('age'),
  ...VAULT_SETTINGS,
  ...AWS_SETTINGS,
} as const;

type SecretStoreSettings = Readonly<z.output<z.ZodObject<typeof SECRET_STORE_SETTINGS>>>;

export type SecretStoreConfig = { readonly kind: 'age' } | VaultConfig | AwsSecretStoreConfig;

/** Throws `config.invalid` naming the setting that is missing, or that would not do what it says. */
export function secretStoreFrom(settings: SecretStoreSettings): SecretStoreConfig {
  assertMeant(settings);
  switch (settings.SALLYPORT_SECRET_STORE) {
    case 'age':
      return { kind: 'age' };
    case 'vault':
      return vaultFrom(settings);
    case 'aws':
      return awsFrom(settings);
  }
}

/** The setting that says where each store is: whoever names one means to keep secrets there. */
const PLACES = { vault: 'SALLYPORT_VAULT_ADDR', aws: 'SALLYPORT_AWS_REGION' } as const;

function assertMeant(settings: SecretStoreSettings): void {
  for (const store of ['vault', 'aws'] as const) {
    const place = PLACES[store];
    if (settings[place] === undefined || settings.SALLYPORT_SECRET_STORE === store) continue;
    const detail = `${place} is set, but nothing is kept there without SALLYPORT_SECRET_STORE=${store}`;
    throw new GatewayError('config.invalid', { detail });
  }
}
