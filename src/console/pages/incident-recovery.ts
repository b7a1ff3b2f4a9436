import { NOT_LOOKED_AT } from '../../core/incident-text.ts';
import type { IncidentView } from '../../contracts/incident.ts';
import { isOperator } from '../../core/roles.ts';
import type { Frame } from '../frame.ts';
import { type Html, html } from '../html.ts';
import { notYours } from '../notes.ts';
import { signedForm } from '../signed-form.ts';
import { shown } from '../shown-text.ts';
import { moment } from '../times.ts';
import { stateMark, stateWords } from '../words.ts';
import { exposureLines, leftAlone, rogueTable } from './incident-findings.ts';
import {
  fact,
  facts,
  FALSE_ALARM,
  isLeftOut,
  type Make,
  names,
  signedAt,
} from './incident-step.ts';
import {
  actorWords,
  type IncidentFacts,
  isReader,
  mayResume,
  resumers,
  type TakeBack,
} from './incident-words.ts';

/** The steps from the new key to the post-mortem. */

function assessLines({ incident, agents }: IncidentFacts): Html[] {
  const { findings } = incident;
  if (findings === null) return [];
  const { rogue, unread, from, to } = findings;
  const window = html`${moment(from)} to ${moment(to)}`;
  const count = rogue.length === 1 ? '1 change' : `${rogue.length} changes`;
  const changes =
    rogue.length > 0
      ? fact('bad', html`<b>${count} under our key not in the log</b>, ${window}`)
      : unread.length > 0
        ? fact('todo', html`No change was found that is not in the log, ${window}`)
        : fact(
            'yes',
            html`Every value, creation and deletion under our key is in the log, ${window}`,
          );
  return [changes, fact('todo', html`${NOT_LOOKED_AT}`), ...exposureLines(findings, agents)];
}

export const assess: Make = (_frame, every) => {
  const { incident } = every;
  const isNow = incident.stage === 'assessing';
  const isDone = incident.findings !== null;
  const of = { heading: 'Assess', whose: 'machine', isNow, isDone } as const;
  const left = isLeftOut(incident) ? FALSE_ALARM : undefined;
  const soon = html`<p class="small">
    Values, creations and deletions under our key since ${moment(incident.since)}, matched with the
    log
  </p>`;
  const body = isDone ? facts(assessLines(every)) : (left ?? soon);
  return { ...of, ms: incident.clocks_ms.assessed, body };
};

function takeBackLine({ id, approval }: TakeBack): Html {
  if (approval === undefined)
    return html`<li class="todo">
      <a href="/console/requests/${id}" class="mono">${id}</a> has no card yet
    </li>`;
  const { status, code, card, you } = approval;
  const waits = status === 'awaiting_approval';
  const mark = stateMark(stateWords(status, code));
  const open = html`<a
    class="btn ${you.can_decide ? 'btn--main' : ''}"
    href="/console/approvals/${id}"
    >${waits && you.can_decide ? 'Open to decide' : 'Open the card'}</a
  >`;
  const why =
    waits && !you.can_decide ? html`<p class="small quiet">${notYours(you.code)}</p>` : null;
  return html`<li class="${status === 'succeeded' ? '' : 'todo'}">
    ${shown(card.sentence)} ${mark}${why}
    <p class="btns">${open}</p>
  </li>`;
}

function revertBody({ incident, takeBacks }: IncidentFacts): Html {
  const { findings } = incident;
  if (findings === null || findings.rogue.length === 0)
    return html`${facts([fact('yes', html`Nothing was found that is to be taken back`)])}`;
  return html`${rogueTable(incident, findings)}
  ${facts(takeBacks.map(takeBackLine))}${leftAlone(findings)}`;
}

function revertHeading({ incident, takeBacks }: IncidentFacts): string {
  const count = incident.findings?.rogue.length ?? 0;
  if (incident.stage !== 'reverting' || count === 0) return 'Revert';
  const changes = count === 1 ? '1 change' : `${count} changes`;
  return takeBacks.length === 0 ? 'A plan is being made' : `Take back what can be, of ${changes}`;
}

