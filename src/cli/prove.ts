import { writeFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { readConfig } from '../config.ts';
import type { GuaranteeResult, Law } from '../prove/guarantee.ts';
import type { Report } from '../prove/run.ts';
import { CommandError, oneLine, print, printAside } from './output.ts';
import { stopOnSignal } from './stop-on-signal.ts';
import { createTicker } from './ticker.ts';

interface ProveCommandOptions {
  readonly json?: string;
  readonly junit?: string;
  readonly law: readonly number[];
  readonly list?: true;
  readonly seed?: number;
}

const LAWS_MAX = 12;
const SEED_MAX = 0xffff_ffff;

function collectLaw(value: string, before: readonly number[]): number[] {
  const number = /^\d{1,2}$/.test(value) ? Number(value) : -1;
  if (number < 0 || number > LAWS_MAX)
    throw new InvalidArgumentError(`It is a number from 0 to ${LAWS_MAX}.`);
  return [...before, number];
}

function parseSeed(value: string): number {
  const number = /^\d{1,10}$/.test(value) ? Number(value) : -1;
  if (number < 0 || number > SEED_MAX)
    throw new InvalidArgumentError(`It is a number from 0 to ${SEED_MAX}.`);
  return number;
}

function list(laws: readonly Law[]): void {
  for (const { number, title, guarantees } of laws) {
    print(`${number === 0 ? 'Beside the laws' : `Law ${number}`}: ${title}`);
    for (const { id, title: promise } of guarantees) print(`  ${id.padEnd(7)} ${promise}`);
  }
  print(`${laws.reduce((sum, { guarantees }) => sum + guarantees.length, 0)} guarantees`);
}

const WORDS = {
  shown: 'ok  ',
  failed: 'FAIL',
  not_shown: 'NOT SHOWN',
  not_applicable: 'n/a ',
} as const satisfies Record<GuaranteeResult['verdict'], string>;

function printResult({ id, title, verdict, tried, held, ms, reasons }: GuaranteeResult): void {
  const counts = verdict === 'not_applicable' ? '' : `  ${held} of ${tried} held`;
  print(`${WORDS[verdict]}  ${id.padEnd(7)} ${title}${counts}  ${ms} ms`);
  for (const reason of reasons) print(`              ${oneLine(reason)}`);
}

function printSummary({ results, ms, seed, policyDigest, policy }: Report): void {
  const count = (verdict: GuaranteeResult['verdict']): number =>
    results.filter((result) => result.verdict === verdict).length;
  const tried = results.reduce((sum, result) => sum + result.tried, 0);
  print();
  print(
    `${count('shown')} shown, ${count('failed')} failed, ${count('not_shown')} not shown, ` +
      `${count('not_applicable')} not applicable; ${tried} tries in ${(ms / 1000).toFixed(0)} s`,
  );
  print(`Policy ${oneLine(policy)}, digest ${policyDigest.slice(0, 16)}. Again: --seed ${seed}`);
}

function writeReport(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new CommandError(`${file} cannot be written.`, 'Name another file.', cause);
  }
}

async function run(options: ProveCommandOptions): Promise<void> {
  // Loaded here, so that other commands do not wait for it.
  const [{ isProven }, { LAWS }, { prove }, { toJUnit }] = await Promise.all([
    import('../prove/guarantee.ts'),
    import('../prove/laws.ts'),
    import('../prove/run.ts'),
    import('../prove/junit.ts'),
  ]);
  const laws = LAWS.filter(
    ({ number }) => options.law.length === 0 || options.law.includes(number),
  );
  if (options.list) {
    list(laws);
    return;
  }
  const stopping = stopOnSignal();
  const ticker = createTicker();
  const report = await prove({
    config: readConfig(),
    laws: options.law,
    seed: options.seed ?? Date.now() % SEED_MAX,
    stopping,
    onProgress: (message) => {
      printAside(oneLine(message));
    },
    onBegin: ({ id, title }) => {
      ticker.begin(`${id.padEnd(7)} ${title}`);
    },
    onResult: (result) => {
      ticker.end();
      printResult(result);
    },
  }).finally(() => {
    ticker.end();
  });
  printSummary(report);
  const proven = isProven(report.results);
  if (options.json !== undefined)
    writeReport(options.json, `${JSON.stringify({ proven, ...report }, null, 2)}\n`);
  if (options.junit !== undefined) writeReport(options.junit, toJUnit(report));
  if (!proven) process.exitCode = 1;
}

export function addProveCommand(program: Command): void {
  program
    .command('prove')
    .description('try the twelve laws on your policy and settings, in a scratch installation')
    .option('--law <number>', 'only this law; may be repeated', collectLaw, [])
    .option('--seed <number>', 'makes the same choices as an earlier run', parseSeed)
    .option('--json <file>', 'write the whole report there')
    .option('--junit <file>', 'write it as JUnit XML there')
    .option('--list', 'list the guarantees and try none')
    .action(run);
}
