import { GatewayError } from '../core/gateway-error.ts';
import { pathForLog } from '../core/hubspot-paths.ts';
import type { AuditEvent } from '../core/records.ts';
import { type SetupCall, setupRequest } from '../core/setup-calls.ts';
import type { Operation } from '../contracts/plan.ts';
import type { Crm, CredentialRef, CrmAnswer, CrmSetup } from '../ports/crm.ts';
import type { Store } from '../ports/store.ts';
import { assertConnectable } from './callable.ts';

export interface ConnectDependencies {
  readonly store: Store;
  readonly crm: Crm;
  readonly setup: CrmSetup;
}

export interface Connecting {
  readonly credential: CredentialRef;
  /** `operator`, or `gateway` for the demo. */
  readonly by: string;
}

interface Called {
  readonly method: string;
  readonly path: string;
}

/** Law 1 and law 8, as for any other call: the intent and the look at the freezes in one commit before it. */
async function guarded(
  { store }: ConnectDependencies,
  { credential, by }: Connecting,
  { method, path }: Called,
  call: () => Promise<CrmAnswer>,
): Promise<CrmAnswer> {
  const entry = (event: AuditEvent['event'], more: Partial<AuditEvent>): AuditEvent => ({
    event,
    actor: by,
    hubspotEndpoint: pathForLog(path),
    ...more,
    facts: { purpose: 'connect', connection: credential.connection, method, ...more.facts },
  });
  await store.commit(async (tx) => {
    await assertConnectable(tx, credential);
    const facts = { credential_version: credential.version };
    await tx.log.append(entry('hubspot.intended', { facts }));
  });
  const answer = await call();
  await store.commit((tx) =>
    tx.log.append(
      entry(answer.kind === 'lost' ? 'hubspot.lost' : 'hubspot.answered', {
        responseStatus: 'status' in answer ? answer.status : undefined,
        code: answer.kind === 'answered' ? undefined : answer.code,
        facts: { answer: answer.kind },
      }),
    ),
  );
  // Whatever is asked next would be refused in the same way.
  if (answer.kind === 'refused' && answer.code === 'hubspot.unauthorized') throw failureOf(answer);
  return answer;
}

/** An answer that is none, as the error that the operator is shown. */
export function failureOf(answer: Exclude<CrmAnswer, { kind: 'answered' }>): GatewayError {
  return new GatewayError(answer.code, {
    detail: 'detail' in answer ? answer.detail : undefined,
    retryAfterSeconds: 'retryAfterSeconds' in answer ? answer.retryAfterSeconds : undefined,
  });
}

export const callSetup = (
  deps: ConnectDependencies,
  of: Connecting,
  call: SetupCall,
): Promise<CrmAnswer> =>
  guarded(deps, of, setupRequest(call), () => deps.setup.call(call, of.credential));

/** A read of the closed table, on its turn. */
export async function callRead(
  deps: ConnectDependencies,
  of: Connecting,
  operation: Operation,
): Promise<CrmAnswer> {
  const noTurn = await deps.crm.takeTurns([operation], of.credential, 'connect');
  if (noTurn !== undefined) return { kind: 'unsent', ...noTurn };
  return guarded(deps, of, operation, () => deps.crm.call(operation, of.credential));
}
