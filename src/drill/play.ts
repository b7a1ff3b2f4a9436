import { setTimeout as sleep } from 'node:timers/promises';
import { ACTIONS } from '../actions/catalogue.ts';
import type { IncidentView } from '../contracts/incident.ts';
import type { Answer } from '../prove/http.ts';
import { submitWrite, type Waiting } from '../prove/moves.ts';
import type { Rig } from '../prove/rig.ts';
import { NotApplicableError } from '../prove/unproven.ts';
import { until } from '../prove/wait.ts';
import { enrollPeople, type Hands, handsOf } from './people.ts';
import { createThief, type RogueWrite, type Thief } from './thief.ts';
import { lastEffectAt, startTraffic, type Traffic } from './traffic.ts';

/** What was seen while the incident was played; `scorecard.ts` says what it is worth. */
export interface Played {
  readonly firstRogueAt: Date;
  readonly rogue: readonly RogueWrite[];
  /** After the freeze, which does not hold a thief. */
  readonly isThiefStillIn: boolean;
  /** When the drill's person let HubSpot expire the old key. */
  readonly keyDeadAt: Date;
  readonly incident: IncidentView;
  /** The last write of the agent that reached HubSpot; undefined when the policy lets none write. */
  readonly lastWriteAt: Date | undefined;
  readonly writes: number;
  /** What waited for people when it was contained, as it stands now. */
  readonly waiting: readonly Answer[];
  /** What the gateway said to the old key, given once more as the new one. */
  readonly oldKeyAgain: Answer;
  /** What it said to somebody without the role operator who wanted to resume. */
  readonly strangerResumes: Answer;
  /** What each record that was touched holds in the end. */
  readonly held: ReadonlyMap<string, string | undefined>;
  readonly postMortem: string;
  readonly isLogWhole: boolean;
  /** The agent's first write after the resume, at its end; undefined as above. */
  readonly after: string | undefined;
}

/** The scheduled radar looks once a minute and HubSpot's search is half a minute late. */
const DETECT_MAX_MS = 240_000;
const STEP_MAX_MS = 180_000;
const WAITING = 3;
const LOOK_MS = 300;

/** What a key has to have, and nothing beside: what the actions need, and what every app has. */
const EXACT_SCOPES = [
  ...new Set(['oauth', 'account-info.security.read', ...ACTIONS.flatMap(({ scopes }) => scopes)]),
];

/** The agent's part is left out where the policy lets none write. */
function trafficOf(rig: Rig): Traffic | undefined {
  try {
    return startTraffic(rig);
  } catch (error) {
    if (error instanceof NotApplicableError) return undefined;
    throw error;
  }
}

/** By the rule, or, where the rules of this installation only tell, by a person who was told. */
async function opened(rig: Rig, hands: Hands): Promise<IncidentView> {
  const told = async (): Promise<boolean> =>
    (await rig.command('alerts', '--json')).out.includes('radar_found');
  const response = rig.config.detection.rules.radar_found.response;
  if (response !== 'open_incident') {
    await until(
      'the radar’s alert',
      async () => ((await told()) ? true : undefined),
      DETECT_MAX_MS,
    );
    await hands.open('Drill: the radar told of changes that we did not make');
  }
  return until('an incident is open', () => hands.newest(), DETECT_MAX_MS);
}

async function revert(hands: readonly Hands[], id: string): Promise<void> {
  const [first] = hands;
  await until(
    'everything that was found is taken back',
    async () => {
      const { stage, take_backs: takeBacks } = (await first?.incident(id)) ?? {};
      if (stage !== 'reverting') return true;
      for (const request of takeBacks ?? []) for (const hand of hands) await hand.approve(request);
      await sleep(LOOK_MS);
      return undefined;
    },
    STEP_MAX_MS,
  );
}

async function heldBy(
  thief: Thief,
  rogue: readonly RogueWrite[],
): Promise<ReadonlyMap<string, string | undefined>> {
  const held = await Promise.all(rogue.map(async ({ id }) => [id, await thief.held(id)] as const));
  return new Map(held);
}

const stateOf = (rig: Rig, { id, key }: Waiting): Promise<Answer> =>
  rig.ask('GET', `/v1/actions/${id}`, { key });

/** Attack, detection and containment: what waits for people then is there to be ended. */
async function untilContained(rig: Rig, hands: Hands, say: (text: string) => void) {
  const thief = createThief(rig);
  const traffic = trafficOf(rig);
  try {
    say('a thief with the key changes, creates and archives records; the radar has to find it …');
    const firstRogueAt = new Date();
    const rogue = await thief.act();
    const waiting =
      traffic === undefined
        ? []
        : await Promise.all(Array.from({ length: WAITING }, () => submitWrite(rig)));
    const incident = await opened(rig, hands);
    say(`incident ${incident.id} is open: containing …`);
    const again = await thief.actAgain();
    const contained = await hands.at(incident.id, ['rotating'], STEP_MAX_MS);
    return { thief, traffic, firstRogueAt, rogue: [...rogue, again], waiting, contained };
  } finally {
    await traffic?.stop();
  }
}

/** The person's step at HubSpot: "rotate and expire now", and first the mistake of pasting the old key. */
async function rotate(rig: Rig, hands: Hands, id: string) {
  const oldKeyAgain = await hands.supply(id, rig.token);
  await rig.simulator.revoke(rig.token);
  const keyDeadAt = new Date();
  const { token } = await rig.simulator.mint({ scopes: EXACT_SCOPES, appId: rig.appId });
  await hands.supply(id, token);
  return { oldKeyAgain, keyDeadAt };
}

/** Plays an incident from the theft to the post-mortem. Throws `NotShownError` where it got stuck. */
export async function play(rig: Rig, say: (text: string) => void): Promise<Played> {
  const { first, second } = await enrollPeople(rig);
  const [one, two] = [handsOf(rig, first), handsOf(rig, second)];
  const approvers = (rig.cast.writing?.approvers ?? []).map((person) => handsOf(rig, person));
  const { thief, traffic, rogue, waiting, contained, ...seen } = await untilContained(
    rig,
    one,
    say,
  );
  const { id } = contained;
  const isThiefStillIn = await thief.isAlive();
  say('rotating the key, as a person does in HubSpot; then verifying and assessing …');
  const rotated = await rotate(rig, one, id);
  await one.at(id, ['reverting', 'resuming'], STEP_MAX_MS);
  say('setting back what was found, with people’s approval …');
  await revert([one, two, ...approvers], id);
  await one.at(id, ['resuming'], STEP_MAX_MS);
  const strangerResumes = await handsOf(rig, rig.cast.watcher).resume(id);
  await two.resume(id);
  const incident = await one.at(id, ['closed'], STEP_MAX_MS);
  say('resumed; looking at what HubSpot holds and at the log …');
  const after = traffic === undefined ? undefined : await submitWrite(rig);
  return {
    ...seen,
    ...rotated,
    ...{ rogue, isThiefStillIn, incident, strangerResumes },
    lastWriteAt: traffic && (await lastEffectAt(rig, traffic)),
    writes: traffic?.writes.length ?? 0,
    waiting: await Promise.all(waiting.map((each) => stateOf(rig, each))),
    held: await heldBy(thief, rogue),
    postMortem: await one.postMortem(id),
    isLogWhole: (await rig.command('audit', 'verify')).status === 0,
    after: after && (await stateOf(rig, after)).state,
  };
}
