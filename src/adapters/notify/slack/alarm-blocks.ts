import { inOneLine } from '../../../core/notice-text.ts';
import { spellOutUnseen } from '../../../core/unseen.ts';
import type { AlarmSubject } from '../../../ports/notifier.ts';
import { type Block, plain, section, SLACK_LIMITS, slackLength } from './block-kit.ts';
import { ACTION_IDS, type SlackMessage } from './card-blocks.ts';

/** As much as fits into one text, by what it is in Slack's count; the console has the rest. */
function fitting(text: string): string {
  if (slackLength(text) <= SLACK_LIMITS.textMaxChars) return text;
  let kept = '';
  for (const character of text) {
    if (slackLength(kept + character) >= SLACK_LIMITS.textMaxChars) break;
    kept += character;
  }
  return `${kept}…`;
}

/** An alert or an incident as one message: what is so, what was said, and the way to where it is dealt with. */
export function alarmMessage({ title, lines, said, link }: AlarmSubject): SlackMessage {
  const head = inOneLine(title).slice(0, SLACK_LIMITS.headerMaxChars);
  const reason = said === null ? [] : [section(fitting(`Reason given:\n${spellOutUnseen(said)}`))];
  const open: Block = {
    type: 'actions',
    block_id: 'alarm',
    elements: [{ type: 'button', action_id: ACTION_IDS.open, text: plain('Open'), url: link }],
  };
  const facts = fitting(lines.map(inOneLine).join('\n'));
  return {
    text: head,
    blocks: [
      { type: 'header', text: plain(head) },
      ...(facts === '' ? [] : [section(facts)]),
      ...reason,
      open,
    ],
  };
}
