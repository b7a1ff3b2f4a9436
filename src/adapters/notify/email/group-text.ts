import { groupLineText, groupTitle } from '../../../core/notice-text.ts';
import type { GroupedPrompt } from '../../../ports/notifier.ts';
import { BRACKETS, mailLink, mailPage, mailPlain, type MailText } from './mail-page.ts';
import { escapeHtml, htmlLine, textLine } from './plain-reading.ts';

const WHY =
  'They are told as one, so that you are not asked too often. What is high risk is never held back.';
const NO_ANSWER = 'Nothing is decided by mail. Answers to this mail are read by nobody.';

/** Several that wait, as one mail: how many of what, and the way to the queue. */
export function groupMailText({ count, lines, link }: GroupedPrompt): MailText {
  const title = groupTitle(count);
  const said = lines.map(groupLineText);
  const html = mailPage(title, [
    `<ul>${said.map((line) => `<li>${htmlLine(line)}</li>`).join('')}</ul>`,
    mailLink(link, 'Open the queue in the console'),
    `<p>${escapeHtml(WHY)} ${escapeHtml(NO_ANSWER)}</p>`,
  ]);
  const text = mailPlain([
    title,
    said.map((line) => `- ${textLine(line)}`).join('\n'),
    `Open the queue in the console: ${link}`,
    `${WHY} ${NO_ANSWER}`,
    BRACKETS,
  ]);
  return { subject: title, html, text };
}
