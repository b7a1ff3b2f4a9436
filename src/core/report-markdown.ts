/** The parts of a report in Markdown. */

/** What comes from records is data: no table, link or heading is made of it. */
export const plain = (text: string | null): string =>
  text === null || text === ''
    ? '*empty*'
    : `\`${text.replaceAll('`', 'ˋ').replaceAll('|', '¦').replaceAll(/\s+/g, ' ')}\``;

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  `| ${head.join(' | ')} |`,
  `| ${head.map(() => '---').join(' | ')} |`,
  ...rows.map((row) => `| ${row.join(' | ')} |`),
];

/** Nothing where there is nothing to list. */
export const list = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', `${title}:`, '', ...lines.map((line) => `- ${line}`)];
