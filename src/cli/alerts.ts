import { type Command, InvalidArgumentError } from 'commander';
import { countedText, doneText, entriesText } from '../core/alert-text.ts';
import { alertTitle } from '../core/detection-rules.ts';
import { alertView, newestAlerts, type RaisedAlert } from '../gate/alerts.ts';
import { withContext } from './context.ts';
import { type JsonOption, withJson } from './options.ts';
import { oneLine, print, printJson } from './output.ts';

const SHOWN = 20;
const SHOWN_MAX = 500;
const INDENT = ' '.repeat(26);

interface ListOptions extends JsonOption {
  readonly limit: number;
}

function whoText({ agentId, person }: RaisedAlert): string {
  if (agentId !== null) return `agent ${agentId}: `;
  return person === null ? '' : `person ${person}: `;
}

function printAlert(alert: RaisedAlert): void {
  const { index, raisedAt, rule, requests } = alert;
  print(`${raisedAt.toISOString()}  ${String(index).padStart(6)}  ${rule}`);
  print(`${INDENT}${alertTitle(rule)}`);
  print(`${INDENT}${oneLine(`${whoText(alert)}${countedText(alert)}; ${doneText(alert)}`)}`);
  print(`${INDENT}entries ${entriesText(alert)}`);
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
