import { ask, CommandError, isInteractive } from './output.ts';

export interface YesOption {
  readonly yes?: true;
}

/** A question at a terminal; anything but a yes is a no. */
export const isYes = async (question: string): Promise<boolean> =>
  /^y(es)?$/i.test(await ask(`${question} [y/N] `));

/** Whether the reader wants it; scripts say so with --yes. Throws `CommandError` where there is nobody to ask. */
export async function isConfirmed(
  question: string,
  { yes }: YesOption,
  remedy: string,
): Promise<boolean> {
  if (yes) return true;
  if (!isInteractive()) throw new CommandError('There is no terminal to ask at.', remedy);
  return isYes(question);
}
