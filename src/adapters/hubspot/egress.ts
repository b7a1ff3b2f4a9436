import { Agent, type Dispatcher, setGlobalDispatcher } from 'undici';

/** The largest answer that is read: a page of 100 records stays far below. */
export const ANSWER_MAX_BYTES = 4 * 1024 * 1024;

/** Of the deadline: reading the token, and connecting, may take so much each between begin and wire. */
export const TO_WIRE_SHARE = 0.5;

export interface EgressOptions {
  /** Origins (`https://api.hubapi.com`) that this process may call at all. */
  readonly allowedOrigins: readonly string[];
  /** The whole exchange from the first byte sent to the last one read; connecting comes on top, ms. */
  readonly deadlineMs: number;
}

/** What `code` says of an exchange that was ended here. */
export const EGRESS_CODES = {
  origin: 'EGRESS_ORIGIN',
  redirect: 'EGRESS_REDIRECT',
  deadline: 'EGRESS_DEADLINE',
} as const;

class EgressRefused extends Error {
  readonly code: string;

  constructor(reason: keyof typeof EGRESS_CODES) {
    super(`refused by the gateway: ${reason}`);
    this.code = EGRESS_CODES[reason];
  }
}

/**
 * HubSpot's SDK follows same-origin redirects and sends Authorization along: every 3xx ends here. A
 * server that sends one byte now and then ends at the deadline, however long undici's own clocks,
 * which count between two bytes, would let it.
 */
function guarded(
  handler: Dispatcher.DispatchHandler,
  deadlineMs: number,
): Dispatcher.DispatchHandler {
  let timer: NodeJS.Timeout | undefined;
  return {
    onRequestStart: (controller, context: unknown) => {
      timer = setTimeout(() => {
        controller.abort(new EgressRefused('deadline'));
      }, deadlineMs);
      handler.onRequestStart?.(controller, context);
    },
    onRequestUpgrade: (...event) => handler.onRequestUpgrade?.(...event),
    onResponseStart: (controller, status, headers, message) => {
      if (status >= 300 && status < 400) controller.abort(new EgressRefused('redirect'));
      else handler.onResponseStart?.(controller, status, headers, message);
    },
    onResponseData: (...event) => handler.onResponseData?.(...event),
    onResponseEnd: (...event) => {
      clearTimeout(timer);
      handler.onResponseEnd?.(...event);
    },
    onResponseError: (...event) => {
      clearTimeout(timer);
      handler.onResponseError?.(...event);
    },
  };
}

/**
 * Process-wide, because the SDK calls the global `fetch` and takes neither a signal nor a redirect
 * mode: no origin but the allowed ones, no redirects, a deadline. Called once by the composition root.
 */
export function installEgress({ allowedOrigins, deadlineMs }: EgressOptions): void {
  const allowed = new Set(allowedOrigins.map((url) => new URL(url).origin));
  const guard: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
    const origin = options.origin === undefined ? '' : new URL(options.origin).origin;
    if (!allowed.has(origin)) throw new EgressRefused('origin');
    return dispatch(options, guarded(handler, deadlineMs));
  };
  const agent = new Agent({
    headersTimeout: deadlineMs,
    bodyTimeout: deadlineMs,
    // What leaves later than the quiet time allows for could arrive after it was sent again.
    connect: { timeout: deadlineMs * TO_WIRE_SHARE },
  });
  setGlobalDispatcher(agent.compose(guard));
}
