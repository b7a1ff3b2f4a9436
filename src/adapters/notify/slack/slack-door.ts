import type { ModalView } from '@slack/web-api';
import { DECISION_LIMITS } from '../../../contracts/decision.ts';
import type { ChatDoor, Pressed } from '../../../ports/chat-door.ts';
import { plain } from './block-kit.ts';
import { whyNotInSlack } from './card-blocks.ts';
import { readForm, readInteraction, REJECT_MODAL } from './interaction.ts';
import { verifySlackSignature } from './signature.ts';
import { channelsOf, slackClient, type SlackSettings } from './slack-api.ts';

const reasonModal = ({ requestId, digest }: Pressed): ModalView => ({
  type: 'modal',
  callback_id: REJECT_MODAL.callback,
  private_metadata: `${requestId} ${digest}`,
  title: plain('Reject'),
  submit: plain('Reject'),
  close: plain('Back'),
  blocks: [
    {
      type: 'input',
      block_id: REJECT_MODAL.block,
      label: plain('Reason. The agent gets to read it.'),
      element: {
        type: 'plain_text_input',
        action_id: REJECT_MODAL.action,
        multiline: true,
        max_length: DECISION_LIMITS.reasonMaxChars,
      },
    },
  ],
});

export function createSlackDoor(settings: SlackSettings): ChatDoor {
  const say = async (channel: string, user: string, text: string): Promise<void> => {
    const client = await slackClient(settings);
    await client?.chat.postEphemeral({
      channel,
      user,
      text,
      blocks: [{ type: 'section', text: plain(text) }],
      link_names: false,
      parse: 'none',
    });
  };
  return {
    read: async (message, now) => {
      const secret = await settings.readSecret('slack/signing-secret');
      const name = verifySlackSignature(secret, message, now);
      return { name, interaction: readInteraction(readForm(message.raw), channelsOf(settings)) };
    },
    whyNotHere: whyNotInSlack,
    askReason: async (pressed, trigger) => {
      const client = await slackClient(settings);
      await client?.views.open({ trigger_id: trigger, view: reasonModal(pressed) });
    },
    say: async (user, text) => {
      // Not everybody is in each channel; one of them is where they pressed.
      await Promise.any(channelsOf(settings).map((channel) => say(channel, user, text)));
    },
  };
}
