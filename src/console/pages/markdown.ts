import { type Html, html } from '../html.ts';
import { shown } from '../shown-text.ts';

/**
 * The few forms of Markdown that the gateway itself writes: headings, tables, lists, fenced text, code in a line.
 * No link, image or markup is made of anything; what has no form here is read as the text it is.
 */

type Line = string;

/** Code between backticks, everything else as it stands. */
function inline(text: Line): Html[] {
  return text.split('`').flatMap((part, at) => {
    if (part === '') return [];
    return [at % 2 === 1 ? html`<span class="mono">${shown(part)}</span>` : shown(part)];
  });
}

const cells = (line: Line): Line[] =>
  line
    .replace(/^\| ?/, '')
    .replace(/ ?\|$/, '')
    .split('|')
    .map((cell) => cell.trim());

const plainText = (text: Line): Line => text.replaceAll('`', '');

function table([head = '', , ...rows]: readonly Line[]): Html {
  const heads = cells(head);
  const row = (line: Line): Html => {
    const [first = '', ...others] = cells(line);
    const rest = others.map(
      (cell, at) =>
        html`<td role="cell" data-col="${plainText(heads[at + 1] ?? '')}">
          <span>${inline(cell)}</span>
        </td>`,
    );
    return html`<tr role="row">
      <th role="rowheader" scope="row">${inline(first)}</th>
      ${rest}
    </tr>`;
  };
  return html`<table class="list" role="table">
    <thead role="rowgroup">
      <tr role="row">
        ${heads.map((each) => html`<th role="columnheader" scope="col">${inline(each)}</th>`)}
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${rows.map(row)}
    </tbody>
  </table>`;
}

function heading(line: Line): Html {
  const [marks = ''] = /^#+/.exec(line) ?? [];
  const words = inline(line.slice(marks.length).trim());
  if (marks.length === 1) return html`<h1>${words}</h1>`;
  return marks.length === 2 ? html`<h2>${words}</h2>` : html`<h3>${words}</h3>`;
}

const kindOf = (line: Line): 'heading' | 'table' | 'list' | 'text' => {
  if (/^#{1,3} /.test(line)) return 'heading';
  if (line.startsWith('|')) return 'table';
  return line.startsWith('- ') ? 'list' : 'text';
};

function block(lines: readonly Line[]): Html {
  const [first = ''] = lines;
  const kind = kindOf(first);
  if (kind === 'heading') return heading(first);
  if (kind === 'table') return table(lines);
  if (kind === 'list')
    return html`<ul class="plain-list">
      ${lines.map((line) => html`<li>${inline(line.slice(2))}</li>`)}
    </ul>`;
  return html`<p>${lines.map((line) => html`${inline(line)} `)}</p>`;
}

const FENCE = /^```/;

/** The lines after an opening fence, up to the closing one, and what comes after that. */
function fenced(lines: readonly Line[]): readonly [Html, readonly Line[]] {
  const end = lines.findIndex((line, at) => at > 0 && FENCE.test(line));
  const last = end === -1 ? lines.length : end;
  const text = lines.slice(1, last).map((line) => html`${shown(line)}${'\n'}`);
  return [html`<pre class="mono long lines">${text}</pre>`, lines.slice(last + 1)];
}

export function markdownBlocks(markdown: string): Html[] {
  const blocks: Html[] = [];
  let rest: readonly Line[] = markdown.split('\n');
  while (rest.length > 0) {
    const [first = ''] = rest;
    if (first.trim() === '') {
      rest = rest.slice(1);
      continue;
    }
    if (FENCE.test(first)) {
      const [made, after] = fenced(rest);
      blocks.push(made);
      rest = after;
      continue;
    }
    const kind = kindOf(first);
    const other = rest.findIndex(
      (line, at) =>
        at > 0 &&
        (kind === 'heading' || line.trim() === '' || FENCE.test(line) || kindOf(line) !== kind),
    );
    const end = other === -1 ? rest.length : other;
    blocks.push(block(rest.slice(0, end)));
    rest = rest.slice(end);
  }
  return blocks;
}
