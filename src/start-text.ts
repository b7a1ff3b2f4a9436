import type { Config } from './config.ts';
import type { DemoKeys } from './demo.ts';
import type { SimulatorProcess } from './embedded/simulator-process.ts';

/** One line for the person at the terminal. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

interface Started {
  readonly config: Config;
  readonly isFirst: boolean;
  readonly address: string;
  readonly simulator: SimulatorProcess | undefined;
  /** The demo's; undefined with a real HubSpot. */
  readonly keys: DemoKeys | undefined;
  /** The link with which the demo's approver makes their passkey, until they have one. */
  readonly invitation: string | undefined;
}

function curl(api: string, key: string, header: string, body: unknown): string {
  return [
    `curl -s -w '\\n' ${api}/v1/actions -H 'Authorization: Bearer ${key}'`,
    `${header}-H 'Content-Type: application/json'`,
    `-d '${JSON.stringify(body)}'`,
  ].join(' ');
}

const READ = {
  user_id: 'dana@acme.test',
  agent_prompt: 'Find the last email interaction for Acme Corp.',
  action: { action: 'search_contact', company: 'Acme Corp' },
};

const write = (contactId: string): object => ({
  user_id: 'dana@acme.test',
  agent_prompt: 'Note that Acme Corp wants the renewal offer by Friday.',
  action: {
    action: 'create_note',
    contact_id: contactId,
    note: 'Wants the renewal offer by Friday.',
  },
});

function sayDemo({ config, invitation }: Started, api: string, keys: DemoKeys): void {
  const retryKey = `-H "Idempotency-Key: try-$(date +%s)" `;
  say('Try it from another terminal in this folder:');
  say('');
  say('1. As the agent, read:');
  say(`   ${curl(api, keys.agentKey, '', READ)}`);
  say('2. As the agent, write (it waits for a person):');
  say(`   ${curl(api, keys.agentKey, retryKey, write(DEMO_CONTACT_ID))}`);
  say('3. As the approver, look at it and decide, in the browser:');
  if (invitation === undefined) say(`   ${config.origin}/console`);
  else {
    say(`   ${invitation}`);
    say('   (makes your passkey; the link works once, and the next start prints another)');
  }
  say('   or in a terminal: npx sallyport approve');
  say('4. Check the log:');
  say('   npx sallyport audit verify');
}

function sayFirstSteps(): void {
  say('The first steps, from another terminal in this folder with the same settings:');
  say('');
  say('1. The HubSpot key:   npx sallyport secret set hubspot/main');
  say('2. The account:       npx sallyport connect');
  say('3. An agent:          npx sallyport agent add <name>');
  say('4. A person:          npx sallyport person add <name> --email <address>');
  say('5. Their passkey:     npx sallyport person invite <address>');
  say('Each is shown its key once; approve in the console, or with --key-file <file>.');
}

function headline(isFirst: boolean, isDemo: boolean): string {
  if (!isFirst) return 'Sallyport is running on the data of before.';
  return isDemo
    ? 'Sallyport is running. Keys were made and a demo CRM is in place.'
    : 'Sallyport is running. Its keys were made; no agent and no person is known yet.';
}

/** What runs where, and what to do next. */
export function printStart(started: Started): void {
  const { config, isFirst, address, simulator, keys } = started;
  const api = `http://127.0.0.1:${config.ports.api}`;
  const rows = [
    ['Console', `${config.origin}/console`],
    ['API', api],
    [
      'Temporal UI',
      config.temporal.address === undefined
        ? `http://127.0.0.1:${config.ports.temporalUi}`
        : `(yours, engine at ${address})`,
    ],
    [
      'HubSpot',
      simulator === undefined ? (config.hubspotUrl ?? '') : `${simulator.url} (simulator)`,
    ],
    ['Data', config.dataDir],
  ];
  say('');
  say(headline(isFirst, keys !== undefined));
  say('');
  for (const [name = '', value = ''] of rows) say(`  ${name.padEnd(12)} ${value}`);
  say('');
  if (keys === undefined) sayFirstSteps();
  else sayDemo(started, api, keys);
  say('');
  say('Ctrl-C stops everything; what waits for approval keeps waiting.');
}

/** Dana Fox of Acme Corp in the demo CRM. */
const DEMO_CONTACT_ID = '20001';
