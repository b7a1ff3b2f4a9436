import type { Command } from 'commander';
import { verifyLog } from '../audit/verify.ts';
import type { Context } from '../context.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { countRecentAlerts } from '../gate/alerts.ts';
import { isDemoToken } from '../gate/demo-token.ts';
import { findingsText } from './audit.ts';
import { withContext, withPolicy } from './context.ts';
import { type JsonOption, withJson } from './options.ts';
import { CommandError, oneLine, print, printJson } from './output.ts';
import { askReadiness, otherPolicyInForce } from './readiness.ts';
import { terminalRemedy } from './terminal-remedy.ts';
import { whileWaiting } from './ticker.ts';

interface Check {
  readonly what: string;
  /** Says what was found; throws what is wrong with it. */
  readonly run: () => Promise<string>;
}
interface Result {
  readonly what: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do; null when all is well. */
  readonly remedy: string | null;
}

/** The newest requests that are looked through for HubSpot's word on the credential. */
const REQUESTS_READ_MAX = 50;
const PAGE_ROWS = 500;
const FORGED_NAMED_MAX = 20;
const DEAD_READ_MAX = 100;
/** What was given up longer ago is listed, and no longer a fault. */
const DEAD_SAID_MS = 7 * 86_400_000;

async function checkReadiness(): Promise<string> {
  const { api, parts } = await askReadiness();
  const down = parts.filter(({ up }) => !up).map(({ name }) => name);
  if (down.length === 0) return `${api}: ${parts.map(({ name }) => name).join(', ')}`;
  const remedy = '"What /readyz says" in docs/operations.md has what to do about each.';
  throw new CommandError(`down: ${down.join(', ')}`, remedy);
}

/** A file that reads well grants nothing yet: a gateway has the one of its start. */
async function checkPolicy({ policy }: Context): Promise<string> {
  const other = await otherPolicyInForce(policy.digest);
  if (other !== undefined) throw new CommandError(other, 'Restart it.');
  return policy.digest.slice(0, 12);
}

async function checkCredential({ store, secrets, config }: Context): Promise<string> {
  const { connection } = config;
  const active = await store.credentials.active(connection);
  if (active === undefined) throw new GatewayError('credential.missing');
  const secret = await secrets.get(`hubspot/${connection}`, active.version);
  if (secret === undefined) {
    const remedy = `Run npx sallyport secret set hubspot/${connection}.`;
    throw new CommandError(`the value of version ${active.version} is gone`, remedy);
  }
  if (config.hubspotUrl !== undefined && (await isDemoToken(secrets, secret.value)))
    throw new GatewayError('credential.missing');
  const newest = await store.requests.list({ limit: REQUESTS_READ_MAX });
  const last = newest.rows.find(({ credentialVersion: version }) => version === active.version);
  if (last?.code === 'hubspot.unauthorized') {
    const remedy = `docs/playbook.md; a new token: npx sallyport secret set hubspot/${connection}.`;
    throw new CommandError(`HubSpot refused version ${active.version} (${last.id})`, remedy);
  }
  return `version ${active.version}, fingerprint ${active.fingerprint}`;
}

/** Every row of the record, page by page: lists pass over what does not open, so somebody has to say it. */
async function checkRecord({ store }: Context): Promise<string> {
  const agents = await store.agents.list();
  const people = await store.people.legible();
  const links = await store.slackUsers.legible();
  const absences = await store.absences.list();
  const forged = await store.notices.forged({ limit: FORGED_NAMED_MAX });
  const lists = [agents, people, links, absences];
  const damaged = lists.flatMap((list) => list.damaged);
  damaged.push(...forged.map(({ id }) => id));
  let requests = 0;
  for (let before: string | undefined; ;) {
    const page = { limit: PAGE_ROWS, ...(before === undefined ? {} : { before }) };
    const listed = await store.requests.list(page);
    requests += listed.rows.length;
    damaged.push(...listed.damaged);
    before = listed.rows.at(-1)?.id;
    if (listed.rows.length < PAGE_ROWS) break;
  }
  if (damaged.length > 0)
    throw new CommandError(`damaged: ${damaged.join(', ')}`, terminalRemedy('plan.tampered'));
  const [agentCount, peopleCount] = [agents.rows.length, people.rows.length];
  return [
    requests === 1 ? '1 request' : `${requests} requests`,
    agentCount === 1 ? '1 agent' : `${agentCount} agents`,
    peopleCount === 1 ? '1 person' : `${peopleCount} people`,
  ].join(', ');
}

/** What each way to people that is set up cannot go without. */
const channelSecrets = ({ slack, webhook, mail }: Context['config']): string[] => [
  ...(slack === undefined ? [] : ['slack/bot-token']),
  ...(webhook === undefined ? [] : ['webhook/out']),
  ...(mail?.user === undefined ? [] : ['smtp/password']),
];

async function assertChannelSecrets({ config, secrets }: Context): Promise<void> {
  const known = await secrets.names();
  const missing = channelSecrets(config).filter((name) => !known.includes(name));
  if (missing.length > 0)
    throw new CommandError(
      `nobody is told there: ${missing.join(', ')} is not set`,
      `npx sallyport secret set ${missing[0] ?? ''}`,
    );
}

