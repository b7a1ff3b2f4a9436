import { ApiProblem } from './api-client.ts';
import { isJson } from './form-json.ts';
import type { Form } from './visit.ts';

/** The words of a signed form, where the API's code has others elsewhere. */
export const STEP_UP_CODES = {
  'passkey.refused': 'step.unproven',
  'passkey.session_needed': 'step.unsigned',
} as const satisfies Readonly<Record<string, string>>;

/**
 * The signature that a form brings. Without one nothing is sent: either something stands against the step, which
 * `askOptions` throws, or a passkey is missing.
 */
export async function stepUpIn(
  { nonce = '', passkey = '' }: Form,
  askOptions: () => Promise<unknown>,
): Promise<{ readonly step_up: object }> {
  if (passkey !== '' && isJson(passkey))
    return { step_up: { nonce, credential: JSON.parse(passkey) as unknown } };
  await askOptions();
  throw new ApiProblem(403, 'step.unsigned', undefined);
}
