import type { AddedAgent, AddedPerson } from '../../contracts/roster-change.ts';
import { ROSTER_LIMITS } from '../../contracts/roster-change.ts';
import type { PersonView } from '../../contracts/roster-view.ts';
import { isOperator } from '../../core/roles.ts';
import type { Frame } from '../frame.ts';
import { type Html, html } from '../html.ts';
import { page } from '../page.ts';
import { signedForm } from '../signed-form.ts';
import { shown, shownPlain } from '../shown-text.ts';
import { moment } from '../times.ts';
import { formButtons, formRow } from './form-row.ts';
import { part, problemRow } from './parts.ts';

/** What the form holds, as text, and why it was not taken. */
export interface RosterDraft {
  readonly values: Readonly<Record<string, string>>;
  readonly problem: string | undefined;
}

export const EMPTY_ROSTER_DRAFT: RosterDraft = { values: {}, problem: undefined };

const heading = (title: Html, lead: Html): Html =>
  html`<div class="row">
    <div class="at stack"><a class="back" href="/console/agents">Agents and people</a></div>
    <div class="is">
      <h1 class="say">${title}</h1>
      <p class="lead">${lead}</p>
    </div>
  </div>`;

const notOperator = html`<div class="row">
  <div class="at"></div>
  <div class="is"><p class="lead">Someone with the role operator does this.</p></div>
</div>`;

interface Field {
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  readonly preset?: string;
  readonly isOptional?: true;
  readonly maxChars: number;
}

const NAME_LIST_MAX_CHARS = ROSTER_LIMITS.nameMaxChars * ROSTER_LIMITS.namesMax;

function fieldRow({ values }: RosterDraft, field: Field): Html {
  const { name, label, hint, preset = '', isOptional, maxChars } = field;
  const required = isOptional === true ? null : html` required`;
  const control = html`<input
    type="text"
    id="${name}"
    name="${name}"
    value="${values[name] ?? preset}"
    maxlength="${maxChars}"
    autocomplete="off"
    spellcheck="false"
    aria-describedby="${name}-h"
    ${required}
  />`;
  return formRow({ name, label, control, hint });
}

interface RosterForm {
  readonly action: string;
  readonly change: string;
  readonly fields?: readonly Html[];
  readonly hidden?: Html;
  readonly button: string;
}

const rosterForm = (frame: Frame, of: RosterForm): Html =>
  signedForm(frame, {
    action: of.action,
    optionsAt: '/console/roster/passkey-options',
    marks: html`data-fields="1"`,
    body: html`<input type="hidden" name="change" value="${of.change}" />${of.hidden}${of.fields}
      ${formButtons(of.button, '/console/agents')}`,
  });

const whole = (frame: Frame, title: string, main: Html): string =>
  page(frame, { title, place: 'agents', main });

const named = (names: readonly string[]): string =>
  names.length === 0 ? 'none' : [...new Set(names)].toSorted().join(', ');

const rolesInUse = ({ people }: Frame): string[] =>
  people.filter(({ revoked_at }) => revoked_at === null).flatMap(({ roles }) => roles);

const NAME: Omit<Field, 'hint'> = {
  name: 'name',
  label: 'Name',
  maxChars: ROSTER_LIMITS.nameMaxChars,
};

export function addAgentPage(
  frame: Frame,
  groups: readonly string[],
  draft: RosterDraft = EMPTY_ROSTER_DRAFT,
): string {
  const fields = [
    fieldRow(draft, { ...NAME, hint: 'Every card shows it.' }),
    fieldRow(draft, {
      ...{ name: 'groups', label: 'Groups', preset: 'assistants', isOptional: true },
      hint: `What it may do comes from its groups in the policy, with commas between. In use: ${named(groups)}.`,
      maxChars: NAME_LIST_MAX_CHARS,
    }),
  ];
  const form = rosterForm(frame, {
    ...{ action: '/console/agents/add', change: 'add_agent', fields },
    button: 'Add with passkey',
  });
  const lead = html`It gets a key, which is shown once, on the next page. What it may do says the
  policy.`;
  const main = isOperator(frame.reader) ? html`${problemRow(draft.problem)}${form}` : notOperator;
  return whole(frame, 'Add an agent', html`${heading(html`Add an agent`, lead)}${main}`);
}

