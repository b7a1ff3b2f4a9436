import { type ErrorSpec, spec } from './error-spec.ts';

/** What messages from chat, and from people's own systems, are refused with. Part of the one table in `errors.ts`. */
export const CHANNEL_ERRORS = {
  'approval.elsewhere': spec(
    403,
    false,
    'This request cannot be decided here.',
    '`detail` says why; open it in the console.',
  ),

  'channel.unproven': spec(
    401,
    false,
    'The message is not proven to come from this channel.',
    'Check the signing secret on both sides, and the clock: five minutes apart at most.',
  ),
  'channel.replayed': spec(
    409,
    false,
    'This message was heard before.',
    'What it said counts as it was heard the first time. Say something new with a new message id.',
  ),
  'channel.unknown_sender': spec(
    403,
    false,
    'The sender is nobody on the roster.',
    'An operator says who it is: `npx sallyport person slack <person> <U…>`, or `npx sallyport person webhook add <person>`.',
  ),
} as const satisfies Record<string, ErrorSpec>;
