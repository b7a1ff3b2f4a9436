import { z } from 'zod';
import type { GatewayError } from '../../../core/gateway-error.ts';
import { unavailable } from '../private-file.ts';
import type { VaultAnswer, VaultExchange } from './vault-exchange.ts';

/** What the server says, read strictly: a page of somebody else's must never pass for "there is no such secret". */

const VersionSchema = z.object({
  version: z.int().positive(),
  created_time: z.iso.datetime({ offset: true }),
  deletion_time: z.string(),
  destroyed: z.boolean(),
});

const ReadSchema = z.object({
  data: z.object({ data: z.object({ value: z.string() }), metadata: VersionSchema }),
});

/** A version that was deleted or destroyed comes with its metadata, and with status 404. */
const GoneSchema = z.object({ data: z.object({ data: z.null(), metadata: VersionSchema }) });

const NothingSchema = z.object({ errors: z.array(z.string()).max(0) });

const HistorySchema = z.object({
  data: z.object({
    current_version: z.int().nonnegative(),
    max_versions: z.int().nonnegative(),
    delete_version_after: z.string(),
    versions: z.record(z.string(), z.object({ deletion_time: z.string(), destroyed: z.boolean() })),
  }),
});

const ListSchema = z.object({ data: z.object({ keys: z.array(z.string()) }) });

const MountSchema = z.object({
  data: z.object({ max_versions: z.int().nonnegative(), delete_version_after: z.string() }),
});

export type MountConfig = z.infer<typeof MountSchema>['data'];

const WrittenSchema = z.object({ data: z.object({ version: z.int().positive() }) });

const ErrorsSchema = z.object({ errors: z.array(z.string()) });

const SCHEMAS = {
  read: ReadSchema,
  history: HistorySchema,
  list: ListSchema,
  mount: MountSchema,
  written: WrittenSchema,
} as const;

type Parsed<K extends keyof typeof SCHEMAS> = z.infer<(typeof SCHEMAS)[K]>['data'];

/** What was asked for. Throws `secret.unavailable` for any other answer. */
export function dataOf<K extends keyof typeof SCHEMAS>(
  kind: K,
  answer: VaultAnswer,
  server: Pick<VaultExchange, 'address'>,
): Parsed<K> {
  if (answer.status !== 200) throw refusalOf(answer, server);
  const parsed = SCHEMAS[kind].safeParse(answer.body);
  if (parsed.success) return parsed.data.data;
  throw unavailable(
    kind === 'read'
      ? `${server.address} holds a secret of ours without a text in its field "value"; put back what was there`
      : `${server.address} answers a KV v2 question with something else; check SALLYPORT_VAULT_ADDR and SALLYPORT_VAULT_MOUNT`,
  );
}

/** Nothing is there under that path. Any other 404 (no such mount, a proxy's) is a failure, and not an absence. */
export const isNothing = ({ status, body }: VaultAnswer): boolean =>
  status === 404 && (NothingSchema.safeParse(body).success || GoneSchema.safeParse(body).success);

const CAS = 'check-and-set parameter did not match';

export const isConflict = ({ status, body }: VaultAnswer): boolean =>
  status === 400 &&
  (ErrorsSchema.safeParse(body).data?.errors ?? []).some((error) => error.includes(CAS));

const REFUSALS: Readonly<Record<number, string>> = {
  403: 'refuses our token; check that it still holds and has the policy of docs/vault/sallyport.hcl',
  404: 'has no KV v2 store there; check SALLYPORT_VAULT_MOUNT and SALLYPORT_VAULT_NAMESPACE',
  429: 'answers nobody but so often, or is a standby; raise its quota, or name the active server in SALLYPORT_VAULT_ADDR',
  503: 'is sealed or not ready; unseal it, and the gateway goes on by itself',
};

/** Of an answer that is none to what was asked. Its body is not quoted: it may hold anything. */
export function refusalOf(
  { status }: VaultAnswer,
  { address }: Pick<VaultExchange, 'address'>,
): GatewayError {
  if (status >= 300 && status < 400)
    return unavailable(
      `${address} sends us elsewhere (${status}), and redirects are not followed; name the active server in SALLYPORT_VAULT_ADDR`,
    );
  const said = REFUSALS[status] ?? `answered ${status}; its own log says why`;
  return unavailable(`${address} ${said}`);
}
