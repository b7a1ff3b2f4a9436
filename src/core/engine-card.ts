import type { Card } from '../contracts/card.ts';
import { type CardPart, partsOf } from './card-rows.ts';
import { block, rowsLength } from './inert-markdown.ts';
import { hubspotPage, whyHidden, whyInConsole } from './notice-text.ts';
import type { Row } from './ruled-rows.ts';

/**
 * Temporal takes 20,000 bytes of details with a start and names no figure for the current ones. Its UI
 * sends them to its renderer in an address, where each character may take nine.
 */
export const ENGINE_CARD_LIMITS = { maxChars: 16_000, linksMax: 8 } as const;

/** Fence, links, deadline and the reason why not, beside the rows. */
const CHARS_KEPT = 3_000;

interface Fitted {
  readonly rows: readonly Row[];
  readonly hiddenFields: number;
  readonly hiddenOthers: number;
}

/** What frames the fields comes first, so that it is fields that are counted when there is no room for all. */
function fit(card: Card): Fitted {
  const parts = partsOf(card);
  const shown = new Map<CardPart, readonly Row[]>();
  const hidden: CardPart[] = [];
  let left = ENGINE_CARD_LIMITS.maxChars - CHARS_KEPT;
  const take = (part: CardPart, rows: readonly Row[]): boolean => {
    const length = rowsLength(rows);
    if (length > left) return false;
    left -= length;
    shown.set(part, rows);
    return true;
  };
  for (const part of parts.toSorted((a, b) => Number(a.isField) - Number(b.isField))) {
    if (take(part, part.rows)) continue;
    hidden.push(part);
    take(part, part.instead);
  }
  const hiddenFields = hidden.filter(({ isField }) => isField).length;
  return {
    rows: parts.flatMap((part) => shown.get(part) ?? []),
    hiddenFields,
    hiddenOthers: hidden.length - hiddenFields,
  };
}

/**
 * Why this is not approved by a signal, with a count; undefined when it can be. A one-time code proves the
 * person and not what they saw, and there is no other place to read the card in: what is not shown in full
 * there, or is of high risk, or needs a passkey, waits for the console. A no counts everywhere.
 */
export function whyNotInEngine(card: Card): string | undefined {
  const { hiddenFields, hiddenOthers } = fit(card);
  const fieldsInAll = card.changes.length;
  const hidden = whyHidden({ fields: hiddenFields, fieldsInAll, others: hiddenOthers });
  return hidden ?? whyInConsole(card);
}

/** Only pages of HubSpot's, in words of ours: no text of a record gets into a link. */
function linkLine({ records }: Card): string[] {
  const pages = records.flatMap(({ url }) => hubspotPage(url) ?? []);
  if (pages.length === 0) return [];
  const links = pages
    .slice(0, ENGINE_CARD_LIMITS.linksMax)
    .map((page, at) => `[${pages.length === 1 ? 'the record' : `record ${at + 1}`}](${page})`);
  const more = pages.length - links.length;
  return [`Open in HubSpot: ${links.join(' ')}${more > 0 ? ` and ${more} more` : ''}`];
}

const UTC = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'long',
  timeStyle: 'short',
  timeZone: 'UTC',
});

const HOW =
  'To decide here, send the signal `decide` with `person`, `decision` (`approve` or `reject`) and the `code` of your authenticator.';

function decideLine(card: Card): string {
  const why = whyNotInEngine(card);
  if (why === undefined) return HOW;
  return `**It cannot be approved here.** ${why} Open it in the console. A rejection by the signal \`decide\` counts.`;
}

/**
 * The card as Temporal's UI shows it, which is Markdown to it: what is not ours stands in one code block,
 * where nothing is read as markup (docs/decisions/0023).
 */
export function engineCard(card: Card): string {
  return [
    `Decide by ${UTC.format(new Date(card.expires_at))} UTC. The times on this page are UTC and may not be those of your clock.`,
    block(fit(card).rows),
    ...linkLine(card),
    decideLine(card),
  ].join('\n\n');
}
