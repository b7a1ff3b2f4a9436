import type { Command } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../context.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { unreadReason } from '../core/radar-text.ts';
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
import { type JsonOption, parseSince, withJson } from './options.ts';
import { oneLine, print, printAside, printJson, printTable } from './output.ts';

interface RadarOptions extends JsonOption {
  readonly since?: Date;
}

const BY = 'operator';
const DAY_MS = 86_400_000;
const VALUE_MAX_CHARS = 40;
const EXIT_ROGUE = 1;

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
    from: since ?? new Date(clock().getTime() - DAY_MS),
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

function printUnread(unread: readonly Unread[]): void {
  print('');
  print(`Not looked at: ${unread.length}. Nothing is said of these.`);
  printTable(
    ['WHAT', 'WHY'],
    unread.map(({ objectType, objectId, reason }) => [
      [objectType, objectId].filter((part) => part !== null).join(' ') || 'the account',
      unreadReason(reason),
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
    print('Stop everything and replace the token: npx sallyport incident start');
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
    .option('--since <time>', 'how far back: 90m, 24h, 7d, or a time; a day by default', parseSince)
    .action(radar);
}
