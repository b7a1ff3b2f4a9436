import { ApplicationFailure } from '@temporalio/common';
import type {
  ActivityExecuteInput,
  ActivityInboundCallsInterceptor,
  ActivityInterceptorsFactory,
  Next,
} from '@temporalio/worker';
import { ERRORS } from '../../core/errors.ts';
import { errorCodeOf, GatewayError } from '../../core/gateway-error.ts';

/**
 * Ours -> Temporal, in one place: the failure's type is our code, its message the table's title. Cause
 * and stack stay here, since a vendor's error can carry headers with the token and histories are kept.
 */
function toFailure(error: unknown): ApplicationFailure {
  const code = errorCodeOf(error);
  const { title, retryable } = ERRORS[code];
  const isRetryable = retryable || !(error instanceof GatewayError);
  return ApplicationFailure.create({
    type: code,
    message: title,
    nonRetryable: !isRetryable,
    details: error instanceof GatewayError && error.detail !== undefined ? [error.detail] : [],
  });
}

/** `onUnexpected` is told of errors that are not ours, for the operator's log. */
export function createFailureMapper(
  onUnexpected: (activity: string, error: unknown) => void,
): ActivityInterceptorsFactory {
  return (context) => {
    const inbound: ActivityInboundCallsInterceptor = {
      async execute(
        input: ActivityExecuteInput,
        next: Next<ActivityInboundCallsInterceptor, 'execute'>,
      ): Promise<unknown> {
        try {
          return await next(input);
        } catch (error) {
          if (!(error instanceof GatewayError)) onUnexpected(context.info.activityType, error);
          throw toFailure(error);
        }
      },
    };
    return { inbound };
  };
}
