import { linesOf, type Row } from './ruled-rows.ts';

/**
 * Text as a code block that no Markdown reader takes for more. Temporal's own server renders with raw
 * HTML, images and `javascript:` links let through, and its UI fills in `{workflowId}` before that.
 */

/** How many characters these take in a block. */
export const rowsLength = (rows: readonly Row[]): number => linesOf(rows).join('\n').length + 1;

/**
 * The rows as one fenced block. No line of it begins with a backtick, and the fence is longer than any run
 * of them, so nothing in it ends it.
 */
export function block(rows: readonly Row[]): string {
  const text = linesOf(rows).join('\n');
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}
