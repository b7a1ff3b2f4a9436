import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import { type ErrorCode, isErrorCode } from '../core/errors.ts';

/** The code of a failed activity: ours when it threw one, `undefined` for time-outs and dead workers. */
export function failureCode(error: unknown): ErrorCode | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const type = cause instanceof ApplicationFailure ? cause.type : undefined;
  return type != null && isErrorCode(type) ? type : undefined;
}
