export interface ErrorSpec {
  /** HTTP status of the problem answer (RFC 9457). */
  readonly status: number;
  /** One plain sentence; safe to show to anyone. */
  readonly title: string;
  /** Whether the same request may succeed later without being changed. */
  readonly retryable: boolean;
  /** What the reader should do next; goes to `docs/errors.md`. */
  readonly remedy: string;
}

/** A line of the table. */
export const spec = (
  status: number,
  retryable: boolean,
  title: string,
  remedy: string,
): ErrorSpec => ({
  status,
  title,
  retryable,
  remedy,
});