export function addPersonPage(frame: Frame, draft: RosterDraft = EMPTY_ROSTER_DRAFT): string {
  const fields = [
    fieldRow(draft, { ...NAME, hint: 'As their colleagues know them.' }),
    fieldRow(draft, {
      ...{ name: 'email', label: 'E-mail', maxChars: ROSTER_LIMITS.emailMaxChars },
      hint: 'As agents name them: nobody decides on what was asked in their own name.',
    }),
    fieldRow(draft, {
      ...{ name: 'roles', label: 'Roles', preset: 'approver' },
      hint: `With commas between. An operator adds and revokes as you do, an auditor reads the whole log. In use: ${named(rolesInUse(frame))}.`,
      maxChars: NAME_LIST_MAX_CHARS,
    }),
  ];
  const form = rosterForm(frame, {
    ...{ action: '/console/people/add', change: 'add_person', fields },
    button: 'Add with passkey',
  });
  const lead = html`They make their passkey by a link, which is shown once, on the next page.
  Whoever has a role may decide wherever the policy asks for it, also on what waits already.`;
  const main = isOperator(frame.reader) ? html`${problemRow(draft.problem)}${form}` : notOperator;
  return whole(frame, 'Add a person', html`${heading(html`Add a person`, lead)}${main}`);
}

export function changeRolesPage(
  frame: Frame,
  { id, name, roles }: PersonView,
  draft: RosterDraft = EMPTY_ROSTER_DRAFT,
): string {
  const field = fieldRow(draft, {
    ...{ name: 'roles', label: 'Roles', preset: roles.join(', ') },
    hint: `All that they have from then on, with commas between. In use: ${named(rolesInUse(frame))}.`,
    maxChars: NAME_LIST_MAX_CHARS,
  });
  const form = rosterForm(frame, {
    ...{ action: `/console/people/${id}/roles`, change: 'change_roles', fields: [field] },
    hidden: html`<input type="hidden" name="id" value="${id}" />`,
    button: 'Change with passkey',
  });
  const lead = html`Effective at once: what waits, and what they approved and has not begun, is
  asked of policy with these roles.`;
  const main = isOperator(frame.reader) ? html`${problemRow(draft.problem)}${form}` : notOperator;
  return whole(
    frame,
    `Roles: ${shownPlain(name)}`,
    html`${heading(html`Roles of ${shown(name)}`, lead)}${main}`,
  );
}

/** Somebody or something on the roster, as a page names it. */
export interface RosterOne {
  readonly kind: 'agent' | 'person';
  readonly id: string;
  readonly name: string;
}

const REVOKE_TEXTS: Readonly<Record<RosterOne['kind'], string>> = {
  agent:
    'Its key opens nothing from now on. What it asked for and was not sent yet is not sent. It cannot be taken back: add it anew, with another key.',
  person:
    'Their key, codes, passkeys and sessions open nothing from now on, and their approvals that were not used count no more. It cannot be taken back: add them anew.',
};

export function revokePage(
  frame: Frame,
  { kind, id, name }: RosterOne,
  draft: RosterDraft = EMPTY_ROSTER_DRAFT,
): string {
  const place = kind === 'agent' ? 'agents' : 'people';
  const form = rosterForm(frame, {
    action: `/console/${place}/${id}/revoke`,
    change: `revoke_${kind}`,
    hidden: html`<input type="hidden" name="id" value="${id}" />`,
    button: 'Revoke with passkey',
  });
  const main = isOperator(frame.reader) ? html`${problemRow(draft.problem)}${form}` : notOperator;
  return whole(
    frame,
    `Revoke: ${shownPlain(name)}`,
    html`${heading(html`Revoke ${shown(name)}`, html`${REVOKE_TEXTS[kind]}`)}${main}`,
  );
}

const done = html`<p class="btns">
  <a class="btn btn--main" href="/console/agents">Done</a>
</p>`;

/** The one page that has the key. Nothing leads back to it. */
export const addedAgentPage = (frame: Frame, { name, id, groups, key }: AddedAgent): string =>
  whole(
    frame,
    `Added: ${shownPlain(name)}`,
    html`${heading(
      html`${shown(name)} is added`,
      html`Its key is shown here, this once. Nobody can show it again.`,
    )}${part(
      'Key',
      html`<p class="mono secret">${key}</p>
        <p class="small quiet">
          It sends it as <span class="mono">Authorization: Bearer</span>. It is in
          ${groups.length === 0 ? 'no group' : shown(groups.join(', '))};
          <span class="mono">${id}</span>.
        </p>
        ${done}`,
    )}`,
  );

export const addedPersonPage = (frame: Frame, { person, enrolment }: AddedPerson): string =>
  whole(
    frame,
    `Added: ${shownPlain(person.name)}`,
    html`${heading(
      html`${shown(person.name)} is added`,
      html`Their link is shown here, this once. Whoever opens it first becomes that person, so give
      it to them alone.`,
    )}${part(
      'Link',
      html`<p class="mono secret">${enrolment.link}</p>
        <p class="small quiet">
          It works once, until ${moment(enrolment.expires_at)}. Roles:
          ${shown(person.roles.join(', '))}.
        </p>
        ${done}`,
    )}`,
  );
