import type { Card } from '../../src/contracts/card.ts';

/** What somebody writes who wants a reader, a mail client or a browser to take it for more than text. */
const BASE = [
  '<!channel>',
  '<!here>',
  '<!everyone>',
  '@channel',
  '<@U0ROBIN>',
  '<#C0APPROVALS>',
  '<!subteam^S1>',
  '<https://evil.test|Approve>',
  'https://evil.test/',
  '<mailto:a@evil.test|x>',
  '*bold*',
  '_it_',
  '~no~',
  '`code`',
  '```\nblock\n```',
  '> quote',
  ':white_check_mark:',
  '<!date^1^{date}^https://evil.test|x>',
  '</text><script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '&lt;!channel&gt;',
  '[x](https://evil.test)',
  '"}],"type":"actions"',
  'Approved by Lena',
  '\u202eevorppA',
  'a\u200bb',
  '\u2066<!here>\u2069',
  'After your yes: nothing',
  'x\nDecide by tomorrow',
  'x\n│ y',
  'javascript:alert(1)',
  'xoxb-1-2',
];
const wrap = [
  (s: string) => s,
  (s: string) => `a ${s} b`,
  (s: string) => s + s,
  (s: string) => `\n${s}`,
  (s: string) => `(${s})`,
  (s: string) => `“${s}”`,
  (s: string) => s.toUpperCase(),
];
export const HOSTILE = [...new Set(BASE.flatMap((text) => wrap.map((w) => w(text))))];

/** The card with this text in each of its fields in turn. */
export function cardsWith(base: Card, text: string): Card[] {
  const change = { label: 'L', property: 'p', before: 'b', after: 'a' };
  return [
    { ...base, sentence: text },
    { ...base, agent: { ...base.agent, name: text } },
    { ...base, connection: text },
    { ...base, records: [{ object_type: 'deals', id: '1', name: text }] },
    { ...base, changes: [{ ...change, label: text }] },
    { ...base, changes: [{ ...change, before: text }] },
    { ...base, changes: [{ ...change, after: text }] },
    { ...base, changes: [{ ...change, before_name: text }] },
    { ...base, changes: [{ ...change, after_name: text }] },
    { ...base, changes: [{ ...change, remark: text }] },
    { ...base, claimed: { user_id: text, prompt: 'p' } },
    { ...base, claimed: { user_id: 'u', prompt: text } },
    { ...base, requires: { ...base.requires, reasons: [text] } },
    { ...base, requires: { ...base.requires, roles: [text] } },
    { ...base, signals: [text] },
    { ...base, changed: { from: base.request_id, by: { id: 'p', name: text }, fields: [text] } },
    { ...base, effects: { undo: text, remains: text } },
  ];
}
