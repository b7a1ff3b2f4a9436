import { type Html, html } from '../html.ts';

/** Rows under named columns; on a phone each cell has its column's name beside it (`data-col`). */
export const listTable = (
  caption: string,
  columns: readonly string[],
  rows: readonly Html[],
): Html =>
  html`<table class="list">
    <caption class="offscreen">
      ${caption}
    </caption>
    <thead>
      <tr>
        ${columns.map((column) => html`<th scope="col">${column}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
