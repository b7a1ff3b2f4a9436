import { Agent, DecoratorHandler, type Dispatcher, setGlobalDispatcher } from 'undici';

/** The largest answer that is read: a page of 100 records stays far below. */
export const ANSWER_MAX_BYTES = 4 * 1024 * 1024;

export interface EgressOptions {
  /** Origins (`https://api.hubapi.com`) that this process may call at all. */
  readonly allowedOrigins: readonly string[];
  /** Until headers arrive, and between two pieces of the body, ms. */
  readonly deadlineMs: number;
}

class EgressRefused extends Error {}

/** HubSpot's SDK follows same-origin redirects and sends Authorization along: every 3xx ends here. */
class NoRedirects extends DecoratorHandler {
  readonly #handler: Dispatcher.DispatchHandler;

  constructor(handler: Dispatcher.DispatchHandler) {
    super(handler);
    this.#handler = handler;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    message?: string,
  ): void {
    if (status >= 300 && status < 400) {
      controller.abort(new EgressRefused('a redirect'));
      return;
    }
    this.#handler.onResponseStart?.(controller, status, headers, message);
  }
}

/**
 * Process-wide, because the SDK calls the global `fetch` and takes neither a signal nor a redirect
 * mode: no origin but the allowed ones, no redirects, a deadline. Called once by the composition root.
 */
export function installEgress({ allowedOrigins, deadlineMs }: EgressOptions): void {
  const allowed = new Set(allowedOrigins.map((url) => new URL(url).origin));
  const guard: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
    const origin = options.origin === undefined ? '' : new URL(options.origin).origin;
    if (!allowed.has(origin)) throw new EgressRefused('an origin that is not allowed');
    return dispatch(options, new NoRedirects(handler));
  };
  const agent = new Agent({
    headersTimeout: deadlineMs,
    bodyTimeout: deadlineMs,
    connect: { timeout: deadlineMs },
  });
  setGlobalDispatcher(agent.compose(guard));
}
