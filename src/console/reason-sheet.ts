import { INCIDENT_LIMITS } from '../contracts/incident.ts';
import { type Frame, tokenField } from './frame.ts';
import { type Html, html } from './html.ts';
import { signedForm } from './signed-form.ts';

export interface ReasonSheet {
  readonly id: string;
  readonly action: string;
  readonly title: string;
  readonly text: string;
  readonly button: string;
  /** Where what is signed is asked for; undefined: it takes no passkey. */
  readonly optionsAt?: string;
}

const sheetBody = ({ id, title, text, button }: ReasonSheet): Html =>
  html`<h2>${title}</h2>
    <label class="field"
      >Reason
      <textarea
        name="reason"
        rows="3"
        required
        maxlength="${INCIDENT_LIMITS.reasonMaxChars}"
      ></textarea>
    </label>
    <p class="small quiet">${text}</p>
    <div class="btns">
      <button class="btn btn--main" type="submit">${button}</button>
      <button class="btn" type="button" popovertarget="${id}">Back</button>
    </div>`;

/** A form that takes a reason, opened by a button. */
export function reasonSheet(frame: Frame, sheet: ReasonSheet): Html {
  const { id, action, optionsAt } = sheet;
  const body = sheetBody(sheet);
  const form =
    optionsAt === undefined
      ? html`<form method="post" action="${action}">${tokenField(frame)}${body}</form>`
      : signedForm(frame, { action, optionsAt, body });
  return html`<div class="sheetlet" id="${id}" popover>${form}</div>`;
}
