import { type ErrorSpec, spec } from './error-spec.ts';

/** What signing in and passkeys are refused with. Part of the one table in `errors.ts`. */
export const SIGN_IN_ERRORS = {
  'passkey.refused': spec(
    401,
    false,
    'The passkey was not accepted.',
    'Start again: what it signs counts once and for five minutes. If it stays, an operator invites you anew with `npx sallyport person invite`.',
  ),
  'passkey.missing': spec(409, false, 'You have no passkey.', 'Ask an operator for a link.'),
  'passkey.limit': spec(
    409,
    false,
    'This person has ten passkeys already.',
    'An operator revokes one that is no longer used: `npx sallyport person passkeys`.',
  ),
  'invitation.refused': spec(
    401,
    false,
    'The invitation is unknown, used or over.',
    'Ask an operator for a new link: `npx sallyport person invite`. It works once, for a day.',
  ),
} as const satisfies Record<string, ErrorSpec>;
