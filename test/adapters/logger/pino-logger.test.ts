import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { createPinoLogger, scrub } from '../../../src/adapters/logger/pino-logger.ts';
import { refusePrompt } from '../../../src/core/prompt-rules.ts';
import { mintKey } from '../../../src/gate/keys.ts';

function lineOf(error: unknown): { readonly error: Record<string, unknown> } {
  const lines: string[] = [];
  createPinoLogger('warn', { write: (line) => lines.push(line) }).warn('it failed', { error });
  return JSON.parse(lines.join('')) as { error: Record<string, unknown> };
}

describe('an error in the operator’s log', () => {
  it('that the engine brings has the code that the activity gave it', () => {
    const failure = ApplicationFailure.create({ type: 'freeze.active', message: 'It is frozen.' });
    expect(lineOf(failure).error).toMatchObject({ our: 'freeze.active', message: 'It is frozen.' });
  });

  it('of another type, or of none, is unexpected', () => {
    const failure = ApplicationFailure.create({ type: 'TypeError', message: 'x is undefined' });
    expect(lineOf(failure).error).toMatchObject({ our: 'internal.unexpected' });
    expect(lineOf(new Error('x')).error).toMatchObject({ our: 'internal.unexpected' });
  });
});

describe('a secret', () => {
  const ID = `0123456789abcdef`;
  it.each([
    ['an agent’s key', mintKey('agent', `agt_${ID}`)],
    ['a person’s key', mintKey('person', `per_${ID}`)],
    ['a session', mintKey('session', `ses_${ID}`)],
    ['an invitation', mintKey('invitation', `inv_${ID}`)],
    ['a webhook’s secret', `whsec_${'a1+/'.repeat(10)}=`],
    ['a Slack token', `xoxb-${'1a-'.repeat(12)}`],
    ['a Slack app’s token', `xapp-${'1a-'.repeat(12)}`],
  ])('that is %s is neither logged nor taken in a prompt', (_what, secret) => {
    expect(scrub(`see ${secret} here`)).toBe('see [secret] here');
    const submission = {
      userId: 'dana@acme.test',
      prompt: `Use ${secret}`,
      action: { action: 'x' },
    };
    expect(refusePrompt(submission)).toBeDefined();
  });
});
