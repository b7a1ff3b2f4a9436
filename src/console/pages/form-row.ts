import { type Html, html } from '../html.ts';

interface FormRow {
  /** Of the control, which has it as its id too; what describes it has it with `-h`. */
  readonly name: string;
  readonly label: string;
  readonly control: Html;
  readonly hint: Html | string;
}

/** One value of a form: its name left of the line, its control and what to know of it right of it. */
export const formRow = ({ name, label, control, hint }: FormRow): Html =>
  html`<div class="row part change">
    <div class="at"><label for="${name}">${label}</label></div>
    <div class="is">
      <div class="field">${control}</div>
      <div id="${name}-h"><p class="small quiet">${hint}</p></div>
    </div>
  </div>`;

/** Below the values: the one button that sends them, and the way back. */
export const formButtons = (button: string, back: string): Html =>
  html`<div class="row">
    <div class="at"></div>
    <div class="is">
      <div class="btns">
        <button class="btn btn--main" type="submit">${button}</button>
        <a class="btn" href="${back}">Back</a>
      </div>
    </div>
  </div>`;
