import { type ErrorSpec, spec } from './error-spec.ts';

/** What deciding together is refused with. Part of the one table in `errors.ts`. */
export const TOGETHER_ERRORS = {
  'approval.not_alike': spec(
    409,
    false,
    'This is not decided together with others.',
    'Open its card and decide there. Decided together are ordinary writes of one agent and one action, each small enough to be shown whole.',
  ),
  'approval.not_looked_at': spec(
    409,
    false,
    'One of those that are to be looked at one by one was not.',
    'Read the group again: `sample` names them. Each of these is approved or left out by itself before the others go with it.',
  ),
} as const satisfies Record<string, ErrorSpec>;
