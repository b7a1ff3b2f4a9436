import { type Command, InvalidArgumentError } from 'commander';
import { alertTitle } from '../core/detection-rules.ts';
import { alertView, newestAlerts, type RaisedAlert } from '../gate/alerts.ts';
import { withContext } from './context.ts';
import { type JsonOption, withJson } from './options.ts';
import { oneLine, print, printJson } from './output.ts';

const SHOWN = 20;
const SHOWN_MAX = 500;
const NAMED_MAX = 5;
const INDENT = ' '.repeat(26);

interface ListOptions extends JsonOption {
  readonly limit: number;
}

const DONE = {
  notify: 'people were told',
  slow: 'it was slowed down',
  freeze_agent: 'the agent was frozen',
  open_incident: 'an incident was opened',
} as const;

function doneText({ response, freeze, incident, failed_with: code, late }: RaisedAlert): string {
  if (code !== null) {
    const kept = freeze === null ? '' : `, the connection was frozen (${freeze})`;
    return `${response} failed with ${code}: people were told${kept}`;
  }
  const place = incident ?? freeze;
  return `${DONE[response]}${place === null ? '' : ` (${place})`}${late ? ', found late' : ''}`;
}

function whoText({ agentId, person }: RaisedAlert): string {
  if (agentId !== null) return `agent ${agentId}: `;
  return person === null ? '' : `person ${person}: `;
}

function countText({ rule, count, window_ms: windowMs }: RaisedAlert): string {
  if (rule === 'entries_unlooked') return `${count} entries`;
  return `${count} in ${windowMs / 1000} s`;
}

const firstOf = (all: readonly (string | number)[]): string =>
  all.length > NAMED_MAX
    ? `${all.slice(-NAMED_MAX).join(', ')} and ${all.length - NAMED_MAX} before`
    : all.join(', ');

function printAlert(alert: RaisedAlert): void {
  const { index, raisedAt, rule, entries, requests } = alert;
  print(`${raisedAt.toISOString()}  ${String(index).padStart(6)}  ${rule}`);
  print(`${INDENT}${alertTitle(rule)}`);
  print(`${INDENT}${oneLine(`${whoText(alert)}${countText(alert)}; ${doneText(alert)}`)}`);
  print(
    `${INDENT}entries ${rule === 'entries_unlooked' ? entries.join(' to ') : firstOf(entries)}`,
  );
  const last = requests.at(-1);
  if (last !== undefined) print(`${INDENT}npx sallyport audit show ${last}`);
}

async function list({ limit, json }: ListOptions): Promise<void> {
  const alerts = await withContext(({ store }) => newestAlerts(store, { limit }));
  if (json) printJson(alerts.map(alertView));
  else if (alerts.length === 0) print('No alert was ever raised.');
  else alerts.forEach(printAlert);
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= SHOWN_MAX) return limit;
  throw new InvalidArgumentError(`A whole number from 1 to ${SHOWN_MAX}.`);
}

export function addAlertsCommand(program: Command): void {
  withJson(
    program.command('alerts').description('what the rules of detection have told, newest first'),
  )
    .option('--limit <n>', 'how many', parseLimit, SHOWN)
    .action(list);
}
