import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { createPinoLogger } from '../../../src/adapters/logger/pino-logger.ts';

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
