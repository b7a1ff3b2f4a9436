import { inOneLine } from '../../../core/notice-text.ts';
import type { AlarmSubject } from '../../../ports/notifier.ts';
import type { MailText } from './mail-text.ts';
import { escapeHtml, htmlLine, htmlLines, textLine, textLines } from './plain-reading.ts';

const NO_ANSWER = 'Nothing is done by mail. Answers to this mail are read by nobody.';

/** An alert or an incident as a mail: what is so, what was said, and the way to where it is dealt with. */
export function alarmMailText({ title, lines, said, link }: AlarmSubject): MailText {
  const reason =
    said === null
      ? ''
      : `<p>Reason given:</p><blockquote style="white-space:pre-wrap">${htmlLines(said)}</blockquote>`;
  const html = [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escapeHtml(title)}</title></head><body><h2>${escapeHtml(title)}</h2>`,
    ...lines.map((line) => `<p>${htmlLine(line)}</p>`),
    reason,
    `<p><a href="${escapeHtml(link)}">Open in the console</a></p>`,
    `<p>${escapeHtml(NO_ANSWER)}</p></body></html>`,
  ];
  const text = [
    [title, ...lines.map(textLine)].join('\n'),
    ...(said === null ? [] : [`Reason given:\n${textLines(said)}`]),
    `Open in the console: ${link}`,
    NO_ANSWER,
  ];
  return {
    subject: inOneLine(title),
    html: `${html.join('\n')}\n`,
    text: `${text.join('\n\n')}\n`,
  };
}
