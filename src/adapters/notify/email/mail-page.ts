import { escapeHtml } from './plain-reading.ts';

export interface MailText {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

/** Said where other people's words are shown as text. */
export const BRACKETS =
  'In this text what looks like an address has brackets in it, so that no program makes a link of it.';

/** Programs that make links of dates, numbers and places are asked not to. */
const HEAD = [
  '<meta charset="utf-8">',
  '<meta name="format-detection" content="telephone=no,date=no,address=no,email=no,url=no">',
  '<meta name="color-scheme" content="light dark">',
].join('');

/** A whole mail in HTML: its heading, and what stands under it, as HTML. */
export function mailPage(title: string, body: readonly string[]): string {
  const heading = escapeHtml(title);
  return [
    `<!doctype html><html lang="en"><head>${HEAD}<title>${heading}</title></head><body>`,
    `<h2>${heading}</h2>`,
    ...body,
    '</body></html>\n',
  ].join('\n');
}

/** The one link that there is in a mail. */
export const mailLink = (link: string, words: string): string =>
  `<p><a href="${escapeHtml(link)}">${words}</a></p>`;

/** A whole mail as text: its parts, an empty line between them. */
export const mailPlain = (parts: readonly string[]): string => `${parts.join('\n\n')}\n`;
