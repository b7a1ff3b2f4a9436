import type { Assets } from '../assets.ts';
import { type Html, html } from '../html.ts';
import { plainPage } from '../page.ts';

const failure = html`<p class="notice notice--stop" id="failure" role="alert" hidden></p>`;

const withoutScript = html`<noscript
  ><p class="notice notice--stop">A passkey needs JavaScript in this browser.</p></noscript
>`;

/** Where the reader is: what the browser's own prompt names, so that another place is noticed. */
const place = (origin: string): Html =>
  html`<dl class="kv">
    <dt>You are at</dt>
    <dd class="mono">${new URL(origin).host}</dd>
  </dl>`;

/** `ended`: their session is none any more. `enrolled`: they come from making a passkey. */
export type Arrival = 'ended' | 'enrolled' | 'left' | undefined;

const GREETINGS: Readonly<Record<Exclude<Arrival, undefined>, readonly [string, string]>> = {
  ended: ['wait', 'Your session ended. Nothing was decided. Sign in again.'],
  enrolled: ['yes', 'Your passkey is made. Sign in with it.'],
  left: ['yes', 'You are signed out.'],
};

function greeting(arrival: Arrival): Html | null {
  if (arrival === undefined) return null;
  const [colour, text] = GREETINGS[arrival];
  return html`<p class="notice notice--${colour}" role="status">${text}</p>`;
}

export function signInPage(
  assets: Assets,
  of: { readonly origin: string; readonly next: string; readonly arrival: Arrival },
): string {
  return plainPage(
    assets,
    'Sign in',
    html`<h1>Sign in to decide what reaches HubSpot</h1>
      ${greeting(of.arrival)}
      <form
        method="post"
        action="/console/sign-in"
        data-sign-in="1"
        data-next="${of.next}"
        data-origin="${of.origin}"
        data-failed="The passkey was not accepted. You are not signed in. Try again."
      >
        <button class="btn btn--main" type="submit">Sign in with passkey</button>
      </form>
      ${failure}${withoutScript}
      <p class="lead small">
        No passkey on this device? Ask whoever runs the gateway for an enrolment link. There is no
        password.
      </p>
      ${place(of.origin)}`,
  );
}

/** The invitation stands behind `#` in the address: it is never sent but in the body of the form. */
export function enrolPage(
  assets: Assets,
  of: { readonly origin: string; readonly device: string },
): string {
  return plainPage(
    assets,
    'Make your passkey',
    html`<h1>Make your passkey for this gateway</h1>
      <p class="lead">
        It stays on this device. From now on you sign in with it, and approve what policy asks a
        passkey for.
      </p>
      <form
        method="post"
        action="/console/enrol"
        data-enrol="1"
        data-origin="${of.origin}"
        data-failed="The browser made no passkey. The link still works: try again, or open it on another device."
      >
        <label class="field"
          >Name of this device
          <input name="label" value="${of.device}" maxlength="60" required autocomplete="off"
        /></label>
        <button class="btn btn--main" type="submit">Make a passkey</button>
      </form>
      ${failure}${withoutScript}
      <p class="lead small">
        The link works once. It came to you alone: if it did not, tell the operator.
        <a href="/console/sign-in">Have a passkey? Sign in</a>
      </p>
      ${place(of.origin)}`,
  );
}

/**
 * A cookie that is strict is not sent with a visit from another site, say from a link in a message. This page
 * loads the same address again, from here.
 */
export const detourPage = (assets: Assets, path: string): string =>
  plainPage(
    assets,
    'Opening',
    html`<meta http-equiv="refresh" content="0" />
      <h1>Opening</h1>
      <p class="lead"><a class="btn btn--main" href="${path}">Open</a></p>`,
  );
