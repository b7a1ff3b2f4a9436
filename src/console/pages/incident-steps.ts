import type { Frame } from '../frame.ts';
import { type Html, html } from '../html.ts';
import { assess, postMortem, resume, revert } from './incident-recovery.ts';
import { contain, detect, rotate, verify } from './incident-rotating.ts';
import type { Step } from './incident-step.ts';
import { elapsed, type IncidentFacts, running, type Turn, turnOf } from './incident-words.ts';

const STEPS = [detect, contain, rotate, verify, assess, revert, resume, postMortem];

const NOW_WORDS: Readonly<Record<Turn['who'], string>> = {
  you: 'you, now',
  operator: 'an operator, now',
  'a yes': 'needs a yes',
  'second person': 'second person',
  machine: 'machine, now',
};

function beside(frame: Frame, every: IncidentFacts, step: Step): Html {
  const turn = turnOf(frame, every);
  if (step.isNow)
    return html`<b>${running(every.incident.opened_at, frame.now)}</b
      ><span class="label">${NOW_WORDS[turn?.who ?? 'machine']}</span>`;
  if (step.isDone && step.ms !== undefined) return elapsed(step.ms);
  return step.isDone ? html`` : html`<span class="label">${step.whose}</span>`;
}

function stepRow(frame: Frame, every: IncidentFacts, step: Step): Html {
  const state = step.isNow ? 'is-now' : step.isDone ? 'is-done' : 'is-next';
  const current = step.isNow ? html` id="now" aria-current="step"` : null;
  return html`<li class="row ${state}" ${current}>
    <div class="at">${beside(frame, every, step)}</div>
    <div class="is">
      <h2>${step.heading}</h2>
      ${step.body}
    </div>
  </li>`;
}

/** The playbook, step by step, with what the machine found out and what a person has to do. */
export const incidentSteps = (frame: Frame, every: IncidentFacts): Html =>
  html`<ol class="steps">
    ${STEPS.map((make) => stepRow(frame, every, make(frame, every)))}
  </ol>`;
