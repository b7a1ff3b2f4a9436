import { ERRORS, type ErrorCode } from '../core/errors.ts';

/** What the reader of a terminal does, where the table of errors speaks to a program that called the API. */
const IN_THE_TERMINAL: Partial<Readonly<Record<ErrorCode, string>>> = {
  'request.malformed': 'Check what you typed: the command with `--help` has what it takes.',
  'request.too_large': 'Say it in fewer words.',
  'action.invalid': 'Give it another value, or leave it as it was.',
  'prompt.refused': 'Take out secrets and control characters.',
  'request.not_found': 'Check the id. `npx sallyport requests` lists the requests.',
  'approval.not_found': 'Check the id. `npx sallyport approvals` lists what waits.',
  'approval.closed': '`npx sallyport requests` lists what became of each.',
  'approval.rejected': 'The agent was told not to send the same write again.',
  'approval.changed':
    'Nothing was sent of it. The request that takes its place is decided by itself.',
  'approval.not_changeable': 'Approve it as it is, or reject it and say what should be different.',
  'approval.elsewhere': 'Open it in the console.',
  'approval.digest_mismatch': 'Run the command again, and decide on the card that it shows.',
  'person.unauthenticated':
    'Name your own key with --key-file. `npx sallyport person list` shows who is revoked.',
  'passkey.session_needed': 'Sign in to the console with yours, and do it there.',
  'freeze.active':
    '`npx sallyport unfreeze <freeze>` lifts it, `npx sallyport freezes` says why it was placed. A write that ended on it is not sent later: its agent asks for it again, with a new Idempotency-Key.',
  'grant.refused': 'Each write of this kind is decided by itself.',
  'absence.invalid': 'Give another time or another delegate.',
  'record.invalid': 'Where HubSpot named the property, the line above has it.',
  'hubspot.missing_scope':
    'An operator adds the scope in HubSpot; `npx sallyport connect` names those that are missing.',
  'person.unknown_role': '`npx sallyport policy explain` names the roles that count.',
  'secret.unavailable': 'Nothing was changed. "When" in docs/operations.md has what to do.',
  'secret.conflict': 'Run the command again.',
  'store.unavailable': 'Check disk space and permissions of the data folder.',
  'engine.unavailable': 'Run the command again when `npx sallyport doctor` finds the engine up.',
  'config.invalid': 'Nothing was changed. docs/operations.md has every setting.',
  'internal.unexpected':
    "The gateway's own log says more; `npx sallyport doctor` checks the installation.",
};

export const terminalRemedy = (code: ErrorCode): string =>
  IN_THE_TERMINAL[code] ?? ERRORS[code].remedy;
