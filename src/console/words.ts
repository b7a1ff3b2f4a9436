import type { RequestStatus } from '../core/request-state.ts';
import type { Requirement } from '../contracts/card.ts';
import { type Html, html } from './html.ts';

export type Colour = 'wait' | 'yes' | 'stop' | 'off';

interface StateWords {
  readonly colour: Colour;
  /** The shape of the two gates: policy, then people. */
  readonly gates: string;
  readonly word: string;
}

const state = (colour: Colour, gates: string, word: string): StateWords => ({
  colour,
  gates,
  word,
});

const STATES: Readonly<Record<RequestStatus, StateWords>> = {
  planned: state('wait', '', 'Card being made'),
  awaiting_approval: state('wait', '', 'Waits'),
  approved: state('wait', 'gates--done', 'Approved, not sent yet'),
  executing: state('wait', 'gates--done', 'Being sent'),
  outcome_unknown: state('wait', 'gates--unknown', 'Outcome unknown'),
  succeeded: state('yes', 'gates--done', 'Done'),
  failed: state('stop', 'gates--done', 'Ended without success'),
  refused: state('stop', 'gates--refused', 'Refused by policy'),
  rejected: state('stop', 'gates--rejected', 'Rejected'),
  expired: state('off', 'gates--rejected', 'Expired'),
  withdrawn: state('off', '', 'Withdrawn'),
  changed: state('off', '', 'Changed'),
};

export const STALE = state('stop', 'gates--rejected', 'Out of date');
export const APPROVED_AND_DONE = state('yes', 'gates--done', 'Approved and done');

/** A request that ended because its record moved is out of date, one that a rule ended is refused. */
export function stateWords(status: RequestStatus, code?: string | null): StateWords {
  if (code === 'approval.stale') return STALE;
  if (status === 'refused' && code !== 'policy.denied')
    return { ...STATES.refused, word: 'Refused' };
  return STATES[status];
}

export const stateMark = ({ colour, gates, word }: StateWords): Html =>
  html`<span class="state state--${colour}"
    ><span class="gates ${gates}" aria-hidden="true"></span>${word}</span
  >`;

/** "1 of 2 people". */
export function countMark(approvals: number, { approvals: needed }: Requirement): Html {
  const word = `${approvals} of ${needed} ${needed === 1 ? 'person' : 'people'}`;
  return stateMark(state('wait', approvals > 0 ? 'gates--half' : '', word));
}

export const STATUS_NAMES: readonly (readonly [RequestStatus, string])[] = (
  Object.entries(STATES) as [RequestStatus, StateWords][]
).map(([status, { word }]) => [status, word]);

const ROLE_WORDS = (roles: readonly string[]): string =>
  roles.length === 0 ? '' : ` with the role ${roles.join(' or ')}`;

/** "Asks 2 people with the role approver, both with passkeys". */
export function needsWords(needs: Requirement | null): string {
  if (needs === null) return 'Refused';
  if (needs.approvals === 0) return 'At once';
  const people = needs.approvals === 1 ? '1 person' : `${needs.approvals} people`;
  const passkey = needs.passkey
    ? needs.approvals === 1
      ? ', with a passkey'
      : ', all with passkeys'
    : '';
  return `Asks ${people}${ROLE_WORDS(needs.roles)}${passkey}`;
}

const PROOFS: Readonly<Record<string, string>> = {
  passkey: 'with a passkey',
  grant: 'ahead',
  session: 'in the console',
  key: 'with a personal key',
  totp: 'with a one-time code',
  slack: 'in Slack',
  webhook: 'by a signed message',
};

export const proofWords = (proof: string): string => PROOFS[proof] ?? `by ${proof}`;

/** `update_deal` as people say it. */
export const plainName = (name: string): string => {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};
