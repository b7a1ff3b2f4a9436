/** A strict reader of HTML: what it does not know is an error, so that nothing can be in it unseen. */

export interface HtmlElement {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: (HtmlElement | string)[];
}

const VOID = new Set(['meta', 'br']);
const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};

/** Throws for what is not escaped. */
export function unescape(text: string): string {
  const rest = text.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, '');
  if (/[<>&]/.test(rest)) throw new Error(`not escaped: ${text.slice(0, 80)}`);
  return text.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity] ?? '');
}

function attributesIn(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(/ ([a-z-]+)="([^"]*)"/g)) {
    if (name in found) throw new Error(`attribute twice: ${name}`);
    found[name] = unescape(value);
  }
  return found;
}

/** An opening or closing tag. */
const TAG = /<(?<closing>\/?)(?<name>[a-z][a-z0-9]*)(?<attributes>(?: [a-z-]+="[^"<>]*")*)>/;

/** Throws for anything but `<!doctype html>`, well-nested lower-case elements, quoted attributes and escaped text. */
export function readHtml(html: string): HtmlElement {
  const doctype = '<!doctype html>';
  if (!html.startsWith(doctype)) throw new Error('no doctype');
  const root: HtmlElement = { tag: '', attributes: {}, children: [] };
  const open = [root];
  const take = (tag: RegExpExecArray): void => {
    const { closing, name = '', attributes = '' } = tag.groups ?? {};
    if (closing === '/') {
      if (open.pop()?.tag !== name) throw new Error(`not nested: ${tag[0]}`);
      return;
    }
    const element = { tag: name, attributes: attributesIn(attributes), children: [] };
    open.at(-1)?.children.push(element);
    if (!VOID.has(name)) open.push(element);
  };
  const pieces = new RegExp(`${TAG.source}|[^<]+`, 'y');
  for (let at = doctype.length; at < html.length; at = pieces.lastIndex) {
    pieces.lastIndex = at;
    const piece = pieces.exec(html);
    if (piece === null) throw new Error(`neither tag nor text: ${html.slice(at, at + 80)}`);
    if (piece.groups?.['name'] === undefined) open.at(-1)?.children.push(unescape(piece[0]));
    else take(piece);
  }
  if (open.length !== 1) throw new Error('not closed');
  return root;
}

export const elementsIn = (element: HtmlElement): HtmlElement[] =>
  element.children.flatMap((child) =>
    typeof child === 'string' ? [] : [child, ...elementsIn(child)],
  );

/** As a person reads it: a line break is one. */
export const textIn = (element: HtmlElement): string =>
  element.tag === 'br'
    ? '\n'
    : element.children.map((child) => (typeof child === 'string' ? child : textIn(child))).join('');

/** The pieces between elements, which programs look for addresses in. */
export const piecesIn = (element: HtmlElement): string[] =>
  element.children.flatMap((child) => (typeof child === 'string' ? [child] : piecesIn(child)));
