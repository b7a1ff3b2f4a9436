import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { INCIDENT_LIMITS, type IncidentView } from '../contracts/incident.ts';
import { durationWords } from '../core/durations.ts';
import { describeIncident, STAGE_TITLES } from '../core/incident-text.ts';
import type { IncidentRecord } from '../core/incident.ts';
import { incidentView } from '../gate/incident-view.ts';
import { declareFalseAlarm, resumeIncident } from '../gate/incident-steps.ts';
import { openIncident } from '../gate/incidents.ts';
import { writePostMortem } from '../gate/post-mortem.ts';
import type { Context } from '../context.ts';
import { isDemoFolder, withContext } from './context.ts';
import { type DoorOptions, openDoor, withDoor } from './door.ts';
import { type JsonOption, parseSince, textUpTo, withJson } from './options.ts';
import { CommandError, oneLine, print, printJson, printTable } from './output.ts';

const BY = 'operator';
const SHOWN_MAX = 50;

async function viewOf({ store }: Context, incident: IncidentRecord): Promise<IncidentView> {
  const connection = await store.connections.get(incident.connection);
  return incidentView(incident, connection?.portalId);
}

/** The named one; without a name the open one, or the last. */
async function incidentOf({ store }: Context, id: string | undefined): Promise<IncidentRecord> {
  const [last] = await store.incidents.list(1);
  const found = id === undefined ? last : await store.incidents.get(id);
  if (found !== undefined) return found;
  if (id === undefined)
    throw new CommandError('There was no incident.', '`npx sallyport incident start` opens one.');
  throw new CommandError(
    `There is no incident ${oneLine(id)}.`,
    '`npx sallyport incident list` has them.',
  );
}

const IN_THE_DEMO =
  'This is the demo: in HubSpot’s place its simulator makes the new key, with the command in docs/hubspot-setup.md, "The stand-in for HubSpot".';

async function printIncident(context: Context, incident: IncidentRecord): Promise<void> {
  const connection = await context.store.connections.get(incident.connection);
  for (const line of describeIncident(incident, connection?.portalId)) print(oneLine(line));
  if (incident.stage === 'rotating' && isDemoFolder(context.config)) print(IN_THE_DEMO);
  const { clocks_ms: clocks } = await viewOf(context, incident);
  const reached = Object.entries(clocks).map(([name, ms]) => `${name} ${durationWords(ms)}`);
  print(`Clocks since ${incident.openedAt.toISOString()}: ${reached.join(', ')}`);
}

async function tell(context: Context, incident: IncidentRecord, { json }: JsonOption) {
  if (json) printJson(await viewOf(context, incident));
  else await printIncident(context, incident);
}

interface StartOptions extends JsonOption {
  readonly reason: string;
  readonly since?: Date;
}

async function start({ reason, since, ...options }: StartOptions): Promise<void> {
  await withContext(async (context) => {
    const { connection } = context.config;
    const of = { connection, reason, by: BY, ...(since === undefined ? {} : { since }) };
    const before = await context.store.incidents.open(connection);
    const incident = await context.store.commit((tx) => openIncident(tx, of));
    if (!options.json)
      print(
        before === undefined
          ? 'Frozen: no call to HubSpot starts from now on, in any process.'
          : 'It is open already.',
      );
    await tell(context, incident, options);
  });
}

const show = (id: string | undefined, options: JsonOption): Promise<void> =>
  withContext(async (context) => tell(context, await incidentOf(context, id), options));

async function list(options: JsonOption): Promise<void> {
  await withContext(async (context) => {
    const incidents = await context.store.incidents.list(SHOWN_MAX);
    if (options.json) {
      printJson(await Promise.all(incidents.map((one) => viewOf(context, one))));
      return;
    }
    if (incidents.length === 0) print('No incidents.');
    else
      printTable(
        ['ID', 'OPENED', 'BY', 'STANDS AT', 'REASON'],
        incidents.map(({ id, openedAt, openedBy, stage, reason }) => [
          ...[id, openedAt.toISOString(), openedBy],
          ...[STAGE_TITLES[stage], oneLine(reason)],
        ]),
      );
  });
}

async function falseAlarm(
  id: string | undefined,
  options: JsonOption & { readonly reason: string },
): Promise<void> {
  await withContext(async (context) => {
    const { id: incidentId } = await incidentOf(context, id);
    const of = { incidentId, by: BY, reason: options.reason };
    await tell(context, await context.store.commit((tx) => declareFalseAlarm(tx, of)), options);
  });
}

/** With a key the person's own word at the API; without, this machine's, where nobody else could. */
async function resume(id: string | undefined, options: DoorOptions): Promise<void> {
  await withContext(async (context) => {
    const { id: incidentId, stage } = await incidentOf(context, id);
    if (options.keyFile !== undefined) await openDoor(options).resumeIncident(incidentId);
    else await context.store.commit((tx) => resumeIncident(tx, { incidentId, by: BY }));
    const isOver = stage === 'closed';
    if (!options.json)
      print(isOver ? 'It was closed before.' : 'Resumed: calls to HubSpot start again.');
    await tell(context, await incidentOf(context, incidentId), options);
  });
}

async function postMortem(
  id: string | undefined,
  { out }: { readonly out?: string },
): Promise<void> {
  await withContext(async (context) => {
    const text = await writePostMortem(context.store, await incidentOf(context, id));
    if (out === undefined) {
      process.stdout.write(text);
      return;
    }
    writeFileSync(out, text, { mode: 0o600 });
    print(`Written to ${out}.`);
  });
}

export function addIncidentCommands(program: Command): void {
  const incident = program
    .command('incident')
    .description('from freeze to post-mortem: someone else may hold the key');
  const reason = textUpTo(INCIDENT_LIMITS.reasonMaxChars);
  withJson(incident.command('start'))
    .description('freeze the connection at once and begin')
    .option('--reason <text>', 'for the log', reason, 'by hand')
    .option('--since <ago>', 'from when on to look at changes: 90m, 24h, 7d, or a time', parseSince)
    .action(start);
  withJson(incident.command('show [incident]', { isDefault: true }))
    .description('how it stands, and who has to do what')
    .action(show);
  withJson(incident.command('list')).description('all incidents, newest first').action(list);
  withJson(incident.command('false-alarm [incident]'))
    .description('nothing is wrong with the key: keep it')
    .requiredOption('--reason <text>', 'for the log', reason)
    .action(falseAlarm);
  withDoor(incident.command('resume [incident]'))
    .description('let calls start again; not by the one who contained it')
    .action(resume);
  incident
    .command('post-mortem [incident]')
    .description('the report, made from the log: Markdown')
    .option('--out <file>', 'into a file')
    .action(postMortem);
}
