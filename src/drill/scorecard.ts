import type { DrillLine } from '../contracts/drill.ts';
import type { IncidentView } from '../contracts/incident.ts';
import { CHECKS } from '../core/incident.ts';
import { durationWords } from '../core/durations.ts';
import type { Played } from './play.ts';
import type { RogueWrite } from './thief.ts';

/** From the opening until no write starts any more (target I1). */
const CONTAIN_MAX_MS = 1_000;
/** From the theft to the opening (target I4). */
const DETECT_MAX_MS = 120_000;
/** The whole of it, people's steps included. */
const WHOLE_MAX_MS = 600_000;

const line = (name: string, title: string, isGood: boolean, detail: string): DrillLine => ({
  ...{ name, title, detail },
  verdict: isGood ? 'passed' : 'failed',
});

const notShown = (name: string, title: string, detail: string): DrillLine => ({
  ...{ name, title, detail },
  verdict: 'not_shown',
});

const NO_WRITER = 'your policy lets no agent like yours write with the approval of people';

const openedAt = ({ incident }: Played): number => Date.parse(incident.opened_at);

export const detectedMs = (played: Played): number =>
  Math.max(0, openedAt(played) - played.firstRogueAt.getTime());

function detection(played: Played): DrillLine {
  const ms = detectedMs(played);
  const by = played.incident.rule === null ? 'a person' : `the rule ${played.incident.rule}`;
  const detail = `${durationWords(ms)} after the first of ${played.rogue.length} rogue writes, opened by ${by}`;
  return line('detected', 'The theft is noticed', ms <= DETECT_MAX_MS, detail);
}

function containment(played: Played): DrillLine {
  const title = 'No write starts after the freeze';
  const { lastWriteAt, writes } = played;
  if (lastWriteAt === undefined) return notShown('contained', title, NO_WRITER);
  const ms = lastWriteAt.getTime() - openedAt(played);
  const when = ms <= 0 ? `${durationWords(-ms)} before it` : `${durationWords(ms)} after it`;
  return line(
    'contained',
    title,
    ms <= CONTAIN_MAX_MS,
    `the last of ${writes} writes reached HubSpot ${when}`,
  );
}

function ended({ waiting }: Played): DrillLine {
  const title = 'What waited for approval is ended, and told why';
  if (waiting.length === 0) return notShown('waiting_ended', title, NO_WRITER);
  const told = waiting.filter(({ code }) => code === 'incident.contained').length;
  const detail = `${told} of ${waiting.length} ended with incident.contained`;
  return line('waiting_ended', title, told === waiting.length, detail);
}

function oldKey({ oldKeyAgain, isThiefStillIn, incident, keyDeadAt }: Played): DrillLine[] {
  const seenMs = incident.clocks_ms.old_key_dead;
  const seenAt = Date.parse(incident.opened_at) + (seenMs ?? 0);
  const lateMs = Math.max(0, seenAt - keyDeadAt.getTime());
  return [
    line(
      'old_key_refused',
      'The old key is not taken for the new one',
      oldKeyAgain.status >= 400,
      `it was answered with ${oldKeyAgain.status} ${oldKeyAgain.code ?? ''}`,
    ),
    line(
      'old_key_dead',
      'The old key is seen to be dead',
      seenMs !== undefined && lateMs <= 10_000,
      `${durationWords(lateMs)} after HubSpot refused it; until then the thief ${isThiefStillIn ? 'could still use it, which no freeze of ours prevents' : 'was out already'}`,
    ),
  ];
}

function verified({ incident }: Played): DrillLine {
  const good = CHECKS.filter((name) =>
    incident.checks.some(
      (check) => check.name === name && /^(?:passed|not_possible)$/.test(check.state),
    ),
  );
  const left = CHECKS.filter((name) => !good.includes(name));
  const detail = `${good.length} of ${CHECKS.length} checks${left.length === 0 ? '' : `; not: ${left.join(', ')}`}`;
  return line('verified', 'The new key is verified before it is used', left.length === 0, detail);
}

