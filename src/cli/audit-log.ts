import { setTimeout as pause } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import type { AuditEntry } from '../contracts/audit-entry.ts';
import { AUDIT_EVENTS } from '../core/audit-events.ts';
import type { LogFilter } from '../gate/log-filter.ts';
import { createLogReader, type LogPart, type LogReader } from '../gate/log-search.ts';
import type { Store } from '../ports/store.ts';
import { findAgent } from './agent.ts';
import { withContext } from './context.ts';
import { type ActorNames, actorNames, entryLines } from './log-lines.ts';
import { type JsonOption, parseSince, withJson } from './options.ts';
import { CommandError, print, printJson, sayDamaged } from './output.ts';
import { findPerson } from './passkey.ts';

const SHOWN = 20;
const SHOWN_MAX = 1_000;
/** Soon enough for who looks on. */
const FOLLOW_EVERY_MS = 500;

interface LogOptions extends JsonOption {
  readonly agent?: string;
  readonly person?: string;
  readonly action?: string;
  readonly record?: string;
  readonly event?: string;
  readonly code?: string;
  readonly since?: Date;
  readonly before?: number;
  readonly limit: number;
  readonly follow?: true;
}

async function filterOf(store: Store, options: LogOptions): Promise<LogFilter> {
  const { agent, person, action, record, event, code, since } = options;
  return {
    ...{ action, record, event, code, from: since },
    agent:
      agent === undefined ? undefined : (await findAgent(store, agent, 'audit log --agent')).id,
    person: person === undefined ? undefined : (await findPerson(store, person)).id,
  };
}

/** What was found so far; `size` is that of the log when the first of it was looked for. */
interface Found extends LogPart {
  readonly next: number | undefined;
}

/** One look is bounded; here nobody else waits, and it is looked again until there are enough. */
async function searchOn(
  reader: LogReader,
  filter: LogFilter,
  { limit, before }: Pick<LogOptions, 'limit' | 'before'>,
): Promise<Found> {
  let found: Found = await reader.search({ filter, limit, before });
  while (found.next !== undefined && found.entries.length < limit) {
    const left = limit - found.entries.length;
    const more = await reader.search({ filter, limit: left, before: found.next });
    found = {
      ...{ size: found.size, next: more.next, actions: { ...found.actions, ...more.actions } },
      entries: [...found.entries, ...more.entries],
      damaged: [...found.damaged, ...more.damaged],
    };
  }
  return found;
}

/** Prints entries in the order in which they come. */
type Say = (entries: readonly AuditEntry[], of: LogPart) => void;

/** For programs an entry a line: what never ends is no JSON text. */
const sayEach =
  (names: ActorNames, { json }: JsonOption): Say =>
  (entries, { actions, damaged }) => {
    sayDamaged(damaged);
    for (const entry of entries) {
      const lines = json ? [JSON.stringify(entry)] : entryLines(entry, actions, names);
      for (const line of lines) print(line);
    }
  };

function list(found: Found, say: Say, { json }: LogOptions): void {
  const { entries, damaged, next } = found;
  if (json) {
    sayDamaged(damaged);
    printJson(entries);
    return;
  }
  say(entries, found);
  if (entries.length === 0) print('The log has no such entry.');
  else if (next !== undefined) print(`\nEarlier ones: --before ${next}`);
}

/** The first signal, or a reader who is gone (`| head`), ends it in order. */
function untilStopped(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    controller.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  process.stdout.on('error', stop);
  return controller.signal;
}

async function follow(
  reader: LogReader,
  filter: LogFilter,
  { from, say }: { readonly from: number; readonly say: Say },
): Promise<void> {
  const stopping = untilStopped();
  let at = from;
  while (!stopping.aborted) {
    const part = await reader.since(at, filter);
    if (part.size < at)
      throw new CommandError(
        `The log had ${at} entries and has ${part.size}: its end was cut off.`,
        'docs/playbook.md says what to do when somebody has changed the store.',
      );
    say(part.entries, part);
    at = part.to;
    // Stopped in the pause is stopped.
    if (at === part.size) await pause(FOLLOW_EVERY_MS, 0, { signal: stopping }).catch(() => 0);
  }
}

async function log(options: LogOptions): Promise<void> {
  await withContext(async ({ store }) => {
    const reader = createLogReader(store);
    const filter = await filterOf(store, options);
    const say = sayEach(await actorNames(store), options);
    const found = await searchOn(reader, filter, options);
    if (options.follow !== true) {
      list(found, say, options);
      return;
    }
    say(found.entries.toReversed(), found);
    await follow(reader, filter, { from: found.size, say });
  });
}

function parseEvent(text: string): string {
  if (Object.hasOwn(AUDIT_EVENTS, text)) return text;
  const [noun = ''] = text.split('.');
  const near = Object.keys(AUDIT_EVENTS).filter((event) => event.startsWith(`${noun}.`));
  const some = near.length === 0 ? ['request.accepted', 'approval.granted', 'freeze.placed'] : near;
  throw new InvalidArgumentError(`There are ${some.join(', ')}.`);
}

const parseCount =
  (min: number, max: number) =>
  (text: string): number => {
    const count = Number(text);
    if (Number.isInteger(count) && count >= min && count <= max) return count;
    throw new InvalidArgumentError(`A whole number from ${min} to ${max}.`);
  };

export function addAuditLogCommand(audit: Command): void {
  withJson(audit.command('log'))
    .description('the log, newest first, by who, what and when')
    .option('--agent <agent>', 'what it did, and what was done about it')
    .option('--person <id-or-email>', 'what they did, and what was done about them')
    .option('--action <action>', 'of requests that ask for it: create_note')
    .option('--record <record>', 'HubSpot’s number of a record, or contacts/20001')
    .option('--event <event>', 'approval.granted, for example', parseEvent)
    .option('--code <code>', 'why something was refused or failed')
    .option('--since <time>', 'so long ago (90m, 24h, 7d), or a time', parseSince)
    .option('--before <entry>', 'older than this one', parseCount(0, Number.MAX_SAFE_INTEGER))
    .option('--limit <n>', 'how many', parseCount(1, SHOWN_MAX), SHOWN)
    .option('--follow', 'go on with what comes, in its order, until Ctrl-C')
    .action(log);
}
