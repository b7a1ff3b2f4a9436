import type { GrantList } from '../../contracts/grant.ts';
import type { AgentList, AgentView, GrantView, HabitView } from '../../contracts/roster-view.ts';
import type { Requirement } from '../../contracts/card.ts';
import { isOperator } from '../../core/roles.ts';
import { type Html, html } from '../html.ts';
import { type Frame, oneButton } from '../frame.ts';
import { page } from '../page.ts';
import { shown } from '../shown-text.ts';
import { moment } from '../times.ts';
import { versionOf } from '../version.ts';
import { needsWords, plainName } from '../words.ts';
import { aheadPart } from './allowed-ahead.ts';
import { damagedNotice } from './parts.ts';
import { peoplePart } from './people.ts';

interface Line {
  readonly heading: string;
  readonly text: Html;
}

const headingOf = (risk: GrantView['risk'], needs: Requirement | null): string =>
  risk === 'read' && needs?.approvals === 0 ? 'Reads at once' : needsWords(needs);

const fieldsOf = (labels: readonly string[]): Html =>
  html`<span class="fields">${labels.join(', ')}</span>`;

/** Policy counts in whole units, rounded up: what is above the last one that asks for less asks for this. */
const fromWords = (of: 'amount' | 'injectionRisk', from: number): string =>
  of === 'amount'
    ? `with an amount above ${(from - 1).toLocaleString('en-US')}`
    : 'when the prompt reads like an attempt to mislead';

function linesOf({ action, risk, labels, needs, changes }: GrantView): Line[] {
  const name = plainName(action);
  const first = { heading: headingOf(risk, needs), text: html`${name}: ${fieldsOf(labels)}` };
  const further = changes.map(({ of, from, needs: then }) => ({
    heading: headingOf(risk, then),
    text: html`${name} ${fromWords(of, from)}`,
  }));
  return [first, ...further];
}

function mayRows(grants: readonly GrantView[]): Html[] {
  const grouped = Map.groupBy(grants.flatMap(linesOf), ({ heading }) => heading);
  const rows = [...grouped].map(
    ([heading, lines]) =>
      html`<div class="row may">
        <div class="at">${heading}</div>
        <ul class="is">
          ${lines.map(({ text }) => html`<li>${text}</li>`)}
        </ul>
      </div>`,
  );
  const rest = grants.length === 0 ? 'Everything: policy grants it nothing.' : 'Everything else.';
  return [
    ...rows,
    html`<div class="row may">
      <div class="at">Refused</div>
      <ul class="is">
        <li><span class="fields">${rest}</span></li>
      </ul>
    </div>`,
  ];
}

function lamp({ revoked_at, freeze }: AgentView): Html {
  if (revoked_at !== null) return html`<span class="state state--off">Revoked</span>`;
  return freeze === null
    ? html`<span class="lamp">Active</span>`
    : html`<span class="lamp lamp--frozen">Frozen</span>`;
}

function freezeNotice({ freeze }: AgentView): Html | null {
  if (freeze === null) return null;
  return html`<div class="notice notice--stop">
    <p><b>No request of this agent is accepted.</b> ${shown(freeze.reason)}</p>
  </div>`;
}

function buttons(frame: Frame, agent: AgentView): Html {
  const { id, name, freeze, requests_30_days: count } = agent;
  const freezing =
    freeze === null
      ? oneButton(frame, {
          action: '/console/freezes',
          fields: html`<input type="hidden" name="agent" value="${id}" />`,
          button: html`<button class="btn btn--small" type="submit">Freeze ${shown(name)}</button>`,
        })
      : isOperator(frame.reader)
        ? oneButton(frame, {
            action: `/console/freezes/${freeze.id}/lift`,
            button: html`<button class="btn btn--small" type="submit">Lift the freeze</button>`,
          })
        : html`<span class="small">Someone with the role operator lifts the freeze.</span>`;
  return html`<div class="row may">
    <div class="at"></div>
    <div class="is btns">
      ${freezing}${revokeLink(frame, agent)}<a
        class="btn btn--small"
        href="/console/requests?agent=${id}"
        >Its ${count.toLocaleString('en-US')} ${count === 1 ? 'request' : 'requests'}</a
      >
    </div>
  </div>`;
}

/** The gateway's own agent stays: without it nothing is taken back. */
const revokeLink = (frame: Frame, { id, name, is_own: isOwn }: AgentView): Html | null =>
  isOperator(frame.reader) && !isOwn
    ? html`<a class="btn btn--small" href="/console/agents/${id}/revoke">Revoke ${shown(name)}</a>`
    : null;

/** When it asked last, and how much today and how much of that waits. */
function activity({ last_request_at: last, requests_today: today, waiting }: AgentView): Html {
  if (last === null) return html`<p class="facts"><span>has not asked for anything yet</span></p>`;
  const count = waiting === 0 ? 'nothing' : waiting.toLocaleString('en-US');
  const waits = `${count} ${waiting <= 1 ? 'waits' : 'wait'}`;
  return html`<p class="facts">
    <span>last request ${moment(last)}</span>
    <span>${today.toLocaleString('en-US')} today</span> <span>${waits} for people</span>
  </p>`;
}

function section(frame: Frame, agent: AgentView): Html {
  const { id, name, groups, created_at, revoked_at, grants } = agent;
  const inGroups = groups.length === 0 ? html`in no group` : html`in ${shown(groups.join(', '))}`;
  return html`<section class="agent part" aria-labelledby="${id}">
    <div class="row">
      <div class="at">${lamp(agent)}</div>
      <div class="is">
        <h2 id="${id}">${shown(name)}</h2>
        <p class="facts">
          <span>${inGroups}</span> <span>added ${moment(created_at, 'day')}</span>
          <span class="mono">${id}</span>
        </p>
        ${activity(agent)}${freezeNotice(agent)}
      </div>
    </div>
    ${revoked_at === null ? [...mayRows(grants), buttons(frame, agent)] : null}
  </section>`;
}

/** What each agent may do, in words and fields, found by asking policy. */
export function agentsPage(
  frame: Frame,
  { agents, damaged }: AgentList,
  { ahead, habits }: { readonly ahead: GrantList; readonly habits: readonly HabitView[] },
): string {
  const active = agents.toSorted(
    (one, other) => Number(one.revoked_at !== null) - Number(other.revoked_at !== null),
  );
  return page(frame, {
    title: 'Agents and what they may do',
    place: 'agents',
    main: html`${damagedNotice(damaged)}
      <div class="row">
        <div class="at"></div>
        <div class="is">
          <h1>What each agent may do</h1>
          <p class="lead">
            Asked of the policy in force. What is not listed is refused before HubSpot is called.
          </p>
          ${
            isOperator(frame.reader)
              ? html`<p class="btns"><a class="btn" href="/console/agents/add">Add an agent</a></p>`
              : null
          }
        </div>
      </div>
      ${aheadPart(frame, ahead)}${active.map((agent) => section(frame, agent))}${peoplePart(
        frame,
        habits,
      )}`,
    version: versionOf([agents, damaged, ahead, habits, frame.people]),
    says: 'The agents changed',
  });
}
