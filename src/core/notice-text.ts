import type { Card } from '../contracts/card.ts';
import { alikeIn, alikeLetter } from './alike.ts';
import { ERRORS, type ErrorCode } from './errors.ts';
import { highRiskOf } from './high-risk.ts';
import { riskOf } from './risk.ts';
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

const ALIKE_NAMED_MAX = 10;

const codeOf = (letter: string): string =>
  `U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

/** Names the letters that pass for Latin ones and are not; undefined where there are none. */
export function alikeHint(texts: readonly string[]): string | undefined {
  const letters = new Set(
    texts.flatMap((text) => {
      const places = alikeIn(text);
      return Array.from(text).filter((_, place) => places.has(place));
    }),
  );
  const named = [...letters].flatMap((letter) => {
    const found = alikeLetter(letter);
    if (found === undefined) return [];
    return [`${codeOf(letter)} is ${found.script} ${letter}, not the Latin ${found.looksLike}`];
  });
  if (named.length === 0) return undefined;
  const more = named.length - ALIKE_NAMED_MAX;
  const rest = more > 0 ? `; and ${countText(more, 'other', 'others')}` : '';
  return `Look-alike letters above: ${named.slice(0, ALIKE_NAMED_MAX).join('; ')}${rest}.`;
}

/** HubSpot's own pages, of every region; nothing in it that markup could be made of. */
const HUBSPOT_PAGE = /^https:\/\/app(?:-[a-z]{2}\d)?\.hubspot\.com\/[\w/-]{1,200}$/;

/** Where HubSpot shows a record, when that is a page of HubSpot's; a link anywhere else is none. */
export const hubspotPage = (url: string | undefined): string | undefined =>
  url !== undefined && HUBSPOT_PAGE.test(url) ? url : undefined;

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
  changed: 'Changed. Nothing was sent of this one',
};

/** How a request stands, in the words of the console. */
export function stateWords(status: RequestStatus, code: ErrorCode | null): string {
  if (code === 'approval.stale') return 'Out of date. Nothing was sent';
  if (code === 'policy.denied') return 'Refused by policy';
  const words = WORDS[status];
  if (words !== undefined) return words;
  return code === null ? 'Ended' : `Ended: ${ERRORS[code].title}`;
}

/** `contacts.phone` as the card calls it, "Phone number", where it calls one thing so: of two nobody could tell which. */
export const inWordsOf = (card: Pick<Card, 'changes'> | null, detail: string): string =>
  detail.replaceAll(/\b[a-z_]+\.([a-z]\w*)/g, (name, property: string) => {
    const [change, another] = (card?.changes ?? []).filter((one) => one.property === property);
    if (change === undefined || another !== undefined) return name;
    // Of several writes each label begins with the number of its own.
    return change.label.replace(/^\d+\. /, '');
  });

/** Which field somebody has changed under a card, or how far several steps came; in one line, undefined for what ended otherwise. */
export const staleText = (of: {
  readonly code: ErrorCode | null;
  readonly detail: string | null;
  readonly card: Pick<Card, 'changes'> | null;
}): string | undefined =>
  of.detail !== null && (of.code === 'approval.stale' || of.code === 'outcome.partial')
    ? `${inOneLine(inWordsOf(of.card, of.detail.replace(/\.$/, '')))}.`
    : undefined;

/** Whose values a card holds, where they are not the agent's; in one line. */
export const changedText = ({
  by,
  fields,
  from,
}: {
  readonly by: { readonly name: string };
  readonly fields: readonly string[];
  readonly from: string;
}): string =>
  inOneLine(`Changed by ${by.name}: ${fields.join(', ')}. The agent asked for ${from}.`);

/** That a person changed it, and which request takes its place. */
export const changedToText = (of: { readonly name: string; readonly successor: string }): string =>
  inOneLine(`${of.name} changed it. ${of.successor} takes its place, and waits by itself.`);

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

/** "high: it removes something". As a sign: what is needed is said by policy. */
export function riskText(card: Card): string {
  const { level, reason } = riskOf(card);
  return reason === '' ? level : `${level}: ${reason}`;
}

/** Why such a write is approved in the console alone, with a passkey, however well it fits elsewhere. */
export function whyInConsole(card: Card): string | undefined {
  const why = highRiskOf(card);
  if (why.includes('passkey')) return 'Policy asks for a passkey.';
  const { level, reason } = riskOf(card);
  if (level === 'high') return `Risk high: ${reason}.`;
  return why.includes('people')
    ? `Policy asks for ${card.requires.approvals} people: each approves in the console.`
    : undefined;
}

export const countText = (count: number, one: string, several: string): string =>
  count === 1 ? `1 ${one}` : `${count} ${several}`;

/** Why a card is not decided where it cannot be shown in full, with a count; undefined where it can. */
export function whyHidden(hidden: {
  readonly fields: number;
  readonly fieldsInAll: number;
  /** Of the other parts of the card. */
  readonly others: number;
}): string | undefined {
  if (hidden.fields > 0) {
    const of = countText(hidden.fieldsInAll, 'field', 'fields');
    return `${hidden.fields} of ${of} cannot be shown in full here.`;
  }
  if (hidden.others === 0) return undefined;
  return `${countText(hidden.others, 'part', 'parts')} of the card cannot be shown in full here.`;
}

/** "5 create note by invoice-bot": the agent's name is its own, and is shown as such. */
export const groupLineText = (of: {
  readonly count: number;
  readonly action: string;
  readonly agent: string;
}): string => `${of.count} × ${of.action.replaceAll('_', ' ')}, by ${inOneLine(of.agent)}`;

export const groupTitle = (count: number): string =>
  `${countText(count, 'write waits', 'writes wait')} for a decision`;
