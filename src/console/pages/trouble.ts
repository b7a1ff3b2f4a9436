import type { Assets } from '../assets.ts';
import { type Html, html } from '../html.ts';
import { noteOf } from '../notes.ts';
import { plainPage } from '../page.ts';

interface Trouble {
  readonly title: string;
  readonly text: string;
}

const TROUBLES: Readonly<Record<number, Trouble>> = {
  401: {
    title: 'Your session ended',
    text: 'Your session ended. Nothing was decided. Sign in again.',
  },
  403: {
    title: 'Not from this page',
    text: 'The form did not come from a page of this console. Nothing was decided. Open the page again.',
  },
  404: { title: 'There is no such page', text: 'Check the address. Nothing was changed.' },
  413: { title: 'Too much text', text: 'The form is too large. Nothing was decided.' },
  429: {
    title: 'Too often',
    text: 'That was too often in one minute. Nothing was decided. Wait a minute and try again.',
  },
  502: {
    title: 'No connection to the gateway',
    text: 'The gateway does not answer, so nothing can be shown or decided. Try again in a moment.',
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

const troubleOf = (status: number): Trouble => TROUBLES[status] ?? UNEXPECTED;

/** The same in one sentence or two, for a page that stays. */
export const troubleWords = (status: number, code: string | undefined): string =>
  noteOf(code)?.text ?? troubleOf(status).text;

/** A page for what could not be shown. `code` is one of `docs/errors.md` where the gateway named one. */
export function troublePage(assets: Assets, status: number, code: string | undefined): string {
  const { title, text } = troubleOf(status);
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
