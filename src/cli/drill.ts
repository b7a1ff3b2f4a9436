import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { readConfig } from '../config.ts';
import type { Scorecard } from '../contracts/drill.ts';
import { durationWords } from '../core/durations.ts';
import { CLOCKS } from '../core/incident.ts';
import { CLOCK_TITLES } from '../core/incident-text.ts';
import { keepDrill, pastDrills } from '../drill/history.ts';
import { type JsonOption, withJson } from './options.ts';
import { CommandError, oneLine, print, printAside, printJson, printTable } from './output.ts';
import { stopOnSignal } from './stop-on-signal.ts';
import { terminalTicker } from './ticker.ts';

/** As long as HubSpot documents its search to be behind. */
const SEARCH_LAG_SECONDS = 30;
const SEED_MAX = 0xffff_ffff;

interface DrillCommandOptions extends JsonOption {
  readonly seed?: number;
  readonly searchLag: number;
}

const WORDS = { passed: 'ok       ', failed: 'FAILED   ', not_shown: 'NOT SHOWN' } as const;

function printClocks({ detected_ms: detected, clocks_ms: clocks }: Scorecard): void {
  const detectedAt = detected ?? 0;
  print('Clocks, from the first rogue write:');
  print(`  ${'noticed, frozen'.padEnd(18)} ${durationWords(detectedAt)}`);
  for (const clock of CLOCKS) {
    const ms = clocks[clock];
    const text = ms === undefined ? 'not reached' : durationWords(detectedAt + ms);
    print(`  ${CLOCK_TITLES[clock].padEnd(18)} ${text}`);
  }
}

function printScorecard(card: Scorecard): void {
  const width = Math.max(...card.lines.map(({ title }) => title.length));
  for (const { verdict, title, detail } of card.lines)
    print(`${WORDS[verdict]}  ${title.padEnd(width)}  ${oneLine(detail)}`);
  print();
  printClocks(card);
  print();
  const good = card.lines.filter(({ verdict }) => verdict === 'passed').length;
  print(
    `${good} of ${card.lines.length} lines passed; drill ${card.id}, ${durationWords(card.ms)}. Again: --seed ${card.seed}`,
  );
}

function parseWhole(max: number) {
  return (value: string): number => {
    const number = /^\d{1,10}$/.test(value) ? Number(value) : -1;
    if (number < 0 || number > max)
      throw new InvalidArgumentError(`It is a number from 0 to ${max}.`);
    return number;
  };
}

async function run({ seed, searchLag, json }: DrillCommandOptions): Promise<void> {
  // Loaded here, so that other commands do not wait for it.
  const { runDrill } = await import('../drill/run.ts');
  const config = readConfig();
  const ticker = terminalTicker();
  const drill = await runDrill({
    config,
    seed: seed ?? Date.now() % SEED_MAX,
    searchLagMs: searchLag * 1_000,
    stopping: stopOnSignal(),
    onProgress: (message) => {
      printAside(oneLine(message));
      ticker.begin('still at it');
    },
  }).finally(() => {
    ticker.end();
  });
  const file = keepDrill(config.files.drills, drill);
  if (json) printJson(drill.scorecard);
  else {
    printScorecard(drill.scorecard);
    print(`Kept: ${file}, and the post-mortem beside it.`);
  }
  if (!drill.scorecard.passed) process.exitCode = 1;
}

const drills = (): readonly Scorecard[] => pastDrills(readConfig().files.drills);

function list({ json }: JsonOption): void {
  const all = drills();
  if (json) printJson(all);
  else if (all.length === 0) print('No drill yet. `npx sallyport drill` plays one.');
  else
    printTable(
      ['DRILL', 'PASSED', 'LINES', 'NOTICED', 'WHOLE'],
      all.map(({ id, passed, lines, detected_ms: detected, ms }) => [
        ...[id, passed ? 'yes' : 'NO'],
        `${lines.filter(({ verdict }) => verdict === 'passed').length} of ${lines.length}`,
        ...[detected === null ? 'no' : durationWords(detected), durationWords(ms)],
      ]),
    );
}

/** The named one, or the last. */
function show(id: string | undefined, { json }: JsonOption): void {
  const all = drills();
  const found = id === undefined ? all[0] : all.find((card) => card.id === id);
  if (found === undefined)
    throw new CommandError(
      id === undefined ? 'There was no drill yet.' : `There is no drill ${oneLine(id)}.`,
      '`npx sallyport drill list` has them; `npx sallyport drill` plays one.',
    );
  if (json) printJson(found);
  else {
    printScorecard(found);
    print(`Post-mortem: ${join(readConfig().files.drills, `${found.id}.md`)}`);
  }
}

export function addDrillCommands(program: Command): void {
  const drill = program
    .command('drill')
    .description('play a stolen key through to the post-mortem, on a scratch installation');
  withJson(drill.command('run', { isDefault: true }))
    .description('play one: some three minutes; nothing real is touched')
    .option('--seed <number>', 'makes the same choices as an earlier one', parseWhole(SEED_MAX))
    .option(
      '--search-lag <seconds>',
      'how far HubSpot’s search is behind',
      parseWhole(600),
      SEARCH_LAG_SECONDS,
    )
    .action(run);
  withJson(drill.command('list')).description('those that were played, newest first').action(list);
  withJson(drill.command('show [drill]')).description('its scorecard; the last one').action(show);
}
