import type { SecretStore } from '../../src/ports/secret-store.ts';

/** For what asks for secrets and finds none. */
export const noSecrets: SecretStore = {
  get: () => Promise.resolve(undefined),
  put: () => Promise.resolve(1),
  promote: () => Promise.resolve(),
  destroy: () => Promise.resolve(),
  probe: () => Promise.resolve(),
  names: () => Promise.resolve([]),
};
