import { type Check, CHECKS, type IncidentRecord, OLD_KEY_WAIT_MS } from './incident.ts';
import { CHECK_TITLES, rotateSteps } from './incident-text.ts';

/** Something that an incident cannot go on without, and only a person can do. */
export interface PersonStep {
  /** Tells one need from the next: people are told of each once, and reminded of each. */
  readonly key: string;
  readonly title: string;
  readonly lines: readonly string[];
}

/** In the order of the checks, so that the same ones are the same need. */
const failedOf = ({ checks }: IncidentRecord): Check[] =>
  CHECKS.flatMap((name) =>
    checks.filter((check) => check.name === name && check.state === 'failed'),
  );

const checkLine = ({ name, detail }: Check): string => `${CHECK_TITLES[name]}: ${detail}`;

function rotateNeed(incident: IncidentRecord, portalId: number | undefined): PersonStep {
  const { supplied } = incident.reached;
  const steps = rotateSteps(portalId).map((step, index) => `${index + 1}. ${step}`);
  const title = 'rotate the key in HubSpot';
  if (supplied === undefined) return { key: 'rotating', title, lines: steps };
  const wrong = failedOf(incident).map(checkLine);
  const lines = ['The key that was stored is not the right one.', ...wrong, ...steps];
  return { key: `rotating@${supplied.getTime()}`, title, lines };
}

/** HubSpot offers to let the old key live on for 7 days; who has chosen that has not shut anybody out. */
function isLeftAlive({ checks, reached }: IncidentRecord, now: Date): boolean {
  const old = checks.find(({ name }) => name === 'old_key_dead');
  const since = reached.supplied?.getTime() ?? now.getTime();
  return old?.state === 'waiting' && now.getTime() - since >= OLD_KEY_WAIT_MS;
}

const LEFT_ALIVE =
  'The old key still works. Was “Rotate and expire later” chosen? Open the key in HubSpot and choose “Expire now”.';

function verifyNeed(incident: IncidentRecord, now: Date): PersonStep | undefined {
  const failed = failedOf(incident);
  const isAlive = isLeftAlive(incident, now);
  if (failed.length === 0 && !isAlive) return undefined;
  const names = [...failed.map(({ name }) => name), ...(isAlive ? ['old_key_dead'] : [])];
  return {
    key: `verifying@${incident.newVersion ?? 0}:${names.join('+')}`,
    title: 'the new key is not verified',
    lines: [...failed.map(checkLine), ...(isAlive ? [LEFT_ALIVE] : [])],
  };
}

const RESUME: PersonStep = {
  key: 'resuming',
  title: 'a second person resumes',
  lines: [
    'Everything that a machine can look at is done. An operator who did not contain it looks at the checklist, and resumes.',
    'Where there is nobody else: npx sallyport incident resume, on the gateway’s own machine.',
  ],
};

/**
 * What only a person can do now; undefined while the machine goes on by itself. Setting back is asked for as any
 * other write is: those who may decide are asked for each.
 */
export function personStepOf(
  incident: IncidentRecord,
  portalId: number | undefined,
  now: Date,
): PersonStep | undefined {
  const { stage } = incident;
  if (stage === 'rotating') return rotateNeed(incident, portalId);
  if (stage === 'verifying') return verifyNeed(incident, now);
  return stage === 'resuming' ? RESUME : undefined;
}

const MINUTE_MS = 60_000;

/** After the first telling of a step, ms: soon at first, then every hour. */
const REMIND_AFTER_MS = [5, 15, 30, 60].map((minutes) => minutes * MINUTE_MS);
const REMIND_THEN_MS = 60 * MINUTE_MS;

/** How many reminders have come due this long after the first telling; what was missed is not made up for. */
export function remindersBy(elapsedMs: number): number {
  const first = REMIND_AFTER_MS.filter((afterMs) => afterMs <= elapsedMs).length;
  if (first < REMIND_AFTER_MS.length) return first;
  const since = elapsedMs - (REMIND_AFTER_MS.at(-1) ?? 0);
  return first + Math.floor(since / REMIND_THEN_MS);
}
