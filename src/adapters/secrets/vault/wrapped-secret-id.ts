import { z } from 'zod';
import type { GatewayError } from '../../../core/gateway-error.ts';
import { unavailable } from '../private-file.ts';
import { refusalOf } from './vault-answers.ts';
import type { VaultAnswer, VaultExchange } from './vault-exchange.ts';

const LookupSchema = z.object({ data: z.object({ creation_path: z.string() }) });
const UnwrappedSchema = z.object({ data: z.object({ secret_id: z.string().min(1) }) });

/** Where the server makes secret ids: what was wrapped anywhere else is not from whoever set us up. */
const MADE_AT = /^auth\/approle\/role\/[^/]+\/secret-id$/;

interface Wrapped {
  /** The wrapping token. */
  readonly token: string;
  /** Where it was read, for errors. */
  readonly file: string;
}

/**
 * The secret id behind a wrapping token, which can be opened once. That is its use: where it was opened before us,
 * somebody else may hold the secret id, and nothing is started with what they left.
 */
export async function unwrapSecretId(exchange: VaultExchange, wrapped: Wrapped): Promise<string> {
  const { token, file } = wrapped;
  const path = 'sys/wrapping/lookup';
  const looked = await exchange.ask({ method: 'POST', path, body: { token } });
  assertAnswered(looked, exchange, file);
  const madeAt = LookupSchema.safeParse(looked.body).data?.data.creation_path;
  if (madeAt === undefined || !MADE_AT.test(madeAt)) throw exchanged(file);
  const opened = await exchange.ask({ method: 'POST', path: 'sys/wrapping/unwrap', token });
  assertAnswered(opened, exchange, file);
  const secretId = UnwrappedSchema.safeParse(opened.body).data?.data.secret_id;
  if (secretId === undefined) throw exchanged(file);
  return secretId;
}

function assertAnswered(answer: VaultAnswer, exchange: VaultExchange, file: string): void {
  if (answer.status === 200) return;
  throw [400, 403, 404].includes(answer.status) ? opened(file) : refusalOf(answer, exchange);
}

const MEND =
  'look in the server’s audit log for who unwrapped it, destroy the secret id there by its accessor, and put a newly wrapped one in the file';

const opened = (file: string): GatewayError =>
  unavailable(
    `The wrapped secret id in ${file} was opened before, or its time is over. Each start needs a new one. ` +
      `If no start of this gateway has opened it, somebody else may hold the secret id: ${MEND}.`,
  );

const exchanged = (file: string): GatewayError =>
  unavailable(
    `What is wrapped in ${file} is no secret id of an AppRole: somebody may have put it there in place of ours. ` +
      `Nothing is started with it: ${MEND}.`,
  );
