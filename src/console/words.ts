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

export interface Note {
  readonly colour: 'wait' | 'yes' | 'stop';
  readonly text: string;
}

const stop = (text: string): Note => ({ colour: 'stop', text });

/** What became of the reader's last step, by the API's code; said on the page they come back to. */
const NOTES: Readonly<Record<string, Note>> = {
  'approval.closed': stop('This was decided before you. Nothing of yours was recorded.'),
  'approval.expired': stop('The time ran out. The request was refused and nothing was sent.'),
  'approval.digest_mismatch': stop(
    'The card changed since you opened it. Nothing was decided. Read it again.',
  ),
  'approval.own_request': stop('You asked for this, so someone else decides.'),
  'approval.not_eligible': stop('Policy does not name you for this, so someone else decides.'),
  'approval.already_decided': stop('You have decided on this. One person counts once.'),
  'approval.unproven': stop('The passkey was not accepted. Nothing was decided. Try again.'),
  'approval.not_found': stop('There is no such request here.'),
  'request.malformed': stop('The form could not be read. Nothing was decided. Try again.'),
  'person.forbidden': stop('Lifting a freeze needs the role operator. The freeze stands.'),
  'request.not_found': stop('There is no such thing here. Nothing was changed.'),
  'plan.tampered': stop(
    'What is stored is not what was logged. Nothing was sent. Tell the operator.',
  ),
  'reason.missing': stop('A rejection needs a reason. Nothing was decided.'),
  'form.foreign': stop('The form did not come from this page. Nothing was decided. Try again.'),
  'freeze.placed': { colour: 'stop', text: 'Frozen. No call starts from now on.' },
  'freeze.lifted': { colour: 'yes', text: 'The freeze was lifted.' },
};

export function noteOf(code: unknown): Note | undefined {
  if (typeof code !== 'string' || code === '') return undefined;
  if (Object.hasOwn(NOTES, code)) return NOTES[code];
  return /^passkey\./.test(code) ? NOTES['approval.unproven'] : undefined;
}

export const hasNote = (code: string): boolean => noteOf(code) !== undefined;

/** Why the reader cannot decide on what waits. */
export const notYours = (code: string | undefined): string =>
  noteOf(code)?.text ?? 'Someone else decides on this.';

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
