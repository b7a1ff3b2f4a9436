import { HubSpotError } from '../errors.ts';
import type { Call, Reply } from './route.ts';

/** One entry of a batch reply's `errors`; real replies hold four fields, the file wants all six. */
export type BatchError = {
  status: string;
  category: string;
  message: string;
  context: Record<string, string[]>;
  links: Record<string, string>;
  errors: unknown[];
};

export function toBatchError(error: HubSpotError, context: Record<string, string[]>): BatchError {
  return {
    status: 'error',
    category: error.fields.category ?? 'VALIDATION_ERROR',
    message: error.fields.message,
    context: { ...error.fields.context, ...context },
    links: {},
    errors: error.fields.errors ?? [],
  };
}

/** The envelope of every batch reply. `whole` = status when nothing failed. */
export function batchReply(
  call: Call,
  whole: number,
  results: readonly unknown[],
  errors: readonly BatchError[] = [],
): Reply {
  const at = new Date(call.nowMs).toISOString();
  const body = { status: 'COMPLETE', results, requestedAt: at, startedAt: at, completedAt: at };
  if (errors.length === 0) return { status: whole, body };
  // The 2026-09 file lists no 207, so its partial failures come with the plain status unless switched.
  const isPlain =
    call.version === '2026-09' && call.world.switches.partialBatchStatus === 'as_published';
  const count = errors.reduce((sum, each) => sum + (each.context['ids']?.length ?? 1), 0);
  return { status: isPlain ? whole : 207, body: { ...body, numErrors: count, errors } };
}

/**
 * Runs each input by itself (batches are not atomic) in one durable transaction.
 * @throws HubSpotError the first refusal, when every input was refused
 */
export function eachInput<I extends object, R>(
  call: Call,
  inputs: readonly I[],
  work: (input: I) => R,
): { results: R[]; errors: BatchError[] } {
  const results: R[] = [];
  const errors: BatchError[] = [];
  let first: HubSpotError | undefined;
  call.world.store.transaction(() => {
    for (const input of inputs) {
      try {
        results.push(work(input));
      } catch (error) {
        if (!(error instanceof HubSpotError)) throw error;
        first ??= error;
        errors.push(toBatchError(error, traceContext(input)));
      }
    }
  });
  if (first && results.length === 0) throw first;
  return { results, errors };
}

/** The caller's own label for an input, so that it can tell which one failed. */
function traceContext(input: object): Record<string, string[]> {
  const trace = 'objectWriteTraceId' in input ? input.objectWriteTraceId : undefined;
  return typeof trace === 'string' ? { objectWriteTraceId: [trace] } : {};
}