export const revert: Make = (_frame, every) => {
  const { incident } = every;
  const { stage } = incident;
  const isNow = stage === 'reverting';
  const isDone = incident.clocks_ms.reverted !== undefined;
  const of = { whose: 'needs a yes', isNow, isDone, ms: incident.clocks_ms.reverted } as const;
  const soon = isLeftOut(incident)
    ? FALSE_ALARM
    : html`<p class="small">A plan of what to set back, on cards that people decide on</p>`;
  return { ...of, heading: revertHeading(every), body: isNow || isDone ? revertBody(every) : soon };
};

function checklist(frame: Frame, incident: IncidentView): Html {
  const { clocks_ms: clocks, is_false_alarm: kept } = incident;
  const done = (is: boolean, text: string): Html => fact(is ? 'yes' : 'todo', html`${text}`);
  const keys = kept
    ? [done(true, 'False alarm: the key is kept')]
    : [
        done(clocks.verified !== undefined, 'Old key dead, new key verified'),
        done(clocks.verified !== undefined, 'Log complete'),
        done(clocks.reverted !== undefined, 'Rogue writes set back or decided'),
      ];
  const { not_by: first } = incident;
  const other =
    first === null
      ? html`A person says yes`
      : html`Someone other than ${actorWords(frame, first)} says yes`;
  return html`${facts([...keys, fact(incident.resumed_by === null ? 'todo' : 'yes', other)])}`;
}

function resumeHow(frame: Frame, incident: IncidentView): Html {
  const able = resumers(frame, incident);
  const asked =
    able.length === 0
      ? html`<p class="small">
          Nobody else on the roster has the role operator. On the gateway’s own machine
          <span class="mono">npx sallyport incident resume</span> opens it again then.
        </p>`
      : html`<p class="small">Asked: ${names(able)}.</p>`;
  if (mayResume(frame, incident) && incident.stage === 'resuming')
    return html`<div class="btns">
      ${signedForm(frame, {
        ...signedAt(incident.id, 'resume'),
        body: html`<input type="hidden" name="checklist" value="${incident.checklist}" />
          <button class="btn btn--main" type="submit" data-decides="1">
            Open again with passkey
          </button>`,
      })}
    </div>`;
  const mine = isReader(frame, incident.not_by) && isOperator(frame.reader);
  return html`${mine ? html`<p>${notYours('incident.same_person')}</p>` : null}${asked}`;
}

/** While it is far off: who it will be. */
function resumeLater(frame: Frame, incident: IncidentView): Html {
  const able = resumers(frame, incident);
  const who = able.length === 0 ? html`Nobody else has the role operator yet` : names(able);
  const mine = isReader(frame, incident.not_by) ? '. Not you: you were the first person' : '';
  return html`<p class="small">${who}${mine}</p>`;
}

const IS_NEAR: readonly IncidentView['stage'][] = ['reverting', 'resuming'];

function resumeBody(frame: Frame, incident: IncidentView): Html | null {
  const { stage, resumed_by: by } = incident;
  if (stage === 'closed')
    return facts([
      fact('yes', html`Opened again by ${by === null ? 'nobody' : actorWords(frame, by)}`),
    ]);
  return IS_NEAR.includes(stage)
    ? html`${checklist(frame, incident)}${resumeHow(frame, incident)}`
    : resumeLater(frame, incident);
}

export const resume: Make = (frame, { incident }) => ({
  ...{ heading: 'Resume', whose: 'second person', ms: incident.clocks_ms.closed },
  isDone: incident.stage === 'closed',
  isNow: incident.stage === 'resuming',
  body: resumeBody(frame, incident),
});

export const postMortem: Make = (_frame, { incident }) => {
  const isDone = incident.stage === 'closed';
  const body = isDone
    ? html`<p class="small">Written from the log.</p>
        <p class="btns">
          <a class="btn btn--main" href="/console/incidents/${incident.id}/post-mortem"
            >Read the post-mortem</a
          >
          <a class="btn" href="/console/incidents/${incident.id}/post-mortem.md" download
            >Download it</a
          >
        </p>`
    : html`<p class="small">Written from the log when the connection is open again</p>`;
  return { heading: 'Post-mortem', whose: 'machine', isDone, isNow: false, body };
};
