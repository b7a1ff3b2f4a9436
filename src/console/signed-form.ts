import { type Frame, tokenField } from './frame.ts';
import { type Html, html } from './html.ts';
import { noteOf } from './notes.ts';

export interface SignedForm {
  readonly action: string;
  /** Where `forms.js` asks what the passkey is to sign. */
  readonly optionsAt: string;
  /** Attributes beside these. */
  readonly marks?: Html;
  readonly body: Html;
}

/** A form that is signed as it stands: what the passkey prompt is asked for is exactly what it holds. */
export const signedForm = (frame: Frame, { action, optionsAt, marks, body }: SignedForm): Html =>
  html`<form
    method="post"
    action="${action}"
    data-passkey="${optionsAt}"
    data-failed="${noteOf('step.unproven')?.text}"
    ${marks}
  >
    ${tokenField(frame)}<input type="hidden" name="nonce" value="" /><input
      type="hidden"
      name="passkey"
      value=""
    />${body}
  </form>`;
