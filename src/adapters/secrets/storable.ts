import { GatewayError } from '../../core/gateway-error.ts';

/** What every secret store takes, whatever its own limits: a secret can move from one to another. */
export const STORABLE_LIMITS = { nameLengthMax: 200, valueBytesMax: 64 * 1024 } as const;

const NAME = /^[a-z0-9][a-z0-9_-]*(?:\/[a-z0-9][a-z0-9_-]*)*$/;

export const isSecretName = (name: string): boolean =>
  name.length <= STORABLE_LIMITS.nameLengthMax && NAME.test(name);

/** Throws `config.invalid` for a name or a value that no store takes; the value is not in it. */
export function requireStorable(name: string, value: string): void {
  if (!isSecretName(name)) {
    const detail = 'a secret name is lower-case words joined by slashes, like hubspot/main';
    throw new GatewayError('config.invalid', { detail });
  }
  if (Buffer.byteLength(value) > STORABLE_LIMITS.valueBytesMax) {
    const detail = `the value of ${name} is longer than ${STORABLE_LIMITS.valueBytesMax} bytes`;
    throw new GatewayError('config.invalid', { detail });
  }
  // Lone surrogates do not survive UTF-8: what is read back would not be what was stored.
  if (!value.isWellFormed()) {
    throw new GatewayError('config.invalid', { detail: `the value of ${name} is not valid text` });
  }
}
