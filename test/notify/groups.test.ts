import { describe, expect, it } from 'vitest';
import { groupMailText } from '../../src/adapters/notify/email/group-text.ts';
import { groupMessage } from '../../src/adapters/notify/slack/group-blocks.ts';
import type { GroupedPrompt } from '../../src/ports/notifier.ts';
import { HOSTILE } from '../support/hostile.ts';
import { elementsIn, readHtml } from '../support/html.ts';
import { blocksProblem } from '../support/slack.ts';

const LINK = 'https://gate.acme.test/console';

/** An agent's name is a free text, and stands in what is told as one. */
const groupOf = (agent: string, count = 5): GroupedPrompt => ({
  count,
  lines: [{ count, action: 'create_note', agent }],
  link: LINK,
});

const textsOf = (blocks: readonly any[]): any[] =>
  blocks.flatMap((b) => [b.text, ...(b.elements ?? []).map((e: any) => e.text)]).filter(Boolean);

describe('P3: hostile text in what is told as one', () => {
  it('is plain text in Slack, which takes it, and the one link is the console’s', () => {
    for (const text of HOSTILE) {
      const { blocks, text: head } = groupMessage(groupOf(text));
      expect([blocksProblem(blocks), head]).toEqual([undefined, groupMessage(groupOf('a')).text]);
      for (const one of textsOf(blocks)) expect(one.type).toBe('plain_text');
      const links = JSON.stringify(blocks).match(/"url":"[^"]*"/g);
      expect(links).toEqual([`"url":"${LINK}"`]);
    }
    expect(HOSTILE.length).toBeGreaterThanOrEqual(200);
  });

  it('makes no element, link or address of a mail', () => {
    const plain = elementsIn(readHtml(groupMailText(groupOf('a')).html)).map(({ tag }) => tag);
    for (const text of HOSTILE) {
      const mail = groupMailText(groupOf(text));
      const elements = elementsIn(readHtml(mail.html));
      const added = elements.map(({ tag }) => tag).filter((tag) => !['br', 'span'].includes(tag));
      expect(added).toEqual(plain.filter((tag) => !['br', 'span'].includes(tag)));
      expect(mail.subject).toBe(groupMailText(groupOf('a')).subject);
      expect(mail.text.replaceAll(LINK, '')).not.toMatch(/https?:\/\/|\w@\w/);
    }
  });

  it('is left out of Slack as a whole where it does not fit, and the way to the queue stays', () => {
    const lines = Array.from({ length: 100 }, (_, n) => ({
      ...{ count: 1, action: 'create_note', agent: `assistant ${n} ${'of sales '.repeat(8)}` },
    }));
    const { blocks } = groupMessage({ count: 100, lines, link: LINK });
    expect(blocksProblem(blocks)).toBeUndefined();
    expect(textsOf(blocks).map(({ text }) => text)).toEqual([
      expect.stringContaining('100'),
      'Open to decide',
    ]);
  });
});
