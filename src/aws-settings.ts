import { z } from 'zod';
import { GatewayError } from './core/gateway-error.ts';
import { isThisMachine } from './setting-addresses.ts';

/** Where AWS Secrets Manager is, as settings have it. Credentials are none: the SDK finds its own. */

const REGION = /^[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}$/;
/** What AWS takes in names, with room for ours behind it. */
const PREFIX = /^[\w+=.@-]+(?:\/[\w+=.@-]+)*$/;
const PREFIX_LENGTH_MAX = 200;

/** What keeps secrets from being sent to this address. */
function endpointFault({ protocol, hostname, username, password, href, origin }: URL) {
  if (protocol !== 'https:' && !isThisMachine(hostname))
    return 'is where secrets are sent: https, except on this machine';
  if (username !== '' || password !== '')
    return 'has a user or password in it; credentials come by the standard chain of AWS';
  return href === `${origin}/` ? undefined : 'is scheme, host and port, with nothing after them';
}

const endpoint = z.url({ protocol: /^https?$/ }).transform((value, context) => {
  const url = new URL(value);
  const message = endpointFault(url);
  if (message === undefined) return url.origin;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

export const AWS_SETTINGS = {
  SALLYPORT_AWS_REGION: z.string().regex(REGION, 'is a region such as eu-central-1').optional(),
  /** Of the names in AWS: with another one docs/aws/sallyport-policy.json is changed too. */
  SALLYPORT_AWS_SECRETS_PREFIX: z
    .string()
    .max(PREFIX_LENGTH_MAX, `has at most ${PREFIX_LENGTH_MAX} characters`)
    .regex(PREFIX, 'is letters, digits and _+=.@- in parts joined by slashes, such as sallyport')
    .default('sallyport'),
  /** A VPC endpoint, or a stand-in in tests; without it AWS's own of the region. */
  SALLYPORT_AWS_ENDPOINT: endpoint.optional(),
} as const;

export interface AwsSecretStoreConfig {
  readonly kind: 'aws';
  readonly region: string;
  readonly prefix: string;
  /** Undefined: AWS's own of the region. */
  readonly endpoint: string | undefined;
}

/** Throws `config.invalid` without a region: one that is guessed would be another, empty store. */
export function awsFrom(
  settings: z.output<z.ZodObject<typeof AWS_SETTINGS>>,
): AwsSecretStoreConfig {
  const region = settings.SALLYPORT_AWS_REGION;
  if (region === undefined)
    throw new GatewayError('config.invalid', {
      detail: 'SALLYPORT_AWS_REGION must be set where secrets are in AWS, such as eu-central-1',
    });
  return {
    kind: 'aws',
    region,
    prefix: settings.SALLYPORT_AWS_SECRETS_PREFIX,
    endpoint: settings.SALLYPORT_AWS_ENDPOINT,
  };
}
