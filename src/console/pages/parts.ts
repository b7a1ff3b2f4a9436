import type { PersonView } from '../../contracts/roster-view.ts';
import type { Approval } from '../../contracts/approval.ts';
import type { Card } from '../../contracts/card.ts';
import { whyInConsole } from '../../core/notice-text.ts';
import { type Html, html } from '../html.ts';
import { notYours } from '../notes.ts';
import { type Frame, tokenField } from '../frame.ts';
import { shown, shownPlain } from '../shown-text.ts';
import { moment } from '../times.ts';

/** What would be on the page and does not open: it is named, for nobody may think that it is not there. */
export function damagedNotice(ids: readonly string[] = []): Html | null {
  if (ids.length === 0) return null;
  const these =
    ids.length === 1 ? 'One that belongs here does' : `${ids.length} that belong here do`;
  return html`<div class="row">
    <div class="at"></div>
    <div class="is">
      <div class="notice notice--stop">
        <p>
          <b>${these} not open: somebody changed the store.</b> Nothing is done with
          ${ids.length === 1 ? 'it' : 'them'}. Tell the operator: ${shown(ids.join(', '))}
        </p>
      </div>
    </div>
  </div>`;
}

/** Above a form that was not taken: what is wrong with the whole of it. */
export const problemRow = (problem: string | undefined): Html | null =>
  problem === undefined
    ? null
    : html`<div class="row">
        <div class="at"></div>
        <div class="is">
          <div class="notice notice--stop" role="alert"><p>${shown(problem)}</p></div>
        </div>
      </div>`;

/** A section with its name left of the line. */
export const part = (name: string, body: Html, beside: Html | null = null, id = ''): Html =>
  html`<section class="row part" id="${id === '' ? `part-${name.replaceAll(/\W+/g, '-')}` : id}">
    <div class="at">
      <h2>${name}</h2>
      ${beside}
    </div>
    <div class="is prose">${body}</div>
  </section>`;

/** Rows under a name, with their number. */
export function group(name: string, items: readonly Html[], isOthers = false): Html | null {
  if (items.length === 0) return null;
  const id = `g-${name.toLowerCase().replaceAll(/\W+/g, '-')}`;
  return html`<section class="group ${isOthers ? 'others' : ''}" aria-labelledby="${id}">
    <div class="row">
      <div class="at"></div>
      <h2 class="is" id="${id}">${name} <span class="quiet">${items.length}</span></h2>
    </div>
    <ol class="queue">
      ${items}
    </ol>
  </section>`;
}

/** The sentence with the record's name in bold. */
export function sentence({ sentence: text, records }: Pick<Card, 'sentence' | 'records'>): Html {
  const name = records[0]?.name ?? '';
  const at = name === '' ? -1 : text.lastIndexOf(name);
  if (at === -1) return shown(text);
  const [before, after] = [text.slice(0, at), text.slice(at + name.length)];
  const inner = { isStart: false, isEnd: false };
  const rest = shown(after, { ...inner, isEnd: true });
  return html`${shown(before, { ...inner, isStart: true })}<b>${shown(name, inner)}</b>${rest}`;
}

/** Those on the roster who go by this id or e-mail. */
export function peopleCalled({ people }: Frame, userId: string): readonly PersonView[] {
  const claimed = userId.trim().toLowerCase();
  return people.filter(({ id, email }) => id === claimed || email.toLowerCase() === claimed);
}

/** Who an agent says it acts for: a person we know by name, "you" for the reader, else the words it used. */
export function askedFor(frame: Frame, userId: string): Html {
  const { reader } = frame;
  const named = peopleCalled(frame, userId);
  if (named.some(({ id }) => id === reader.id)) return html`you`;
  const [person] = named;
  return person === undefined ? shown(userId) : shown(person.name);
}

export const askedBy = (frame: Frame, { card, asked_at }: Approval): Html =>
  html`<span
    >${shown(card.agent.name)}, asked by ${askedFor(frame, card.claimed.user_id)} at
    ${moment(asked_at)}</span
  >`;

