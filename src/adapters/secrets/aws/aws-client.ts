import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type AwsCalls, createAwsCalls } from './aws-calls.ts';
import { unavailable } from './aws-errors.ts';

export const AWS_LIMITS = {
  connectMs: 2_000,
  /** One request, from the first byte sent to the head of its answer. */
  answerMs: 3_000,
  /** The first one counted. */
  attemptsMax: 2,
  /** One operation of the store with all its requests, and with getting credentials. */
  operationMs: 10_000,
} as const;

export interface AwsPlace {
  readonly region: string;
  /** Every name stands under it: `sallyport` makes `sallyport/hubspot/main`. */
  readonly prefix: string;
  /** Undefined: AWS's own of the region. */
  readonly endpoint: string | undefined;
}

/** Runs a task that asks AWS. It throws `secret.unavailable` when it takes too long, whatever holds it up. */
export type WithAws = <T>(task: (aws: AwsCalls) => Promise<T>) => Promise<T>;

/** Credentials come by the SDK's own chain: its environment, a profile, or the role of the machine. */
export function createWithAws({ region, prefix, endpoint }: AwsPlace): WithAws {
  const client = new SecretsManagerClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    maxAttempts: AWS_LIMITS.attemptsMax,
    requestHandler: {
      connectionTimeout: AWS_LIMITS.connectMs,
      requestTimeout: AWS_LIMITS.answerMs,
      throwOnRequestTimeout: true,
    },
  });
  return (task) =>
    withinDeadline((abortSignal) =>
      task(createAwsCalls({ client, prefix, options: { abortSignal } })),
    );
}

/** The signal ends requests; the race also ends what takes none, like asking a machine for its role. */
async function withinDeadline<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(
      unavailable(
        `AWS Secrets Manager did not answer within ${AWS_LIMITS.operationMs / 1000} s: see that its address is reached from here`,
      ),
    );
    controller.abort();
  }, AWS_LIMITS.operationMs);
  try {
    return await Promise.race([task(controller.signal), late.promise]);
  } finally {
    clearTimeout(timer);
    // Where one of two requests has failed, nobody waits for the other.
    controller.abort();
  }
}
