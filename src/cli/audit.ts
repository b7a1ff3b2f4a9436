import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { parseVerifier } from '../audit/note.ts';
import { verifyLog, type VerifyReport } from '../audit/verify.ts';
import { AUDIT_EVENTS } from '../core/audit-events.ts';
import { visible } from '../core/card-text.ts';
import type { AuditRecord } from '../core/records.ts';
import { entryOf } from '../gate/logged.ts';
import { addAuditLogCommand } from './audit-log.ts';
import { readNamedFile, readRunFile, withContext } from './context.ts';
import { type JsonOption, withJson } from './options.ts';
import { CommandError, oneLine, print, printJson } from './output.ts';

interface VerifyOptions extends JsonOption {
  readonly folder?: string;
  readonly vkey?: readonly string[];
  readonly since?: string;
}

/** Of findings, and of unsigned tiles. */
const SHOWN_MAX = 20;

/** A gateway that publishes writes something several times a second. */
const UNSIGNED_PATIENCE_MS = 10_000;

export function findingsText({ findings, findingsOmitted }: VerifyReport): string {
  const count = findings.length + findingsOmitted;
  return count === 1 ? '1 finding' : `${count} findings`;
}

function printUnsigned({ size, unsigned, unsignedEntries }: VerifyReport): void {
  if (unsigned.length === 0) return;
  const range = unsignedEntries === 0 ? '' : `, ${size} to ${size + unsignedEntries - 1}`;
  print(`Beyond it lie ${unsignedEntries} entries that are not signed${range}:`);
  for (const path of unsigned.slice(0, SHOWN_MAX)) print(`  ${path}`);
  if (unsigned.length > SHOWN_MAX) print(`  and ${unsigned.length - SHOWN_MAX} more`);
  print('A later checkpoint, given as --since, tells whether an older one was put back.');
}

function printReport(report: VerifyReport): void {
  const { checkpoint, findings } = report;
  if (checkpoint !== undefined) {
    const root = Buffer.from(checkpoint.root).toString('base64');
    print(`Log        ${checkpoint.origin}`);
    print(`Entries    ${checkpoint.size}`);
    print(`Root       ${root}`);
  }
  if (report.ok) {
    print('Verified: every entry is under the signed root, nothing is missing or changed.');
    printUnsigned(report);
    return;
  }
  print(`NOT VERIFIED: ${findingsText(report)}`);
  for (const { place, entry, problem } of findings.slice(0, SHOWN_MAX)) {
    print(`  ${place}${entry === undefined ? '' : `, entry ${entry}`}: ${problem}`);
  }
  printUnsigned(report);
}

/** Folder and public key as named, else those of the gateway that was started here. */
function logOf(options: VerifyOptions): { folder: string; vkey: readonly string[] } {
  const run =
    options.folder === undefined || options.vkey === undefined ? readRunFile() : undefined;
  const folder = options.folder ?? run?.log_dir;
  const vkey = options.vkey ?? (run === undefined ? undefined : [run.log_vkey]);
  if (folder === undefined || vkey === undefined)
    throw new CommandError('There is no run.json here.', 'Name the log with --folder and --vkey.');
  try {
    vkey.forEach(parseVerifier);
  } catch (cause) {
    const remedy = 'It is log_vkey of run.json, as it was when the log began.';
    throw new CommandError('The public key is none (--vkey).', remedy, cause);
  }
  return { folder, vkey };
}

/** Nothing of a log at all is a wrong folder; one without its checkpoint is for the verifier to find. */
function assertLog(folder: string): void {
  if (['checkpoint', 'tile'].some((name) => existsSync(join(folder, name)))) return;
  throw new CommandError(
    `There is no log at ${folder}.`,
    'Name its folder with --folder: it is log_dir of run.json, and has checkpoint and tile in it. Was it there before? docs/playbook.md.',
  );
}

async function verify(options: VerifyOptions): Promise<void> {
  const since = options.since === undefined ? undefined : readNamedFile(options.since);
  const log = logOf(options);
  assertLog(log.folder);
  const report = await verifyLog({
    ...log,
    since,
    patienceMs: UNSIGNED_PATIENCE_MS,
  });
  if (options.json)
    printJson({
      ...report,
      checkpoint:
        report.checkpoint === undefined
          ? null
          : { ...report.checkpoint, root: Buffer.from(report.checkpoint.root).toString('base64') },
    });
  else printReport(report);
  if (!report.ok) process.exitCode = 1;
}

function readEntry({ leaf, personal }: AuditRecord) {
  return { ...entryOf(leaf), clear_text: personal?.value ?? null };
}

const INDENT = ' '.repeat(26);

function printEntry(entry: ReturnType<typeof readEntry>): void {
  const parts = [
    entry.code ?? undefined,
    entry.hubspot_endpoint === null
      ? undefined
      : `${entry.hubspot_endpoint} ${entry.response_status ?? ''}`.trim(),
    entry.digest === null ? undefined : `digest ${entry.digest.slice(0, 16)}`,
  ].filter((part) => part !== undefined);
  print(
    `${entry.timestamp}  ${String(entry.index).padStart(6)}  ${entry.event}  by ${entry.actor}`,
  );
  if (entry.event in AUDIT_EVENTS) print(`${INDENT}${AUDIT_EVENTS[entry.event]}`);
  if (parts.length > 0) print(`${INDENT}${parts.join(', ')}`);
  const facts = Object.entries(entry.facts as Record<string, unknown>);
  if (facts.length > 0)
    print(
      `${INDENT}${visible(facts.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(' '))}`,
    );
  if (entry.clear_text !== null && entry.event !== 'approval.requested')
    print(`${INDENT}${visible(JSON.stringify(entry.clear_text))}`);
}

async function show(requestId: string, options: JsonOption): Promise<void> {
  const records = await withContext(({ store }) => store.log.ofRequest(requestId));
  if (records.length === 0)
    throw new CommandError(
      `The log has nothing of ${oneLine(requestId)}.`,
      '`npx sallyport requests` lists the requests.',
    );
  const entries = records.map(readEntry);
  if (options.json) printJson(entries);
  else entries.forEach(printEntry);
}

const listed = (value: string, before: readonly string[] = []) => [...before, value];

export function addAuditCommands(program: Command): void {
  const audit = program.command('audit').description('the tamper-evident log');
  withJson(audit.command('verify'))
    .description('check the whole log offline, from its folder and public key alone')
    .option('--folder <dir>', 'the log’s folder')
    .option('--vkey <key>', 'the log’s public key; again for each former one', listed)
    .option('--since <file>', 'a checkpoint seen earlier that the log must extend')
    .action(verify);
  withJson(audit.command('show <request>'))
    .description('everything the log has of one request, with its clear text')
    .action(show);
  addAuditLogCommand(audit);
}
