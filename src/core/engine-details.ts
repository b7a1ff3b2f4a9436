import { block } from './inert-markdown.ts';

/** What the workflow hands on in place of a signal that came in clear, was changed, or was meant for another. */
export const VOIDED_SIGNAL = 'voided';

/** When a signal was looked at, before the note of what became of it. */
export const noteClock = (now: Date): string =>
  `${now.toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** Whoever can signal can do it without end; the log says what else there was. */
export const ENGINE_NOTES_MAX = 8;

const DESK_GUIDE = [
  '**Freezes the connection and opens an incident.**',
  'Send the signal `open_incident` with one JSON object: `person` is your id or e-mail address, `code` is what your authenticator shows now, `reason` is for the log and for people. It takes the role operator.',
  '`{"person": "kim@acme.test", "code": "123456", "reason": "what you saw"}`',
];

/** What the desk of the gateway says of itself, and what became of the last signals. */
export const deskDetails = (notes: readonly string[]): string =>
  [
    ...DESK_GUIDE,
    ...(notes.length === 0
      ? []
      : [
          'What became of signals, the last one last:',
          block(notes.map((text) => ({ name: 'Signal', text }))),
        ]),
  ].join('\n\n');

const STANDING = {
  waiting: '**Waits for a decision.**',
  approved: '**Approved.** Nothing more is decided here.',
  ended: '**It has ended.** Nothing more is decided here.',
} as const;

/** How the request stood at the last look, the card, and what became of the last signals. */
export function engineDetails(
  card: string,
  standing: keyof typeof STANDING,
  notes: readonly string[],
): string {
  const told = notes.slice(-ENGINE_NOTES_MAX).map((text) => ({ name: 'Signal', text }));
  return [
    STANDING[standing],
    ...(told.length === 0 ? [] : ['What became of signals, the last one last:', block(told)]),
    card,
  ].join('\n\n');
}
