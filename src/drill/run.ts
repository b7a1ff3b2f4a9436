import type { Config } from '../config.ts';
import type { Scorecard } from '../contracts/drill.ts';
import { OWN_PRODUCT } from '../prove/product.ts';
import { openRig, type Rig } from '../prove/rig.ts';
import { type Environment } from '../prove/scratch.ts';
import { play, type Played } from './play.ts';
import { detectedMs, linesOf } from './scorecard.ts';

export interface DrillOptions {
  readonly config: Config;
  readonly seed: number;
  readonly stopping: AbortSignal;
  readonly onProgress: (message: string) => void;
  /** How far HubSpot's search is behind, ms. */
  readonly searchLagMs: number;
}

export interface Drill {
  readonly scorecard: Scorecard;
  /** Markdown. */
  readonly postMortem: string;
}

/** The rules as they are set here, and the radar as often as it can look: a drill should not wait for it. */
function settingsOf({ detection, timing }: Config): Environment {
  const rules = Object.entries(detection.rules).map(([name, rule]) => [
    `SALLYPORT_RULE_${name.toUpperCase()}`,
    `${rule.moreThan} in ${rule.windowMs / 1_000}s: ${rule.response}`,
  ]);
  return {
    ...(Object.fromEntries(rules) as Environment),
    SALLYPORT_RADAR_MINUTES: '1',
    SALLYPORT_RADAR_SETTLE_SECONDS: String(timing.radarSettleMs / 1_000),
  };
}

async function connect(rig: Rig): Promise<void> {
  const { status, err } = await rig.command('connect');
  if (status !== 0) throw new Error(`the scratch account could not be connected: ${err}`);
}

/** `20261126T142000Z`. */
const drillId = (at: Date): string => at.toISOString().replaceAll(/[-:]|\.\d+/g, '');

function scorecardOf(startedAt: Date, rig: Rig, seed: number, played: Played): Scorecard {
  const lines = linesOf(played);
  const { incident } = played;
  return {
    id: drillId(startedAt),
    started_at: startedAt.toISOString(),
    ms: detectedMs(played) + (incident.clocks_ms.closed ?? 0),
    seed,
    // What could not be shown is no pass.
    passed: lines.every(({ verdict }) => verdict === 'passed'),
    policy_digest: rig.policy.digest,
    detected_ms: detectedMs(played),
    clocks_ms: incident.clocks_ms,
    lines: [...lines],
  };
}

/**
 * Plays a stolen key from the theft to the post-mortem on an installation of its own: the user's policy and
 * rules, a simulator in HubSpot's place, a scratch connection, and nothing of the real one. It is taken
 * away again, also when it is stopped. Throws the signal's reason then, what kept it from being built,
 * and `NotShownError` for a step that did not come to its end.
 */
export async function runDrill(options: DrillOptions): Promise<Drill> {
  const { config, seed, stopping, onProgress, searchLagMs } = options;
  const startedAt = new Date();
  await using parts = new AsyncDisposableStack();
  const of = { config, seed, onProgress, stopping, product: OWN_PRODUCT };
  const rig = await openRig({ ...of, changes: settingsOf(config) }, parts);
  await rig.simulator.lag(searchLagMs);
  await connect(rig);
  const stopped = Promise.withResolvers<never>();
  stopped.promise.catch(() => undefined);
  const onStop = (): void => {
    stopped.reject(stopping.reason);
  };
  stopping.addEventListener('abort', onStop, { once: true });
  const played = await Promise.race([play(rig, onProgress), stopped.promise]);
  stopping.removeEventListener('abort', onStop);
  onProgress('taking the scratch installation away …');
  return {
    scorecard: scorecardOf(startedAt, rig, seed, played),
    postMortem: played.postMortem,
  };
}
