import type { z } from 'zod';

const ISSUES_SHOWN_MAX = 5;

/** Steps are counted from one wherever people read of them: `steps.0.note` is "step 1, note". */
const placeOf = (path: readonly PropertyKey[]): string =>
  path
    .join('.')
    .replace(/^steps\.(\d+)\.?/, (_, index) => `step ${Number(index) + 1}, `)
    .replace(/, $/, '');

/** "company: too long; note: required": field and rule, never the value. */
export const describeIssues = ({ issues }: z.ZodError): string =>
  issues
    .slice(0, ISSUES_SHOWN_MAX)
    .map(({ path, message }) => (path.length === 0 ? message : `${placeOf(path)}: ${message}`))
    .join('; ');
