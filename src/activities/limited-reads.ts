import type { Operation } from '../contracts/plan.ts';
import type { ErrorCode } from '../core/errors.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { AuditEvent } from '../core/records.ts';
import { answerEntry, type CallFor, guardedReads } from '../gate/request-calls.ts';
import type { CrmAnswer } from '../ports/crm.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** Limits that pass while an agent waits; the day's does not. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['hubspot.rate_limited', 'hubspot.search_limited']);
const ROUNDS_MAX = 2;
/** No round begins later than this: a local activity has 30 s, and an agent waits for its answer. */
const PATIENCE_MS = 8_000;

const isLimited = (answer: CrmAnswer): boolean =>
  answer.kind === 'lost' && PASSING.has(answer.code);

/** What keeps the repetition from being made is its answer: the freeze that fell into the wait, say. */
async function repeat(
  deps: Pick<ActivityDependencies, 'store' | 'crm'>,
  of: CallFor,
  operations: readonly Operation[],
): ReturnType<typeof guardedReads> {
  try {
    return await guardedReads(deps, of, operations);
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code === 'store.unavailable') throw error;
    const { code, detail } = error;
    return { answers: operations.map(() => ({ kind: 'unsent', code, detail })), entries: [] };
  }
}

/**
 * Reads that HubSpot refused for a passing limit (another app of the account was faster) are asked
 * again when their turn comes, each time with a new intent; writes never are. Returns the last answer of
 * each and the entries of all. Throws `store.unavailable`.
 */
export async function againWhereLimited(
  deps: Pick<ActivityDependencies, 'store' | 'crm'>,
  of: CallFor,
  operations: readonly Operation[],
  first: readonly CrmAnswer[],
): Promise<{ readonly answers: readonly CrmAnswer[]; readonly entries: readonly AuditEvent[] }> {
  const since = performance.now();
  const answers = [...first];
  const entries = operations.flatMap((operation, i) => {
    const answer = first[i];
    return answer === undefined ? [] : [answerEntry(of, operation, answer)];
  });
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const limited = [...answers.keys()].filter((i) => isLimited(answers[i] as CrmAnswer));
    if (limited.length === 0 || performance.now() - since > PATIENCE_MS) break;
    const again = operations.filter((_, i) => limited.includes(i));
    const repeated = await repeat(deps, of, again);
    for (const [i, answer] of repeated.answers.entries()) answers[limited[i] ?? -1] = answer;
    entries.push(...repeated.entries);
  }
  return { answers, entries };
}
