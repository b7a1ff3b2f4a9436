import type { Assets } from '../assets.ts';
import { type Html, html } from '../html.ts';
import { plainPage } from '../page.ts';

const failure = html`<p class="notice notice--stop" id="failure" role="alert" hidden></p>`;

/** For a browser without script, and for one without passkeys (`passkeys.js` takes it away). */
const withoutScript = html`<noscript
  ><p class="notice notice--stop">A passkey needs JavaScript in this browser.</p></noscript
>`;

export function signInPage(
  assets: Assets,
  of: { readonly host: string; readonly next: string; readonly isEnded: boolean },
): string {
  const ended = of.isEnded
    ? html`<p class="notice" role="status">Your session ended. Nothing was decided.</p>`
    : null;
  return plainPage(
    assets,
    'Sign in',
    html`<h1>Sign in to decide what reaches HubSpot</h1>
      ${ended}
      <form method="post" action="/console/sign-in" data-sign-in="1" data-next="${of.next}">
        <button class="btn btn--main" type="submit">Sign in with passkey</button>
      </form>
      ${failure}${withoutScript}
      <p class="lead small">
        No passkey on this device? Ask whoever runs the gateway for a new enrolment link. There is
        no password.
      </p>
      <dl class="kv">
        <dt>You are at</dt>
        <dd class="mono">${of.host}</dd>
      </dl>`,
  );
}

/** The invitation stands behind `#` in the address: it is never sent but in the body of the form. */
export function enrolPage(assets: Assets, host: string): string {
  return plainPage(
    assets,
    'Make your passkey',
    html`<h1>Make your passkey for this gateway</h1>
      <p class="lead">
        It stays on this device. From now on you sign in with it, and approve what policy asks a
        passkey for.
      </p>
      <form method="post" action="/console/enrol" data-enrol="1">
        <button class="btn btn--main" type="submit">Make a passkey</button>
      </form>
      ${failure}${withoutScript}
      <p class="lead small">
        The link works once. It came to you alone: if it did not, tell the operator.
      </p>
      <dl class="kv">
        <dt>You are at</dt>
        <dd class="mono">${host}</dd>
      </dl>`,
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
      <p class="lead"><a class="btn btn--main" href="${path}">Open</a></p>`,
  );

interface Trouble {
  readonly title: string;
  readonly text: string;
}

const TROUBLES: Readonly<Record<number, Trouble>> = {
  403: {
    title: 'Not from this page',
    text: 'The form did not come from a page of this console. Nothing was decided.',
  },
  404: { title: 'There is no such page', text: 'Check the address. Nothing was changed.' },
  413: { title: 'Too much text', text: 'The form is too large. Nothing was decided.' },
  502: {
    title: 'No connection to the gateway',
    text: 'The gateway does not answer, so nothing can be shown or decided.',
  },
  503: {
    title: 'The gateway is busy',
    text: 'It cannot read or write its store right now. Nothing was decided. Try again in a moment.',
  },
};

const UNEXPECTED: Trouble = {
  title: 'Something went wrong inside the gateway',
  text: 'Nothing was decided by this page. Tell the operator the time and the code.',
};

/** A page for what could not be shown. `code` is one of `docs/errors.md` where the gateway named one. */
export function troublePage(assets: Assets, status: number, code: string | undefined): string {
  const { title, text } = TROUBLES[status] ?? UNEXPECTED;
  const named: Html | null =
    code === undefined
      ? null
      : html`<p class="small quiet">Code <span class="mono">${code}</span></p>`;
  return plainPage(
    assets,
    title,
    html`<h1>${title}</h1>
      <p class="lead">${text}</p>
      ${named}
      <p class="btns"><a class="btn btn--main" href="/console">To what waits</a></p>`,
  );
}
