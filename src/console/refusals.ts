import type { Request, RequestHandler, Response } from 'express';

/** A step that somebody tried and that was not taken: nothing personal is in it. */
export interface RefusedStep {
  /** The route's own pattern, `/approvals/:id/approve`; never what was asked for. */
  readonly place: string;
  readonly status: number;
  /** One of `docs/errors.md`, or the console's own. */
  readonly code: string;
  /** Of these the minute had more than are told. */
  readonly isLast?: boolean;
}

/** A stranger can post without end, and the operator's log must not grow with it. */
export const REFUSALS_PER_MINUTE = 60;
const MINUTE_MS = 60_000;

const CODES = new WeakMap<Response, string>();

/** Remembered until the answer is out. */
export function markRefused(response: Response, code: string): void {
  CODES.set(response, code);
}

function placeOf(request: Request): string {
  const route: unknown = request.route;
  const path = (route as { path?: unknown } | undefined)?.path;
  return typeof path === 'string' ? path : 'nowhere';
}

/** Whether this one is told, or the last of its minute. */
function createMeasure(nowMs: () => number): () => 'told' | 'last' | 'untold' {
  let minute = 0;
  let count = 0;
  return () => {
    const now = Math.floor(nowMs() / MINUTE_MS);
    if (now !== minute) count = 0;
    minute = now;
    count += 1;
    if (count > REFUSALS_PER_MINUTE) return 'untold';
    return count === REFUSALS_PER_MINUTE ? 'last' : 'told';
  };
}

/** Tells of each step that was refused, whether its answer is a page of trouble or leads back to the card. */
export function tellRefusals(tell: (step: RefusedStep) => void): RequestHandler {
  const measure = createMeasure(Date.now);
  return (request, response, next) => {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      response.on('finish', () => {
        const status = response.statusCode;
        const code = CODES.get(response) ?? (status >= 400 ? 'request.not_found' : undefined);
        if (code === undefined) return;
        const told = measure();
        if (told === 'untold') return;
        const last = told === 'last' ? { isLast: true } : {};
        tell({ place: placeOf(request), status, code, ...last });
      });
    next();
  };
}
