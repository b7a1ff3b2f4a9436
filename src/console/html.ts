/**
 * Markup as a value of its own: text becomes markup only here, and always escaped. There is no way to
 * mark a string as trusted, so no page can let a record's words become a link, a button or a script.
 */
export class Html {
  readonly text: string;
  constructor(strings: readonly string[], values: readonly Piece[]) {
    this.text = strings
      .map((string, index) => string + (index < values.length ? pieceText(values[index]) : ''))
      .join('');
  }
}

/** `null` and `undefined` are nothing; a boolean is refused by its type, since `false` reads as a value. */
export type Piece = Html | string | number | readonly Html[] | null | undefined;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** For element content and quoted attributes (WHATWG HTML, "Escaping a string", and the quotes). */
export const escapeHtml = (text: string): string =>
  // A NUL is no character of HTML: a parser would drop it or replace it. Controls are glyphs before they come here.
  text.replaceAll('\0', '\uFFFD').replaceAll(/[&<>"'`]/g, (character) => ESCAPES[character] ?? '');

function pieceText(piece: Piece): string {
  if (piece === null || piece === undefined) return '';
  if (piece instanceof Html) return piece.text;
  if (typeof piece === 'object') return piece.map(({ text }) => text).join('');
  return escapeHtml(String(piece));
}

/** A value stands between tags or in a double-quoted attribute of a harmless name, nowhere else. */
const IN_TAG = /<[a-z][^<>]*$/i;
const IN_ATTRIBUTE = /<[a-z][^<>]*\s([a-z-]+)="[^"<>]*$/i;
const REFUSED_ATTRIBUTE = /^(?:on.*|style|srcdoc|src)$/i;
const LINK_ATTRIBUTE = /^(?:href|action|formaction)$/i;
const RAW_TEXT = /<(?:script|style|title|textarea)\b[^>]*>[^<]*$/i;
/** Pages of the console itself, places on a page, and HubSpot's own: a record, the keys. */
const LINK =
  /^(?:\/console(?:[/?#]|$)|#|https:\/\/app\.hubspot\.com\/(?:contacts\/\d+\/record\/|private-apps\/\d+$))/;

const isNothing = (piece: Piece): boolean => piece === null || piece === undefined;
const isText = (piece: Piece): piece is string | number =>
  typeof piece === 'string' || typeof piece === 'number';

function assertAttribute(attribute: string, isWhole: boolean, piece: Piece): void {
  if (REFUSED_ATTRIBUTE.test(attribute) || !(isText(piece) || isNothing(piece))) {
    throw new TypeError(`no value belongs into ${attribute}`);
  }
  if (!LINK_ATTRIBUTE.test(attribute) || !isWhole) return;
  if (!isText(piece) || !LINK.test(String(piece)))
    throw new TypeError('a link that leads elsewhere');
}

function assertPlace(before: string, isWhole: boolean, piece: Piece): void {
  // `<title>` and `<textarea>` read entities, so escaped text is safe in them; the others are refused.
  if (/<(?:script|style)\b[^>]*>[^<]*$/i.test(before)) throw new TypeError('a value in a script');
  if (RAW_TEXT.test(before) && piece instanceof Html) throw new TypeError('markup in raw text');
  if (!IN_TAG.test(before)) return;
  const attribute = IN_ATTRIBUTE.exec(before)?.[1];
  if (attribute !== undefined) assertAttribute(attribute, isWhole, piece);
  // Whole attributes of our own making, as in `<li ${current}>`.
  else if (isText(piece)) throw new TypeError('a value outside of a quoted attribute');
}

/** The one way to make markup. Throws TypeError for a value in a place where escaping would not be enough. */
export function html(strings: TemplateStringsArray, ...values: readonly Piece[]): Html {
  let before = '';
  for (const [index, value] of values.entries()) {
    before += strings[index] ?? '';
    assertPlace(before, before.endsWith('="'), value);
    before += isText(value) ? 'x' : '';
  }
  return new Html(strings, values);
}
