import { RequestIdSchema } from '../contracts/ids.ts';
import { CommandError, oneLine } from './output.ts';

/** Throws `CommandError` for what cannot be the id of a request. */
export function requestIdOf(text: string): string {
  if (RequestIdSchema.safeParse(text).success) return text;
  throw new CommandError(
    `${oneLine(text)} is no request id: it begins with act_ and has 26 characters after that.`,
    '`npx sallyport approvals` lists what waits, `npx sallyport requests` everything.',
  );
}
