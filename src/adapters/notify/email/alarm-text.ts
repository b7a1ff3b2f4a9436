import { inOneLine } from '../../../core/notice-text.ts';
import type { AlarmSubject } from '../../../ports/notifier.ts';
import { BRACKETS, mailLink, mailPage, mailPlain, type MailText } from './mail-page.ts';
import { escapeHtml, htmlLine, htmlLines, textLine, textLines } from './plain-reading.ts';

const NO_ANSWER = 'Nothing is done by mail. Answers to this mail are read by nobody.';

/** An alert or an incident as a mail: what is so, what was said, and the way to where it is dealt with. */
export function alarmMailText({ title, lines, said, link }: AlarmSubject): MailText {
  const reason =
    said === null
      ? []
      : [
          '<p>Reason given:</p>',
          `<blockquote style="white-space:pre-wrap">${htmlLines(said)}</blockquote>`,
        ];
  const html = mailPage(title, [
    ...lines.map((line) => `<p>${htmlLine(line)}</p>`),
    ...reason,
    mailLink(link, 'Open in the console'),
    `<p>${escapeHtml(NO_ANSWER)}</p>`,
  ]);
  const text = mailPlain([
    [title, ...lines.map(textLine)].join('\n'),
    ...(said === null ? [] : [`Reason given:\n${textLines(said)}`]),
    `Open in the console: ${link}`,
    NO_ANSWER,
    BRACKETS,
  ]);
  return { subject: inOneLine(title), html, text };
}
