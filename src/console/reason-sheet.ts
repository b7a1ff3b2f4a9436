import { INCIDENT_LIMITS } from '../contracts/incident.ts';
import { type Frame, tokenField } from './frame.ts';
import { type Html, html } from './html.ts';

export interface ReasonSheet {
  readonly id: string;
  readonly action: string;
  readonly title: string;
  readonly text: string;
  readonly button: string;
}

/** A form that takes a reason, opened by a button. */
export const reasonSheet = (frame: Frame, { id, action, title, text, button }: ReasonSheet): Html =>
  html`<div class="sheetlet" id="${id}" popover>
    <form method="post" action="${action}">
      ${tokenField(frame)}
      <h2>${title}</h2>
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
      </div>
    </form>
  </div>`;
