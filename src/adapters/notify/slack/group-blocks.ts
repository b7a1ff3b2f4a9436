import { groupLineText, groupTitle } from '../../../core/notice-text.ts';
import type { GroupedPrompt } from '../../../ports/notifier.ts';
import { type Block, plain, section, SLACK_LIMITS, slackLength } from './block-kit.ts';
import { ACTION_IDS, type SlackMessage } from './card-blocks.ts';

/** Several that wait, as one message: nothing is decided in it, since none of them is shown. */
export function groupMessage({ count, lines, link }: GroupedPrompt): SlackMessage {
  const title = groupTitle(count);
  const said = lines.map(groupLineText).join('\n');
  const fits = slackLength(said) <= SLACK_LIMITS.textMaxChars;
  const open: Block = {
    type: 'actions',
    block_id: 'decide',
    elements: [
      { type: 'button', action_id: ACTION_IDS.open, text: plain('Open to decide'), url: link },
    ],
  };
  const blocks: Block[] = [
    { type: 'header', text: plain(title) },
    ...(fits ? [section(said)] : []),
  ];
  return { text: title, blocks: [...blocks, open] };
}
