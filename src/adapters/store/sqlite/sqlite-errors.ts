import { GatewayError } from '../../../core/gateway-error.ts';

/** Primary result codes, https://www.sqlite.org/rescode.html; the extended ones share their low byte. */
const CODE = {
  error: 1,
  abort: 4,
  busy: 5,
  corrupt: 11,
  tooBig: 18,
  constraint: 19,
  mismatch: 20,
  misuse: 21,
  range: 25,
  notADatabase: 26,
} as const;
const PRIMARY_CODE_MASK = 0xff;

/** The statement was at fault, not the database: a mistake of ours that no retry mends. */
const OUR_MISTAKES: ReadonlySet<number> = new Set([
  CODE.error,
  CODE.abort,
  CODE.tooBig,
  CODE.constraint,
  CODE.mismatch,
  CODE.misuse,
  CODE.range,
]);

/** Whether another connection holds the lock that was asked for. */
export function isBusy(error: unknown): boolean {
  return primaryCodeOf(error) === CODE.busy;
}

/** Whether the file itself is broken, which neither time nor space mends. */
export function isDamage(error: unknown): boolean {
  const code = primaryCodeOf(error);
  return code === CODE.corrupt || code === CODE.notADatabase;
}

/** `found`: SQLite's own words. */
export function storeDamaged(file: string, found: string, cause?: unknown): GatewayError {
  return new GatewayError('store.unavailable', {
    detail:
      `${file} is damaged (${found}). Keep the file, and restore a backup: ` +
      'docs/operations.md, "Backup and restore".',
    cause,
  });
}

export const storeDisplaced = (file: string): GatewayError =>
  new GatewayError('store.unavailable', {
    detail: `${file} is not the file that was opened. Put that one back, or stop the gateway and restore a backup.`,
  });

/**
 * What a failed statement becomes: `store.unavailable` when the database could not do it (full,
 * locked, read-only, damaged, closed), the error itself when the statement was wrong.
 */
export function statementError(error: unknown): unknown {
  const code = primaryCodeOf(error);
  const isClosed = error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_STATE';
  if (code === undefined) return isClosed ? storeUnavailable(error) : error;
  return OUR_MISTAKES.has(code) ? error : storeUnavailable(error);
}

export function storeUnavailable(cause: unknown): GatewayError {
  return isStoreUnavailable(cause) ? cause : new GatewayError('store.unavailable', { cause });
}

export function isStoreUnavailable(error: unknown): error is GatewayError {
  return error instanceof GatewayError && error.code === 'store.unavailable';
}

function primaryCodeOf(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & PRIMARY_CODE_MASK
    : undefined;
}
