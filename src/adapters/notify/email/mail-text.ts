import { leftText } from '../../../core/durations.ts';
import { changedToText, inOneLine, staleText, stateWords } from '../../../core/notice-text.ts';
import type { NamedDecision, RequestTelling } from '../../../ports/notifier.ts';
import { type ShownCard, showCard } from './card-parts.ts';
import { BRACKETS, mailLink, mailPage, mailPlain, type MailText } from './mail-page.ts';
import { escapeHtml, htmlLine, textLine } from './plain-reading.ts';

const NO_CARD: ShownCard = { html: '', text: '', leftOut: undefined };
const NO_ANSWER =
  'Nothing is decided by mail: open it in the console. Answers to this mail are read by nobody.';

const decidedLine = ({ name, decision, proof, at }: NamedDecision): string =>
  `${name} ${decision === 'approve' ? 'approved' : 'rejected'} (${proof}) at ${at.toISOString()}`;

/** The card is shown to those who are asked; what became of it is said in a line. */
function shownOf({ notice, about }: RequestTelling): ShownCard {
  const isAsked = notice.kind === 'asked' || notice.kind === 'reminded';
  if (!isAsked || about.status !== 'awaiting_approval') return NO_CARD;
  if (about.card !== null) return showCard(about.card);
  return { ...NO_CARD, leftOut: 'The stored request does not open: somebody changed it.' };
}

/** The firm's own clock, as its HubSpot account has it: `Friday 27 November, 10:53 (Europe/Berlin), which is `. */
function localText(expiresAt: string, timeZone: string | undefined): string {
  if (timeZone === undefined) return '';
  const form = { weekday: 'long', day: 'numeric', month: 'long' } as const;
  const at = new Date(expiresAt);
  try {
    const day = new Intl.DateTimeFormat('en-GB', { ...form, timeZone }).format(at);
    const time = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short', timeZone }).format(at);
    return `${day}, ${time} (${timeZone}), which is `;
  } catch {
    // A zone that this system does not know.
    return '';
  }
}

/**
 * A mail cannot know its reader's clock: the firm's, UTC, and how long there was when it was written, which its date
 * says. A repeat of the same mail says the same.
 */
function deadlineText(expiresAt: string, writtenAt: Date, timeZone: string | undefined): string {
  const minutes = Math.floor((Date.parse(expiresAt) - writtenAt.getTime()) / 60_000);
  const left = minutes > 0 ? `, ${leftText(minutes)} after this mail was written` : '';
  return `${localText(expiresAt, timeZone)}${expiresAt} (UTC)${left}`;
}

/** Our own words alone, in the order in which they are said. */
function factsOf({ notice, about }: RequestTelling, { leftOut }: ShownCard): string[] {
  const { status, card } = about;
  const deadline =
    status === 'awaiting_approval' && card !== null
      ? [`Decide by ${deadlineText(card.expires_at, notice.createdAt, about.timeZone)}.`]
      : [];
  const changed = about.changed === undefined ? [] : [changedToText(about.changed)];
  return [...deadline, ...changed, ...(leftOut === undefined ? [] : [leftOut])];
}

/**
 * A notice as a mail. The subject is ours alone, so nothing in it can break a header; the one link is
 * the console's, and following it decides nothing. No images, nothing that is fetched.
 */
export function mailText(telling: RequestTelling): MailText {
  const { notice, about } = telling;
  const { requestId, decisions, link } = about;
  const words = stateWords(about.status, about.code);
  const title = notice.kind === 'reminded' ? `Reminder: ${words}` : words;
  const shown = shownOf(telling);
  const facts = factsOf(telling, shown);
  const stale = staleText(about);
  const said = [...(stale === undefined ? [] : [stale]), ...decisions.map(decidedLine)];
  const html = mailPage(title, [
    ...facts.map((fact) => `<p>${escapeHtml(fact)}</p>`),
    ...said.map((line) => `<p>${htmlLine(line)}</p>`),
    mailLink(link, 'Open in the console'),
    shown.html,
    `<p>${escapeHtml(NO_ANSWER)} ${escapeHtml(requestId)}</p>`,
  ]);
  const text = mailPlain([
    [title, ...facts, ...said.map(textLine)].join('\n'),
    `Open in the console: ${link}`,
    ...(shown.text === '' ? [] : [shown.text]),
    `${NO_ANSWER} ${requestId}`,
    BRACKETS,
  ]);
  return { subject: inOneLine(`${title} (${requestId})`), html, text };
}
