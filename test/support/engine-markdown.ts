import { Agent, fetch } from 'undici';
import { lexer, type Token } from 'marked';

/**
 * Readers of what Temporal's UI is given as details, which share no code with what makes it: GitHub's
 * Markdown as `marked` reads it, autolinks and all, and the renderer of Temporal's own server.
 */

export interface ReadDetails {
  /** The one code block, as text. */
  readonly block: string;
  readonly links: readonly string[];
  /** What is read outside the block. */
  readonly prose: string;
  /** What acts or is laid out, and should not be there. */
  readonly active: readonly string[];
}

/** As the UI does before anything else is read. */
export const withTemplates = (content: string): string =>
  content
    .replace(/\{namespace\}/g, 'default')
    .replace(/\{workflowId\}/g, 'action/act_1')
    .replace(/\{runId\}/g, 'run-1');

const QUIET = new Set(['paragraph', 'text', 'strong', 'codespan', 'space', 'code', 'link']);

const all = (tokens: readonly Token[]): Token[] =>
  tokens.flatMap((token) => [token, ...all('tokens' in token ? (token.tokens ?? []) : [])]);

export function readMarkdown(content: string): ReadDetails {
  const tokens = all(lexer(withTemplates(content), { gfm: true }));
  const blocks = tokens.filter(({ type }) => type === 'code').map((token) => (token as any).text);
  return {
    block: blocks.join('\n<another block>\n'),
    links: tokens.filter(({ type }) => type === 'link').map((token) => (token as any).href),
    prose: tokens
      .filter(({ type }) => type === 'text' || type === 'codespan')
      .map((token) => ('tokens' in token ? '' : (token as any).text))
      .join(''),
    active: tokens.map(({ type }) => type).filter((type) => !QUIET.has(type)),
  };
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&amp;': '&',
  '&ldquo;': '“',
  '&rdquo;': '”',
  '&rsquo;': '’',
  '&hellip;': '…',
};
const unescape = (text: string): string =>
  text.replaceAll(/&[a-z]+;|&/g, (entity) => {
    const character = ENTITIES[entity];
    if (character === undefined) throw new Error(`not escaped: ${entity}`);
    return character;
  });

const TAG = /<[^>]*>/g;
const QUIET_TAG = /^<(?:\/?p|\/?strong|\/?code|\/?pre|\/a|code class="language-text")>$/;
const LINK = /^<a href="([^"]*)" target="_blank">$/;
const dispatcher = new Agent();

/** `ui`: the origin of a Temporal UI. */
export async function readByTemporal(ui: string, content: string): Promise<ReadDetails> {
  const query = `content=${encodeURIComponent(withTemplates(content))}&theme=light`;
  const answer = await fetch(`${ui}/render?${query}`, { dispatcher });
  const html = await answer.text();
  if (answer.status !== 200) throw new Error(`${answer.status} ${html}`);
  const main = html.slice(html.indexOf('<main>') + 6, html.lastIndexOf('</main>'));
  const tags = main.match(TAG) ?? [];
  const blocks = [...main.matchAll(/<pre><code[^>]*>([^<]*)<\/code><\/pre>/g)];
  return {
    block: blocks
      .map(([, text = '']) => unescape(text).replace(/\n$/, ''))
      .join('\n<another block>\n'),
    links: tags.flatMap((tag) => LINK.exec(tag)?.[1] ?? []),
    prose: unescape(main.replaceAll(/<pre>[\s\S]*?<\/pre>/g, '').replaceAll(TAG, '')),
    active: tags.filter((tag) => !QUIET_TAG.test(tag) && !LINK.test(tag)),
  };
}

export interface ReadRow {
  readonly name: string;
  /** As it was before unseen characters were spelled out; undefined where the words are the gateway's. */
  value: string | undefined;
  own: string | undefined;
}

const NAMED = /<U\+([0-9A-F]{4,6})>/g;
const asRead = (text: string): string =>
  text.replace(NAMED, (_, hex: string) => String.fromCodePoint(parseInt(hex, 16)));

/** Rows by their columns: fifteen of the gateway's, a rule, and then what is anybody's. */
export function rowsIn(block: string): ReadRow[] {
  const rows: ReadRow[] = [];
  for (const line of block.split('\n')) {
    const name = line.slice(0, 15).trimEnd();
    const rule = line.slice(15, 17);
    const rest = line.slice(17);
    const isRuled = rule === '│ ' || rule === '┆ ';
    if (name !== '' || rows.length === 0) rows.push({ name, value: undefined, own: undefined });
    const row = rows.at(-1)!;
    if (!isRuled)
      row.own = [row.own, line.slice(15)].filter((part) => part !== undefined).join(' ');
    else if (row.value === undefined) row.value = asRead(rest);
    else row.value += (rule === '│ ' ? '\n' : '') + asRead(rest);
  }
  return rows;
}

export interface ReadField {
  readonly label: string;
  before: string | null;
  after: string | undefined;
  /** What HubSpot calls them, where they stand under that. */
  before_name?: string;
  after_name?: string;
}

/** What a row says of its field: a value, or the value itself under what HubSpot calls it. */
const PUTS: Readonly<Record<string, (field: ReadField, held: string | undefined) => void>> = {
  '  now': (field, held) => {
    field.before = held ?? null;
  },
  '    held as': (field, held) => {
    field.before_name = field.before ?? '';
    field.before = held ?? null;
  },
  '  after a yes': (field, held) => {
    field.after = held;
  },
  '    sent as': (field, held) => {
    field.after_name = field.after ?? '';
    field.after = held;
  },
};

/** The fields as a person reads them. What says that it is too long has no values. */
export function fieldsIn(block: string): ReadField[] {
  const fields: ReadField[] = [];
  for (const { name, value, own } of rowsIn(block)) {
    const held = value ?? (own === '(empty)' ? '' : undefined);
    if (name === 'Field') fields.push({ label: value ?? '', before: null, after: undefined });
    const field = fields.at(-1);
    if (field !== undefined) PUTS[name]?.(field, held);
  }
  return fields;
}