const keyOf = (kind: string, id: string): string => `${kind} ${id}`;

function found({ rogue, incident }: Played): DrillLine[] {
  const seeded = rogue.map(({ kind, id }) => keyOf(kind, id));
  const told = (incident.findings?.rogue ?? []).map((one) => keyOf(one.kind, one.object_id));
  const hits = seeded.filter((key) => told.includes(key)).length;
  const falseOnes = told.filter((key) => !seeded.includes(key)).length;
  return [
    line(
      'rogue_found',
      'Every rogue write is found',
      hits === seeded.length,
      `${hits} of ${seeded.length}`,
    ),
    line(
      'nobody_blamed',
      'Nothing else is taken for one',
      falseOnes === 0,
      `${falseOnes} of ${told.length} findings were no rogue writes`,
    ),
  ];
}

/** Whether HubSpot holds what it should after the incident. */
function isSetBack({ kind, id, former }: RogueWrite, held: Played['held']): boolean {
  return kind === 'created' ? held.get(id) === undefined : held.get(id) === former;
}

const isListed = (incident: IncidentView, id: string): boolean =>
  (incident.findings?.left_alone ?? []).some((text) => text.includes(id)) ||
  (incident.findings?.rogue ?? []).some(
    ({ kind, object_id: objectId }) => kind === 'archived' && objectId === id,
  );

function setBack({ rogue, held, incident }: Played): DrillLine[] {
  const edited = rogue.filter(({ later }) => later !== undefined);
  const revertible = rogue.filter(({ kind, later }) => kind !== 'archived' && later === undefined);
  const archived = rogue.filter(({ kind }) => kind === 'archived');
  const back = revertible.filter((write) => isSetBack(write, held)).length;
  const kept = edited.filter(({ id, later }) => held.get(id) === later).length;
  const listed = archived.filter(({ id }) => isListed(incident, id)).length;
  return [
    line(
      'set_back',
      'What can be taken back is taken back',
      back === revertible.length,
      `${back} of ${revertible.length} records hold what stood there before`,
    ),
    line(
      'later_edits_kept',
      'No later edit of a person is overwritten',
      kept === edited.length,
      `${kept} of ${edited.length} stand`,
    ),
    line(
      'rest_listed',
      'What cannot be taken back is listed for people',
      listed === archived.length,
      `${listed} of ${archived.length} archived records`,
    ),
  ];
}

function ending(played: Played): DrillLine[] {
  const { strangerResumes, incident, postMortem, isLogWhole, after } = played;
  const isWhole = postMortem.includes(incident.id) && !postMortem.includes('not reached');
  return [
    line(
      'resumed_by_operator',
      'Only somebody with the role operator resumes',
      strangerResumes.status === 403 && incident.resumed_by !== null,
      `somebody without it got ${strangerResumes.status} ${strangerResumes.code ?? ''}`,
    ),
    after === undefined
      ? notShown('goes_on', 'Work goes on', NO_WRITER)
      : line('goes_on', 'Work goes on', after === 'awaiting_approval', `a new write is ${after}`),
    line(
      'post_mortem',
      'The post-mortem is made from the log',
      isWhole,
      `${postMortem.split('\n').length} lines, every clock ${isWhole ? '' : 'not '}reached`,
    ),
    line('log_whole', 'The log verifies', isLogWhole, 'sallyport audit verify on the scratch log'),
  ];
}

/** What was seen, line by line, held against what was done. */
export function linesOf(played: Played): readonly DrillLine[] {
  const wholeMs = detectedMs(played) + (played.incident.clocks_ms.closed ?? Infinity);
  return [
    ...[detection(played), containment(played), ended(played)],
    ...[...oldKey(played), verified(played)],
    ...[...found(played), ...setBack(played), ...ending(played)],
    line(
      'in_time',
      'From the theft to the end in under ten minutes',
      wholeMs < WHOLE_MAX_MS,
      durationWords(wholeMs),
    ),
  ];
}
