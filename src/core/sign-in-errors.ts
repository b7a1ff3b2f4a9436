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
  'passkey.session_needed': spec(
    403,
    false,
    'This takes a passkey.',
    'Sign in to the console with yours; what is to be changed is then signed with it. On the gateway’s own machine `npx sallyport` does it without.',
  ),
  'person.exists': spec(
    409,
    false,
    'This e-mail is on the roster already.',
    'One person is there once. For other roles change theirs: `npx sallyport person roles`, or in the console.',
  ),
  'person.unknown_role': spec(
    422,
    false,
    'No rule of the policy asks for this role.',
    '`detail` names the roles that count.',
  ),
  'person.last_operator': spec(
    409,
    false,
    'That would leave nobody with the role operator.',
    'Add another operator first, or give somebody else the role. On the gateway’s own machine `npx sallyport person revoke` revokes the last one all the same.',
  ),
  'agent.exists': spec(
    409,
    false,
    'An agent is called so already.',
    'Take another name, or revoke that one first: cards show agents by name.',
  ),
  'invitation.refused': spec(
    401,
    false,
    'The invitation is unknown, used or over.',
    'Ask an operator for a new link: `npx sallyport person invite`. It works once, for a day.',
  ),
} as const satisfies Record<string, ErrorSpec>;
