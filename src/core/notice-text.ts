import { ERRORS, type ErrorCode } from './errors.ts';
import type { RequestStatus } from './request-state.ts';
import { spellOutUnseen } from './unseen.ts';

/** Invisible characters spelled out, in one line: a name with a line break could write a second card. */
export const inOneLine = (text: string): string =>
  spellOutUnseen(text).replaceAll('\n', '<U+000A>');

/** Several lines with a rule before each, so that none of them is taken for one of ours. */
export const ruled = (text: string): string =>
  spellOutUnseen(text)
    .split('\n')
    .map((line) => `│ ${line}`)
    .join('\n');

const WORDS: Partial<Record<RequestStatus, string>> = {
  planned: 'Waits for its card',
  awaiting_approval: 'Waits for a decision',
  approved: 'Approved',
  executing: 'Approved',
  outcome_unknown: 'Outcome unknown',
  succeeded: 'Approved and done',
  rejected: 'Rejected. Nothing was sent',
  expired: 'Expired. Nothing was sent',
  withdrawn: 'Withdrawn. Nothing was sent',
};

/** How a request stands, in the words of the console. */
export function stateWords(status: RequestStatus, code: ErrorCode | null): string {
  if (code === 'approval.stale') return 'Out of date. Nothing was sent';
  if (code === 'policy.denied') return 'Refused by policy';
  const words = WORDS[status];
  if (words !== undefined) return words;
  return code === null ? 'Ended' : `Ended: ${ERRORS[code].title}`;
}

/** "2 people with role sales-lead, with a passkey". */
export function needsText(of: {
  readonly approvals: number;
  readonly roles: readonly string[];
  readonly passkey: boolean;
}): string {
  const people = of.approvals === 1 ? '1 person' : `${of.approvals} people`;
  const withRole =
    of.roles.length === 0 ? '' : ` with role ${of.roles.map(inOneLine).join(' or ')}`;
  return `${people}${withRole}${of.passkey ? ', with a passkey' : ''}`;
}

/** Why such a write is not decided in a channel without a passkey, however well it fits there. */
export function whyOnlyPasskey(card: {
  readonly risk: string;
  readonly requires: { readonly passkey: boolean };
}): string | undefined {
  if (card.requires.passkey) return 'Policy asks for a passkey.';
  return card.risk === 'destructive'
    ? 'Risk high: it is decided with the whole card in view.'
    : undefined;
}

export const countText = (count: number, one: string, several: string): string =>
  count === 1 ? `1 ${one}` : `${count} ${several}`;
