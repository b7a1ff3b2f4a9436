import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { errnoOf, unavailable } from '../private-file.ts';

export const EXCHANGE_LIMITS = {
  /** One question, from connecting to the last byte of the answer. */
  deadlineMs: 5_000,
  /** The history of a name with a thousand versions is a twentieth of it. */
  answerBytesMax: 2 * 1024 * 1024,
} as const;

export interface VaultServer {
  /** Scheme, host and port. */
  readonly address: string;
  /** Undefined: the root namespace, or a server that has none. */
  readonly namespace: string | undefined;
  /** Certificates in PEM that are trusted instead of the system's. */
  readonly ca: string | undefined;
}

export interface VaultQuestion {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  /** After `/v1/`. */
  readonly path: string;
  readonly body?: object;
  readonly token?: string;
}

export interface VaultAnswer {
  readonly status: number;
  /** Undefined where nothing was said. Never quoted: it may hold values. */
  readonly body: unknown;
}

export interface VaultExchange {
  /** As it is called in errors. */
  readonly address: string;
  /**
   * Any answer in JSON, whatever its status. Throws `secret.unavailable` where there is none in time, or one
   * that is too large or no JSON.
   */
  ask(question: VaultQuestion): Promise<VaultAnswer>;
}

/**
 * Vault's HTTP API on Node's own client, which follows no redirect: the token would go where it leads. Not by
 * `fetch`, whose dispatcher reaches HubSpot alone. A connection for each question: one that was kept may have
 * been closed on the other side, and would make a server that is up look down.
 */
export function createVaultExchange({ address, namespace, ca }: VaultServer): VaultExchange {
  const isTls = address.startsWith('https:');
  const agent = isTls ? new HttpsAgent(ca === undefined ? {} : { ca }) : new HttpAgent();
  const send = isTls ? httpsRequest : httpRequest;

  const exchange = (question: VaultQuestion, signal: AbortSignal): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const { method, path, body } = question;
      const headers = headersOf(question, namespace);
      const request = send(`${address}/v1/${path}`, { method, headers, agent, signal }, resolve);
      request.once('error', reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });

  return {
    address,
    async ask(question) {
      const signal = AbortSignal.timeout(EXCHANGE_LIMITS.deadlineMs);
      let status: number;
      let text: string | undefined;
      try {
        const response = await exchange(question, signal);
        status = response.statusCode ?? 0;
        text = await textOf(response);
      } catch (error) {
        throw unavailable(`${address} ${signal.aborted ? TOO_SLOW : faultOf(errnoOf(error))}`);
      }
      return { status, body: parse(text, { address, status }) };
    },
  };
}

const TOO_SLOW = `has not answered within ${EXCHANGE_LIMITS.deadlineMs / 1000} s; check that it runs and is not overloaded`;

function headersOf(
  { method, body, token }: VaultQuestion,
  namespace: string | undefined,
): Record<string, string> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  return {
    // Agents and proxies that are Vault's own ask for it on every request.
    'x-vault-request': 'true',
    ...(body === undefined ? {} : { 'content-type': type }),
    ...(token === undefined ? {} : { 'x-vault-token': token }),
    ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
  };
}

/** Undefined: more than is read of any answer. */
async function textOf(response: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > EXCHANGE_LIMITS.answerBytesMax) {
      response.destroy();
      return undefined;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const REFUSED = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
const UNTRUSTED = /CERT|SELF_SIGNED|ISSUER|SIGNATURE|ERR_TLS/;

function faultOf(errno: string): string {
  if (REFUSED.test(errno))
    return `cannot be reached (${errno}); start it, or correct SALLYPORT_VAULT_ADDR`;
  if (UNTRUSTED.test(errno))
    return `has a certificate that is not trusted (${errno}); name the CA that signed it in SALLYPORT_VAULT_CA_FILE`;
  return `broke off the connection (${errno}); check that it runs, and whether SALLYPORT_VAULT_ADDR is https`;
}

function parse(
  text: string | undefined,
  { address, status }: { readonly address: string; readonly status: number },
): unknown {
  if (text === '') return undefined;
  try {
    if (text !== undefined) return JSON.parse(text);
  } catch {
    // The reason is withheld on purpose: it quotes the text, which may hold a secret.
  }
  // A proxy in front of it has a page of its own for a server that is down, or moved.
  if (status >= 500 || (status >= 300 && status < 400)) return undefined;
  throw unavailable(
    `${address} does not answer as Vault does (${status}); correct SALLYPORT_VAULT_ADDR`,
  );
}
