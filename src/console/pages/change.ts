import type { Approval } from '../../contracts/approval.ts';
import type { ChangeableField } from '../../contracts/change.ts';
import { DECISION_LIMITS } from '../../contracts/decision.ts';
import { type Frame, tokenField } from '../frame.ts';
import { type Html, html } from '../html.ts';
import { notYours } from '../notes.ts';
import { page } from '../page.ts';
import { hiddenHint, shown, shownLines, shownPlain } from '../shown-text.ts';
import { wholeValue } from './diff.ts';
import { part, problemRow, sentence } from './parts.ts';

/** What somebody has put into the form, as text, and what was wrong with it. */
export interface ChangeDraft {
  readonly values: ReadonlyMap<string, string>;
  readonly reason: string;
  /** By field. */
  readonly errors: ReadonlyMap<string, string>;
  /** What is wrong with the whole. */
  readonly problem: string | undefined;
}

export const EMPTY_DRAFT: ChangeDraft = {
  values: new Map(),
  reason: '',
  errors: new Map(),
  problem: undefined,
};

/** The name of its control: no field is called like one of the form's own. */
export const controlOf = (field: string): string => `value-${field}`;

export const askedText = ({ asked }: ChangeableField): string =>
  asked === null ? '' : String(asked);

const HINTS: Partial<Readonly<Record<ChangeableField['kind'], string>>> = {
  time: 'Day and time with an offset, such as 2027-01-31T15:00:00Z.',
  number: 'Digits, with a point before decimals.',
};

const option = (value: string, word: string, chosen: string): Html =>
  html`<option value="${value}" ${value === chosen ? html` selected` : null}>${word}</option>`;

function choiceControl(field: ChangeableField, value: string, described: Html): Html {
  const none = field.is_required ? [] : [option('', 'none', value)];
  const choices = (field.choices ?? []).map((choice) => option(choice, choice, value));
  return html`<select name="${controlOf(field.field)}" ${described}>
    ${[...none, ...choices]}
  </select>`;
}

/** Prefilled with what was asked, or with what somebody has put in; never more than a value of its control. */
function control(field: ChangeableField, value: string, isWrong: boolean): Html {
  const name = controlOf(field.field);
  const wrong = isWrong ? html` aria-invalid="true"` : null;
  const described = html` id="${name}" aria-describedby="${name}-h" ${wrong}`;
  if (field.kind === 'choice') return choiceControl(field, value, described);
  if (field.kind === 'text')
    return html`<textarea name="${name}" rows="6" ${described}>${value}</textarea>`;
  const mode = field.kind === 'number' ? html` inputmode="decimal"` : null;
  return html`<input
    type="text"
    name="${name}"
    value="${value}"
    autocomplete="off"
    spellcheck="false"
    ${mode}
    ${described}
  />`;
}

/**
 * As HubSpot holds it, as far as the card was made from it: what would change, and of an update also what was read
 * beside that. The fields of what is created are no record's yet.
 */
function heldOf({ card }: Approval, { field, label }: ChangeableField): Html | null {
  // The firm may call it otherwise on the card.
  const change = card.changes.find((one) => one.label === label || one.property === field);
  if (change !== undefined)
    return change.before === null ? null : wholeValue(change.before, change.before_name);
  const isUpdate = card.action.startsWith('update_');
  const [seen] = card.seen.filter(({ properties }) => Object.hasOwn(properties, field));
  return isUpdate && seen !== undefined ? wholeValue(seen.properties[field] ?? null) : null;
}

/** The value beside which another one is put in: as the agent asked, and as HubSpot holds it. */
function beside(approval: Approval, field: ChangeableField): Html {
  const asked = askedText(field);
  const hidden = hiddenHint(asked);
  const held = heldOf(approval, field);
  const words =
    asked === ''
      ? html`The agent left this out.`
      : html`The agent asked for:
        ${
          asked.includes('\n')
            ? html`<span class="long lines">${shownLines(asked)}</span>`
            : shown(asked)
        }`;
  return html`<p class="small quiet">${words}</p>
    ${hidden === undefined ? null : html`<p class="small quiet">${hidden}</p>`}${
      held === null ? null : html`<p class="small quiet">Now in HubSpot: ${held}</p>`
    }`;
}

function fieldRow(approval: Approval, field: ChangeableField, draft: ChangeDraft): Html {
  const name = controlOf(field.field);
  const error = draft.errors.get(field.field);
  const value = draft.values.get(field.field) ?? askedText(field);
  const hint = HINTS[field.kind];
  return html`<div class="row part change">
    <div class="at"><label for="${name}">${field.label}</label></div>
    <div class="is">
      <div class="field">${control(field, value, error !== undefined)}</div>
      <div id="${name}-h">
        ${
          error === undefined
            ? null
            : html`<p class="notice notice--stop" role="alert">${field.label}: ${shown(error)}</p>`
        }
        ${beside(approval, field)}${
          hint === undefined ? null : html`<p class="small quiet">${hint}</p>`
        }
      </div>
    </div>
  </div>`;
}

function heading(approval: Approval): Html {
  return html`<div class="row">
    <div class="at stack">
      <a class="back" href="/console/approvals/${approval.id}">The card</a>
    </div>
    <div class="is">
      <h1 class="say">${sentence(approval.card)}</h1>
      <p class="lead">
        What you change here is asked anew: the agent’s request ends, nothing of it is sent, and a
        new card with your values waits to be decided. Approvals of this card do not count for it.
      </p>
    </div>
  </div>`;
}

function sendRow(needsPasskey: boolean, { id }: Approval, draft: ChangeDraft): Html {
  return part(
    'In your words',
    html`<div class="field">
        <textarea
          name="reason"
          rows="3"
          maxlength="${DECISION_LIMITS.reasonMaxChars}"
          aria-label="In your words"
          aria-describedby="reason-h"
        >
${draft.reason}</textarea>
      </div>
      <p class="small quiet" id="reason-h">The agent receives this text. It may stay empty.</p>
      <div class="btns">
        <button class="btn btn--main" type="submit">
          ${needsPasskey ? 'Change with passkey' : 'Change and make a new card'}
        </button>
        <a class="btn" href="/console/approvals/${id}">Back</a>
      </div>`,
  );
}

/** What the agent asked for comes before what it left out. */
const askedFirst = (fields: readonly ChangeableField[]): readonly ChangeableField[] =>
  fields.toSorted((one, other) => Number(one.asked === null) - Number(other.asked === null));

/** Other values for what waits; an empty field is left out. Nothing here sends anything to HubSpot. */
export function changePage(
  frame: Frame,
  approval: Approval,
  fields: readonly ChangeableField[],
  draft: ChangeDraft = EMPTY_DRAFT,
): string {
  const { id, card } = approval;
  const needsPasskey = card.requires.passkey || frame.note?.code === 'approval.passkey_required';
  const action = `/console/approvals/${id}/change`;
  return page(frame, {
    title: `Change: ${shownPlain(card.records[0]?.name ?? card.sentence)}`,
    place: 'waiting',
    main: html`${heading(approval)}${problemRow(draft.problem)}
      <form
        method="post"
        action="${action}"
        data-passkey="${needsPasskey ? `${action}/passkey-options` : ''}"
        data-failed="${notYours('approval.unproven')}"
        data-fields="1"
      >
        ${tokenField(frame)}<input type="hidden" name="digest" value="${card.digest}" />
        <input type="hidden" name="passkey" value="" />
        ${askedFirst(fields).map((field) => fieldRow(approval, field, draft))}
        ${sendRow(needsPasskey, approval, draft)}
      </form>`,
  });
}
