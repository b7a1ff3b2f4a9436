import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import { type ErrorCode, isErrorCode } from '../core/errors.ts';

function applicationFailure(error: unknown): ApplicationFailure | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? cause : undefined;
}

/** The public detail of a failed activity, if it gave one. */
export function failureDetail(error: unknown): string | undefined {
  const [detail] = applicationFailure(error)?.details ?? [];
  return typeof detail === 'string' ? detail : undefined;
}

/** Whether a later try may succeed; also a time-out and a dead worker say nothing against it. */
export function isPassing(error: unknown): boolean {
  return applicationFailure(error)?.nonRetryable !== true;
}

/** The code of a failed activity: ours when it threw one, `undefined` for time-outs and dead workers. */
export function failureCode(error: unknown): ErrorCode | undefined {
  const type = applicationFailure(error)?.type;
  return type != null && isErrorCode(type) ? type : undefined;
}
