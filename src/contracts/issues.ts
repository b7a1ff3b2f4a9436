import type { z } from 'zod';

const ISSUES_SHOWN_MAX = 5;

/** "company: too long; note: required": field and rule, never the value. */
export const describeIssues = ({ issues }: z.ZodError): string =>
  issues
    .slice(0, ISSUES_SHOWN_MAX)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
    .join('; ');
