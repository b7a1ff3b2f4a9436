import { type Command, InvalidArgumentError } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../context.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { RogueChange } from '../core/rogue-change.ts';
import { assertReadable } from '../gate/callable.ts';
import { recordSweep } from '../gate/radar-record.ts';
import {
  type RadarReport,
  SEARCH_SETTLE_MS,
  sweep,
  type SweepOptions,
  type SweepProgress,
} from '../gate/radar.ts';
import type { Unread } from '../gate/radar-scan.ts';
import { assertInstalled, connectorOf, withContext } from './context.ts';
import { type JsonOption, withJson } from './options.ts';
import { oneLine, print, printAside, printJson, printTable } from './output.ts';

interface RadarOptions extends JsonOption {
  /** ms. */
  readonly since: number;
}

const BY = 'operator';
const DAY_MS = 86_400_000;
const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: DAY_MS };
const SINCE_MAX_MS = 90 * DAY_MS;
const VALUE_MAX_CHARS = 40;
const EXIT_ROGUE = 1;

/** `90m`, `24h`, `7d`. */
function parseSince(text: string): number {
  const { count = '', unit = '' } = /^(?<count>\d{1,5})(?<unit>[mhd])$/.exec(text)?.groups ?? {};
  const ms = Number(count) * (UNITS[unit] ?? 0);
  if (ms > 0 && ms <= SINCE_MAX_MS) return ms;
  throw new InvalidArgumentError('Say it as 90m, 24h or 7d, up to 90d.');
}

function say(progress: SweepProgress): void {
  if (progress.kind === 'waiting') {
    const seconds = Math.ceil(progress.ms / 1_000);
    printAside(`Waiting ${seconds} s, until HubSpot’s search has what changed just now …`);
  } else printAside(`  ${progress.objectType.padEnd(10)} ${progress.records} changed`);
}

async function look(context: Context, { since }: RadarOptions): Promise<RadarReport> {
  const { connection } = context.config;
  const { store, crm } = await connectorOf(context);
  const active = await store.credentials.active(connection);
  if (active === undefined) throw new GatewayError('credential.missing');
  const credential = { connection, version: active.version };
  const clock = (): Date => new Date();
  const of: SweepOptions = {
    ...{ connection, credential, by: BY, purpose: 'radar', settleMs: SEARCH_SETTLE_MS },
    from: new Date(clock().getTime() - since),
    to: clock(),
    assertMayCall: (tx) => assertReadable(tx, { credential }),
    onProgress: say,
  };
  return sweep({ store, crm, clock, pause: (ms) => sleep(ms) }, of);
}

const shown = (value: string | null): string => {
  if (value === null) return '(empty)';
  const line = oneLine(value);
  return line.length <= VALUE_MAX_CHARS ? line : `${line.slice(0, VALUE_MAX_CHARS)}…`;
};

const recordOf = ({ objectType, objectId, recordName }: RogueChange): string =>
  `${objectType} ${objectId}, ${oneLine(recordName)}`;

function printRogue(change: RogueChange): void {
  print(`  ${change.kind} ${recordOf(change)}`);
  print(`    at ${change.at.toISOString()}`);
  for (const [property, { before, after }] of Object.entries(change.properties))
    print(`    ${property}: ${shown(before)} → ${shown(after)}`);
}

const REASONS: Readonly<Record<string, string>> = {
  history_cut: 'HubSpot keeps no versions from so far back: a change in between may be gone',
  not_attributed: 'HubSpot says that another app made a write of ours: connect again',
  gone: 'erased, or merged into another record',
  too_many: 'more than one sweep looks through: take a shorter time',
  no_archive_time: 'HubSpot does not say when it was archived',
  own_record_damaged: 'what the store has of this write of ours was changed: docs/playbook.md',
};

function printUnread(unread: readonly Unread[]): void {
  print('');
  print(`Not looked at: ${unread.length}. Nothing is said of these.`);
  printTable(
    ['WHAT', 'WHY'],
    unread.map(({ objectType, objectId, reason }) => [
      [objectType, objectId].filter((part) => part !== null).join(' ') || 'the account',
      REASONS[reason] ?? reason,
    ]),
  );
}

function printReport(report: RadarReport): void {
  const { rogue, unattributed, unread } = report;
  const records = Object.values(report.scanned).reduce((sum, count) => sum + count, 0);
  print(`From ${report.from.toISOString()} to ${report.to.toISOString()}: ${records} records.`);
  if (rogue.length === 0)
    print('Nothing was found that the gateway did not do itself with its token.');
  else {
    print(`ROGUE: ${rogue.length}, made with the gateway’s token and not by the gateway.`);
    for (const change of rogue) printRogue(change);
    print('Stop the gateway’s own calls with: npx sallyport freeze. Then replace the token.');
  }
  if (unattributed.length > 0) {
    print('');
    print(`Archived, and HubSpot does not say by whom: ${unattributed.length}.`);
    for (const change of unattributed)
      print(`  ${recordOf(change)}, at ${change.at.toISOString()}`);
    print('Restore in HubSpot what should not be in its recycling bin, within 90 days.');
  }
  if (unread.length > 0) printUnread(unread);
}

async function radar(options: RadarOptions): Promise<void> {
  assertInstalled();
  await withContext(async (context) => {
    const report = await look(context, options);
    await context.store.commit((tx) => recordSweep(tx, report, { by: BY }));
    if (options.json) printJson(report);
    else printReport(report);
    if (report.rogue.length > 0) process.exitCode = EXIT_ROGUE;
  });
}

export function addRadarCommand(program: Command): void {
  withJson(program.command('radar'))
    .description(
      'look for changes in HubSpot that were made with the token, and not by the gateway',
    )
    .option('--since <time>', 'how far back: 90m, 24h, 7d', parseSince, DAY_MS)
    .action(radar);
}
