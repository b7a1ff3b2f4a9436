import { existsSync } from 'node:fs';
import type { Config } from './config.ts';
import { GatewayError } from './core/gateway-error.ts';
import type { SecretStore } from './ports/secret-store.ts';

type Places = Pick<Config, 'secretStore' | 'files'>;

/**
 * The secret store that the settings name. Its code is loaded here, so that nothing waits for one that is not used.
 * Throws `secret.unavailable`, never having made a new one beside a store that is there.
 */
export async function openSecretStore({ secretStore, files }: Places): Promise<SecretStore> {
  switch (secretStore.kind) {
    case 'age':
      assertFilesBelong(files);
      return openAgeFile(files);
    case 'vault':
      return openVault(secretStore);
    case 'aws':
      return openAws(secretStore);
  }
}

async function openAgeFile({ secrets: file, identity }: Config['files']): Promise<SecretStore> {
  const { createAgeFileSecretStore } =
    await import('./adapters/secrets/age-file/age-file-secret-store.ts');
  return createAgeFileSecretStore({ file, identityFile: identity });
}

type VaultConfig = Extract<Config['secretStore'], { readonly kind: 'vault' }>;

async function openVault(vault: VaultConfig): Promise<SecretStore> {
  const { createVaultSecretStore } = await import('./adapters/secrets/vault/vault-secret-store.ts');
  return createVaultSecretStore(vault);
}

type AwsConfig = Extract<Config['secretStore'], { readonly kind: 'aws' }>;

async function openAws(aws: AwsConfig): Promise<SecretStore> {
  const { createAwsSecretStore } = await import('./adapters/secrets/aws/aws-secret-store.ts');
  return createAwsSecretStore(aws);
}

/**
 * A store without its secrets: new ones would open nothing in it, begin another log key, and leave every
 * key that was given out worthless, without a word.
 */
function assertFilesBelong({ secrets, identity, store }: Config['files']): void {
  if (!existsSync(store)) return;
  const missing = [secrets, identity].filter((file) => !existsSync(file));
  if (missing.length === 0) return;
  throw new GatewayError('secret.unavailable', {
    detail:
      `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing, but ${store} is there, ` +
      'and what it holds opens with them alone. Restore the secrets from the backup (docs/operations.md, ' +
      '"Backup and restore"). No new ones are made beside it: to begin anew on purpose, move the store away too.',
  });
}

/** What opens the record, in words for one who has to find it. */
function placeOf({ secretStore, files }: Places): string {
  switch (secretStore.kind) {
    case 'age':
      return files.secrets;
    case 'vault':
      return `${secretStore.mount}/${secretStore.prefix} on ${secretStore.address}`;
    case 'aws':
      return `${secretStore.prefix} in ${secretStore.region}`;
  }
}

/** The same where secrets are kept elsewhere: another mount, prefix or server has none of ours. */
export function lostSealKey(places: Places, name: string): GatewayError {
  return new GatewayError('secret.unavailable', {
    detail:
      `${name} is not in ${placeOf(places)}, but ${places.files.store} is there, and what it holds opens with it alone. ` +
      'Name the secret store that this gateway was made with (SALLYPORT_SECRET_STORE and what belongs to it), or restore the secrets from the ' +
      'backup (docs/operations.md, "Backup and restore"). No new ones are made beside it: to begin anew on purpose, move the store away too.',
  });
}
