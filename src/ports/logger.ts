/**
 * The operator's log: what the process does and what went wrong. Never the audit log, and never
 * personal content or secrets; the adapter scrubs secret-looking values all the same.
 */
export interface Logger {
  info(message: string, facts?: Readonly<Record<string, unknown>>): void;
  warn(message: string, facts?: Readonly<Record<string, unknown>>): void;
  /** `error` is reduced to name, code and our own message. */
  error(
    message: string,
    facts?: Readonly<Record<string, unknown>> & { readonly error?: unknown },
  ): void;
}
