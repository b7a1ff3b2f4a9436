import type { IncidentView } from '../../contracts/incident.ts';
import { INCIDENT_LIMITS } from '../../contracts/incident.ts';
import { keyPage } from '../../core/incident-text.ts';
import type { Frame } from '../frame.ts';
import { type Html, html } from '../html.ts';
import { signedForm } from '../signed-form.ts';
import { signedAt } from './incident-step.ts';

const keyField = html`<label class="field"
  >Copy the new key and paste it here. It goes straight into the secret store.
  <input
    type="password"
    name="key"
    autocomplete="off"
    autocapitalize="off"
    spellcheck="false"
    required
    minlength="${INCIDENT_LIMITS.keyMinChars}"
    maxlength="${INCIDENT_LIMITS.keyMaxChars}"
    aria-describedby="key-h"
/></label>`;

/**
 * The form that takes the new key. It goes into the secret store by one POST, and what the passkey signs has its SHA-256;
 * no page, address or answer has it again, and the browser is told to keep nothing (`forms.js` empties the field when
 * the page is left).
 */
export const keyForm = (frame: Frame, { id, connection }: IncidentView): Html =>
  signedForm(frame, {
    ...signedAt(id, 'key'),
    marks: html`autocomplete="off" data-decides="1" data-secret="1"`,
    body: html`${keyField}
      <p class="small quiet" id="key-h">
        It is never shown again, not even to you. Or run
        <span class="mono">npx sallyport secret set hubspot/${connection}</span>.
      </p>
      <p class="btns">
        <button class="btn btn--main" type="submit">Store it with passkey</button>
      </p>`,
  });

const account = ({ portal_id: portal }: IncidentView): string =>
  portal === null ? 'your HubSpot account' : `HubSpot account ${portal}`;

const openPage = ({ portal_id: portal }: IncidentView): Html | null =>
  portal === null
    ? null
    : html`<span class="path">Private app:<i></i>Auth<i>›</i>Rotate</span>
        <p class="btns">
          <a class="btn" href="${keyPage(portal)}" rel="noreferrer">Open this page in HubSpot</a>
        </p>`;

/** Where and what to press in HubSpot: it has no API that revokes a key. */
export const rotateHow = (incident: IncidentView): readonly Html[] => [
  html`<li>
    Open the key in ${account(incident)}.
    <span class="path">Service key:<i></i>Development<i>›</i>Keys<i>›</i>Service keys</span>
    ${openPage(incident)}
  </li>`,
  html`<li>
    Choose <b>Rotate and expire now</b>.
    <p class="small quiet">
      Not “Rotate and expire later”: the old key would live for 7 more days. We will notice if it
      does.
    </p>
  </li>`,
];

/** The three steps that only a person can do. */
export const rotateSteps = (frame: Frame, incident: IncidentView): Html =>
  html`<ol class="human">
    ${rotateHow(incident)}
    <li>${keyForm(frame, incident)}</li>
  </ol>`;
