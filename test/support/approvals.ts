import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { openContext } from '../../src/context.ts';
import { entriesOf } from './log-entries.ts';
import { createRunningGateway, type RunningGateway } from './running-gateway.ts';
import { temporalCliPath } from './temporal-cli.ts';
import { verifiedEntries } from './witnesses.ts';

/** A note that waits for a person. */
export interface Waiting {
  readonly id: string;
  readonly digest: string;
  readonly text: string;
}

/** A running gateway, without the limits that keep one agent or person from asking for much at once. */
export async function createBusyGateway(): Promise<RunningGateway> {
  return createRunningGateway({
    temporalCli: await temporalCliPath(),
    env: {
      SALLYPORT_AGENT_REQUESTS_PER_MINUTE: '100000',
      SALLYPORT_AGENT_WAITING_MAX: '1000',
      SALLYPORT_PERSON_DECISIONS_PER_MINUTE: '100000',
      SALLYPORT_SLOTS: '1000',
    },
  });
}

export const keyOf = (text: string): string => text.replaceAll(/\W+/g, '-');

/** Posts a note with this text, under a key made of it unless one is given. */
export const postNote = (gateway: RunningGateway, text: string, key = keyOf(text)) =>
  gateway.api('POST', '/v1/actions', {
    body: {
      user_id: 'dana@acme.test',
      agent_prompt: 'Please.',
      action: { action: 'create_note', contact_id: '20001', note: text },
    },
    headers: { 'idempotency-key': key },
  });

export async function submitNotes(
  gateway: RunningGateway,
  name: string,
  count: number,
): Promise<Waiting[]> {
  const made: Waiting[] = [];
  for (let i = 0; i < count; i += 1) {
    const text = `${name} ${i}.`;
    const { body } = await postNote(gateway, text);
    expect(body.status, JSON.stringify(body)).toBe('awaiting_approval');
    made.push({ id: body.id, digest: body.digest, text });
  }
  return made;
}

/** The demo approver's answer; whether it counts is the caller's to say. */
const decideOn =
  (decision: 'approve' | 'reject') =>
  (gateway: RunningGateway, { id, digest }: Waiting) =>
    gateway.api('POST', `/v1/approvals/${id}/decisions`, {
      key: gateway.run().approver_key,
      body: { decision, digest },
    });
export const approveNote = decideOn('approve');
export const rejectNote = decideOn('reject');

/** How many are in each state. */
export async function statesOf(
  gateway: RunningGateway,
  waiting: readonly Waiting[],
): Promise<Record<string, number>> {
  const states: string[] = await Promise.all(
    waiting.map(async ({ id }) => (await gateway.api('GET', `/v1/actions/${id}`)).body.status),
  );
  return Object.fromEntries(
    [...new Set(states)].map((s) => [s, states.filter((x) => x === s).length]),
  );
}

/** How often each was written in HubSpot. */
export async function timesSent(
  gateway: RunningGateway,
  waiting: readonly Waiting[],
): Promise<number[]> {
  const { effects } = await gateway.control('GET', '/effects');
  const texts: string[] = effects.map(({ properties }: { properties: unknown }) =>
    JSON.stringify(properties),
  );
  return waiting.map(({ text }) => texts.filter((sent) => sent.includes(text)).length);
}

/** While nothing runs: the engine forgets everything. */
export function loseEngine({ dataDir }: RunningGateway): void {
  const files = readdirSync(dataDir).filter((name) => name.startsWith('temporal.db'));
  expect(files.length).toBeGreaterThan(0);
  for (const name of files) rmSync(join(dataDir, name));
}

/** How often the log says of each that it expired. The gateway must be stopped: its folder is one process's. */
export async function timesExpired(
  { env }: RunningGateway,
  waiting: readonly Waiting[],
): Promise<number[]> {
  const context = await openContext(readConfig(env));
  try {
    return await Promise.all(
      waiting.map(async ({ id }) => {
        const entries = await entriesOf(context.store, id);
        return entries.filter(({ event }) => event === 'approval.expired').length;
      }),
    );
  } finally {
    await context.close();
  }
}

/** The whole published log of a gateway that is stopped, verified as an auditor would. */
export async function publishedEntries(gateway: RunningGateway) {
  const { log_dir: folder, log_vkey: vkey } = gateway.run();
  const context = await openContext(readConfig(gateway.env));
  const size = await context.store.log.size();
  await context.close();
  return verifiedEntries({ folder, vkey, size });
}
