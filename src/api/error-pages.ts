import { ERRORS } from '../core/errors.ts';

/** `docs/errors.md`, and the page that every problem's `type` points to: one table, one text. */
export function errorPages(): string {
  const sections = Object.entries(ERRORS).map(([code, { status, title, retryable, remedy }]) =>
    [
      `## ${code}`,
      '',
      title,
      '',
      `- HTTP status: ${status}`,
      `- Retry the same request: ${retryable ? 'yes' : 'no'}`,
      `- What to do: ${remedy}`,
      '',
    ].join('\n'),
  );
  const head = [
    '# Errors',
    '',
    'Every error is an `application/problem+json` with a stable `code`. `code` and `retryable` alone',
    'tell an agent what to do next. This page is generated from `src/core/errors.ts`.',
    '',
  ].join('\n');
  return `${head}\n${sections.join('\n')}`;
}
