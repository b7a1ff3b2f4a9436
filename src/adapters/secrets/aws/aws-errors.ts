import { GatewayError } from '../../../core/gateway-error.ts';

/** Every action of AWS that we call; docs/aws/sallyport-policy.json grants these and no other. */
export type AwsAction =
  | 'CreateSecret'
  | 'DescribeSecret'
  | 'GetSecretValue'
  | 'ListSecrets'
  | 'PutSecretValue'
  | 'UpdateSecretVersionStage';

export const unavailable = (detail: string): GatewayError =>
  new GatewayError('secret.unavailable', { detail });

export const isAwsError = (error: unknown, names: readonly string[]): boolean =>
  error instanceof Error && names.includes(error.name);

const CREDENTIALS = 'give the gateway valid ones of its role (docs/aws/README.md, "Credentials")';
const CLOCK = `see that the clock of this machine is right; otherwise ${CREDENTIALS}`;
const LATER = 'nothing has to be done unless this lasts';
const DELETION =
  'it may be scheduled for deletion: restore it in AWS, and change secrets with Sallyport alone';
const KMS = 'let the role use the KMS key of these secrets (docs/aws/README.md, "Permissions")';

/** Names of AWS's errors -> what happened, and what to do. */
const REMEDIES: Readonly<Record<string, string>> = {
  AccessDeniedException: 'attach docs/aws/sallyport-policy.json to the role of the gateway',
  UnrecognizedClientException: CREDENTIALS,
  InvalidSignatureException: CLOCK,
  RequestExpired: CLOCK,
  RequestTimeTooSkewed: CLOCK,
  IncompleteSignature: CREDENTIALS,
  ExpiredTokenException: CREDENTIALS,
  InvalidClientTokenId: CREDENTIALS,
  MissingAuthenticationTokenException: CREDENTIALS,
  CredentialsProviderError: CREDENTIALS,
  TokenProviderError: CREDENTIALS,
  ThrottlingException: LATER,
  TooManyRequestsException: LATER,
  InternalServiceError: LATER,
  ServiceUnavailable: LATER,
  LimitExceededException:
    'more versions were stored within 24 hours than AWS keeps: wait, or raise the quota',
  DecryptionFailure: KMS,
  EncryptionFailure: KMS,
  InvalidRequestException: DELETION,
  ResourceNotFoundException: 'it was deleted in AWS meanwhile: see there by whom',
};

/**
 * What of AWS's errors leaves this room: the action, and the error's name where it is one we know. Its
 * message and the error itself do not: where an answer cannot be read the SDK's message quotes it and
 * its error has all of it, and that may be a value.
 */
export function awsFailure(action: AwsAction, error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const name = error instanceof Error ? error.name : '';
  const remedy = Object.hasOwn(REMEDIES, name) ? REMEDIES[name] : undefined;
  if (remedy !== undefined) return unavailable(`AWS refused ${action} (${name}): ${remedy}`);
  return unavailable(
    `AWS did not answer ${action} properly: see that SALLYPORT_AWS_REGION is right and its address is reached from here`,
  );
}
