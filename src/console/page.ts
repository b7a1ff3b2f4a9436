import type { Assets } from './assets.ts';
import { accountSheet, bar, foot, freezeRows, keysSheet, openIncidentSheet, strip } from './bar.ts';
import type { Frame, Place } from './frame.ts';
import { type Html, html } from './html.ts';
import type { Note } from './notes.ts';
import { shownPlain } from './shown-text.ts';

export interface PageParts {
  readonly title: string;
  readonly place: Place;
  readonly main: Html;
  /** The incident that the page is about: its own freeze needs no word there. */
  readonly incident?: string;
  /** Of what waits, for J, K and the keys that decide. */
  readonly hasRows?: boolean;
  /** The sticky bar of a card. */
  readonly decide?: Html | undefined;
  readonly sheets?: readonly Html[];
  /** Changes when the page says something else: `live.js` compares it. */
  readonly version?: string | undefined;
  /** Said to screen readers when the page has changed under them. */
  readonly says?: string;
}

function head(assets: Assets, title: string): Html {
  return html`<head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${shownPlain(title)} · Sallyport</title>
    <link rel="icon" href="${assets.url('icon.svg')}" />
    <link rel="stylesheet" href="${assets.url('console.css')}" />
  </head>`;
}

/** The name is ours, never a text of anybody's; `html` lets no value into `src`. */
const scripts = (assets: Assets): string =>
  `<script type="module" src="${assets.url('console.js')}"></script>`;

function noteRow(note: Note | undefined): Html | null {
  if (note === undefined) return null;
  const role = note.colour === 'stop' ? 'alert' : 'status';
  return html`<div class="row">
    <div class="at"></div>
    <div class="is">
      <div class="notice notice--${note.colour}" role="${role}"><p>${note.text}</p></div>
    </div>
  </div>`;
}

/** A whole page behind the door, as text. */
export function page(frame: Frame, parts: PageParts): string {
  const { title, place, main, decide, sheets = [], version = '', says = '' } = parts;
  const body = html`<body>
    <a class="skip" href="#main">Skip to content</a>
    ${bar(frame, place)} ${strip(frame)}
    <main class="sheet" id="main" data-version="${version}" data-says="${says}">
      ${noteRow(frame.note)}${freezeRows(frame, parts.incident)}${main}
    </main>
    <div class="offscreen" id="announce" role="status"></div>
    <div id="sheets">${sheets}</div>
    ${accountSheet(frame)}${openIncidentSheet(frame)}${keysSheet}${decide ?? foot(parts.hasRows === true)}
  </body>`;
  return `<!doctype html><html lang="en">${head(frame.assets, title).text}${body.text}${scripts(frame.assets)}</html>`;
}

/** A page at the door: no frame, nothing of the gateway's state. */
export function plainPage(assets: Assets, title: string, main: Html): string {
  const body = html`<body>
    <main class="plain" id="main"><span class="mark">Sallyport</span> ${main}</main>
  </body>`;
  return `<!doctype html><html lang="en">${head(assets, title).text}${body.text}${scripts(assets)}</html>`;
}
