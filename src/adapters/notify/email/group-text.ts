import { groupLineText, groupTitle } from '../../../core/notice-text.ts';
import type { GroupedPrompt } from '../../../ports/notifier.ts';
import type { MailText } from './mail-text.ts';
import { escapeHtml, htmlLine, textLine } from './plain-reading.ts';

const WHY =
  'They are told as one, so that you are not asked too often. What is high risk is never held back.';
const NO_ANSWER = 'Nothing is decided by mail. Answers to this mail are read by nobody.';

/** Several that wait, as one mail: how many of what, and the way to the queue. */
export function groupMailText({ count, lines, link }: GroupedPrompt): MailText {
  const title = groupTitle(count);
  const said = lines.map(groupLineText);
  const html = [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escapeHtml(title)}</title></head><body><h2>${escapeHtml(title)}</h2>`,
    `<ul>${said.map((line) => `<li>${htmlLine(line)}</li>`).join('')}</ul>`,
    `<p><a href="${escapeHtml(link)}">Open the queue in the console</a></p>`,
    `<p>${escapeHtml(WHY)} ${escapeHtml(NO_ANSWER)}</p></body></html>`,
  ];
  const text = [
    title,
    said.map((line) => `- ${textLine(line)}`).join('\n'),
    `Open the queue in the console: ${link}`,
    `${WHY} ${NO_ANSWER}`,
  ];
  return { subject: title, html: `${html.join('\n')}\n`, text: `${text.join('\n\n')}\n` };
}