const hasChannel = ({ slack, webhook, mail }: Context['config']): boolean =>
  slack !== undefined || webhook !== undefined || mail !== undefined;

/** Channels that are gone, tokens that were revoked: nobody hears of what waits, so somebody has to say it. */
async function checkNotices(context: Context): Promise<string> {
  const { store, config } = context;
  await assertChannelSecrets(context);
  const dead = await store.notices.list({ states: ['dead'], limit: DEAD_READ_MAX });
  const recent = dead.filter(({ sinceAt }) => sinceAt.getTime() > Date.now() - DEAD_SAID_MS);
  const [newest] = recent;
  if (newest === undefined)
    return hasChannel(config)
      ? 'nothing could not be delivered'
      : 'in the console alone: no channel is set up (docs/slack-setup.md, docs/operations.md "By mail", docs/webhooks.md)';
  const count = recent.length === DEAD_READ_MAX ? `${recent.length} or more` : recent.length;
  throw new CommandError(
    `${count} could not be delivered; ${newest.channel}: ${newest.error ?? 'no reason is known'}`,
    '`npx sallyport notices --dead` lists them; docs/operations.md has what each reason means.',
  );
}

/** What was told is no fault of the installation; a freeze or an incident that followed is named by itself. */
async function checkAlerts({ store }: Context): Promise<string> {
  const count = await countRecentAlerts(store, new Date());
  if (count === 0) return 'no alert in the last day';
  return `${count} in the last day: npx sallyport alerts`;
}

async function checkFreezes({ store, config }: Context): Promise<string> {
  const standing = (await store.freezes.list()).filter(({ liftedAt }) => liftedAt === null);
  if (standing.length === 0) return 'none stands';
  const names = standing.map(({ id, target }) => `${target.kind} ${target.id} (${id})`);
  const incident = await store.incidents.open(config.connection);
  // The incident's own freeze is lifted by its end alone.
  const lifts = standing
    .filter(({ id }) => id !== incident?.freezeId)
    .map(({ id }) => `npx sallyport unfreeze ${id}`);
  const remedies = [
    ...(incident === undefined ? [] : ['An incident is open: npx sallyport incident show']),
    ...(lifts.length === 0 ? [] : [`When the reason is gone: ${lifts.join(' && ')}`]),
  ];
  throw new CommandError(names.join(', '), remedies.join('. '));
}

async function checkLog({ store, config, signer }: Context): Promise<string> {
  const entries = await store.log.size();
  const report = await verifyLog({
    folder: config.files.log,
    vkey: [signer.vkey, ...config.logFormerVkeys],
  });
  if (!report.ok) {
    throw new CommandError(
      findingsText(report),
      'npx sallyport audit verify names them; docs/playbook.md.',
    );
  }
  if (report.size > entries) {
    const found = `${report.size} entries are published, the store has ${entries}`;
    throw new CommandError(found, 'Was a backup restored? See docs/operations.md.');
  }
  return `${report.size} of ${entries} entries published, all verified`;
}

const CHECKS: readonly Check[] = [
  { what: 'gateway answers', run: checkReadiness },
  { what: 'policy reads', run: () => withPolicy(checkPolicy) },
  {
    what: 'store and secrets open',
    run: () =>
      withContext(async ({ store, config }) => {
        await store.probe();
        return config.dataDir;
      }),
  },
  { what: 'record opens', run: () => withContext(checkRecord) },
  { what: 'credential is set', run: () => withContext(checkCredential) },
  { what: 'people are told', run: () => withContext(checkNotices) },
  { what: 'rules have told', run: () => withContext(checkAlerts) },
  { what: 'nothing is frozen', run: () => withContext(checkFreezes) },
  { what: 'audit log verifies', run: () => withContext(checkLog) },
];

const failed = (what: string, error: unknown): Result => {
  if (error instanceof CommandError)
    return { what, ok: false, found: error.message, remedy: error.remedy };
  if (error instanceof GatewayError)
    return {
      what,
      ok: false,
      found: error.detail ?? error.code,
      remedy: terminalRemedy(error.code),
    };
  return { what, ok: false, found: String(error), remedy: terminalRemedy('store.unavailable') };
};

async function runCheck({ what, run }: Check): Promise<Result> {
  try {
    return { what, ok: true, found: await run(), remedy: null };
  } catch (error) {
    return failed(what, error);
  }
}

/** What stands in the way of several checks is told once. */
function printResult({ what, ok, found, remedy }: Result, before: readonly Result[]): void {
  const isKnown = before.some((each) => each.found === found && each.remedy === remedy);
  print(`${ok ? 'ok  ' : 'FAIL'}  ${what.padEnd(24)}  ${isKnown ? '(as above)' : oneLine(found)}`);
  if (remedy !== null && !isKnown) print(`${' '.repeat(32)}${remedy}`);
}

async function doctor(options: JsonOption): Promise<void> {
  const results: Result[] = [];
  for (const check of CHECKS) {
    const result = await whileWaiting(check.what, () => runCheck(check));
    if (!options.json) printResult(result, results);
    results.push(result);
  }
  if (options.json) printJson(results);
  if (results.some(({ ok }) => !ok)) process.exitCode = 1;
}

export function addDoctorCommand(program: Command): void {
  withJson(program.command('doctor').description('check that everything is in place')).action(
    doctor,
  );
}