/** The agent's words: quoted, marked as its own, and nothing but text. */
export const agentWords = (agent: string, prompt: Html): Html =>
  part(
    'The agent’s words',
    html`<p class="said__by">
        Written by the agent ${shown(agent)}. Not checked, and not part of what you approve.
      </p>
      <blockquote class="said">${prompt}</blockquote>`,
  );

/** Four characters at a time, as far as a person compares. */
export const shortHash = (hash: string): string =>
  (hash.slice(0, 16).match(/.{1,4}/g) ?? []).join(' ');

/** What is said then stands in the words below. */
const OTHER_REASON = ['', 'Something else'] as const;
const REASONS = ['A value is wrong', 'Nobody asked for this', 'Ask the customer first'] as const;

export const rejectSheetId = (id: string): string => `reject-${id}`;

interface Rejection {
  readonly sheet: string;
  readonly action: string;
  /** What it would reject. */
  readonly name: string;
  readonly hidden: Html;
}

/** A form that asks for a reason and rejects, opened by a button. */
export function rejectionSheet(frame: Frame, { sheet, action, name, hidden }: Rejection): Html {
  // None is chosen from the start: the agent would be told a reason that nobody gave.
  const choices = [...REASONS.map((reason) => [reason, reason] as const), OTHER_REASON].map(
    ([value, words]) =>
      html`<label><input type="radio" name="reason" value="${value}" required /> ${words}</label>`,
  );
  return html`<div class="sheetlet" id="${sheet}" popover>
    <form method="post" action="${action}">
      ${tokenField(frame)}${hidden}
      <h2 id="${sheet}-h">Reject: ${name}</h2>
      <fieldset class="choices" aria-labelledby="${sheet}-h">${choices}</fieldset>
      <label class="field"
        >In your words <textarea name="words" rows="3" maxlength="450"></textarea>
      </label>
      <p class="small quiet">The agent receives this text.</p>
      <div class="btns">
        <button class="btn btn--main" type="submit">Reject and tell the agent</button>
        <button class="btn" type="button" popovertarget="${sheet}">Back</button>
      </div>
    </form>
  </div>`;
}

/** The form that rejects one request. */
export const rejectSheet = (frame: Frame, { id, card }: Approval): Html =>
  rejectionSheet(frame, {
    sheet: rejectSheetId(id),
    action: `/console/approvals/${id}/reject`,
    name: shownPlain(card.records[0]?.name ?? card.sentence),
    hidden: html`<input type="hidden" name="digest" value="${card.digest}" />`,
  });

export const rejectButton = ({ id }: Approval, isWide = false): Html =>
  html`<button
    class="btn ${isWide ? 'btn--wide' : ''}"
    type="button"
    popovertarget="${rejectSheetId(id)}"
    data-key="r"
    data-decides="1"
  >
    Reject with reason <kbd aria-hidden="true">R</kbd>
  </button>`;

/** The one button that sends something. With a passkey where policy asks for one, by now or from the start. */
export function approveForm(frame: Frame, { id, card }: Approval, isMain: boolean): Html {
  // As the gate has it for a session.
  const needsPasskey =
    whyInConsole(card) !== undefined || frame.note?.code === 'approval.passkey_required';
  const label = needsPasskey ? 'Approve with passkey' : 'Approve';
  return html`<form
    method="post"
    action="/console/approvals/${id}/approve"
    class="inline"
    data-passkey="${needsPasskey ? `/console/approvals/${id}/passkey-options` : ''}"
    data-failed="${notYours('approval.unproven')}"
    data-decides="1"
  >
    ${tokenField(frame)}<input type="hidden" name="digest" value="${card.digest}" />
    <input type="hidden" name="passkey" value="" />
    <button class="btn ${isMain ? 'btn--main' : 'btn--wide'}" type="submit" data-key="a">
      ${label} <kbd aria-hidden="true">A</kbd>
    </button>
  </form>`;
}
