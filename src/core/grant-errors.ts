import { type ErrorSpec, spec } from './error-spec.ts';

/** What allowing ahead is refused with. Part of the one table in `errors.ts`. */
export const GRANT_ERRORS = {
  'grant.refused': spec(
    403,
    false,
    'This cannot be allowed ahead.',
    '`detail` says why. Each write of this kind is decided by itself.',
  ),
  'grant.standing': spec(
    409,
    false,
    'You have allowed this ahead already, and it stands.',
    'End that one first if it is to be another: `npx sallyport grant list` shows it.',
  ),
} as const satisfies Record<string, ErrorSpec>;
