import pino from 'pino';
import { isErrorCode } from '../../core/errors.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { Logger } from '../../ports/logger.ts';

/** Values that look like secrets, wherever they stand: pino's own `redact` covers known paths only. */
const SECRETS =
  /\bpat-[a-z]{2,3}\d?-[A-Za-z0-9-]{8,}|\bsp[apsi]_[0-9a-z]{16}_[\w-]+|\bwhsec_[\w+/=-]{20,}|\bx(?:ox[a-z]|app)-[\w-]{8,}|Bearer [\w.~+/-]+=*|AGE-SECRET-KEY-1\w+|PRIVATE\+KEY\+\S+|\bsk-[\w-]{20,}/g;

export const scrub = (text: string): string => text.replaceAll(SECRETS, '[secret]');

/** Name, code and our own words; never a vendor's message, which can quote headers and bodies. */
function describeError(error: unknown): Record<string, unknown> {
  if (error instanceof GatewayError) {
    const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) };
    return { code: error.code, detail: error.detail, ...cause };
  }
  if (!(error instanceof Error)) return { name: typeof error };
  const code = 'code' in error ? { code: String(error.code) } : {};
  return {
    name: error.name,
    ...code,
    message: scrub(error.message).slice(0, 500),
    // A failure that the engine brings back carries our code as its type.
    our: 'type' in error && isErrorCode(String(error.type)) ? error.type : 'internal.unexpected',
  };
}

export interface LogDestination {
  write(line: string): void;
}

/** JSON lines on standard error (or `destination`), each line scrubbed as a whole before it is written. */
export function createPinoLogger(
  level: 'debug' | 'info' | 'warn' | 'error' | 'silent',
  destination: LogDestination = process.stderr,
): Logger {
  const lines = {
    write: (line: string): void => {
      destination.write(scrub(line));
    },
  };
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, lines);
  const facts = (given: Readonly<Record<string, unknown>> = {}): Record<string, unknown> =>
    'error' in given ? { ...given, error: describeError(given['error']) } : { ...given };
  return {
    info: (message, given) => {
      log.info(facts(given), message);
    },
    warn: (message, given) => {
      log.warn(facts(given), message);
    },
    error: (message, given) => {
      log.error(facts(given), message);
    },
  };
}
