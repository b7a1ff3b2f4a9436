import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { generateSecret } from 'otplib';
import { Agent, request } from 'undici';
import { createFetchSecret } from '../../src/activities/fetch-secret.ts';
import { createPrepareApproval } from '../../src/activities/prepare-approval.ts';
import { createRecordAudit } from '../../src/activities/record-audit.ts';
import { createValidateAction } from '../../src/activities/validate-action.ts';
import { createVerifyDecision } from '../../src/activities/verify-decision.ts';
import { createWriteCall, type WriteOutcome } from '../../src/activities/write-call.ts';
import { createSeal, type Seal } from '../../src/adapters/store/sql/seal.ts';
import { readConfig } from '../../src/config.ts';
import { type Context, openContext } from '../../src/context.ts';
import { activityDependencies } from '../../src/dependencies.ts';
import { GatewayError } from '../../src/core/gateway-error.ts';
import type { AgentRecord, PersonRecord } from '../../src/core/records.ts';
import { activateCredential } from '../../src/gate/credentials.ts';
import { recordDecision } from '../../src/gate/decisions.ts';
import { bodyHash } from '../../src/gate/digest.ts';
import { requestIdFor } from '../../src/gate/ids.ts';
import { addAgent, addPerson } from '../../src/gate/roster.ts';
import type { AgentActionInput } from '../../src/ports/engine.ts';
import { type SimulatorProcess, startSimulator } from '../support/simulator.ts';
import type { ActionInput, LaneRecords } from './one-digest-inputs.ts';
import { type Receiver, startReceiver } from './one-digest-receiver.ts';

/** One approver for every write, whatever its amount: approvals are not what is proven here. */
export const ONE_APPROVER = `permit (principal in AgentGroup::"assistants", action in [Action::"write"], resource)
when { Role::"approver".approvals >= 1 };
permit (principal in AgentGroup::"assistants", action in [Action::"read"], resource);`;

const BEGINS_WITHIN_MS = 60_000;
const LATER_MS = 100;

/** One request at a time, on records and behind a receiver of its own: what arrives there is its own. */
export interface Lane {
  readonly receiver: Receiver;
  readonly records: LaneRecords;
  /** Step 1 and 3a. Returns the request's id. */
  submit(action: ActionInput): Promise<string>;
  /** Step 3b, with this digest. False when it does not count. */
  approve(id: string, digest: string): Promise<boolean>;
  /** The first step once more, as of an engine that has lost the request and starts it from the record. */
  resume(id: string): Promise<void>;
  /** Steps 3b to 6, as the workflow takes them. */
  execute(id: string): Promise<void>;
}

export interface Rig {
  readonly context: Context;
  readonly simulator: SimulatorProcess;
  readonly seal: Seal;
  readonly agent: AgentRecord;
  readonly approver: PersonRecord;
  readonly lanes: readonly Lane[];
  close(): Promise<void>;
}

async function idsIn(simulator: SimulatorProcess, token: string, type: string): Promise<string[]> {
  const dispatcher = new Agent();
  const path = `${simulator.url}/crm/objects/2026-09/${type}?limit=100`;
  const { body } = await request(path, {
    dispatcher,
    headers: { authorization: `Bearer ${token}` },
  });
  const { results } = (await body.json()) as { results: { id: string }[] };
  await dispatcher.close();
  return results.map(({ id }) => id);
}

async function enroll(context: Context, token: string) {
  const version = await context.secrets.put('hubspot/main', token, 0);
  const by = 'test';
  return context.store.commit(async (tx) => {
    await activateCredential(tx, { connection: 'main', version, fingerprint: 'test', by });
    const agent = await addAgent(tx, { name: 'test-assistant', groups: ['assistants'], by });
    const person = await addPerson(tx, {
      name: 'Robin Vale',
      email: 'robin@sallyport.test',
      roles: ['approver'],
      totpSecret: generateSecret(),
      by,
    });
    return { agent: agent.record, approver: person.record };
  });
}

function createLane(of: {
  readonly context: Context;
  readonly receiver: Receiver;
  readonly records: LaneRecords;
  readonly agent: AgentRecord;
  readonly approver: PersonRecord;
}): Lane {
  const deps = activityDependencies(of.context, of.receiver.url, []);
  const validateAction = createValidateAction(deps);
  const fetchSecret = createFetchSecret(deps);
  const prepareApproval = createPrepareApproval(deps);
  const verifyDecision = createVerifyDecision(deps);
  const writeCall = createWriteCall(deps);
  const recordAudit = createRecordAudit(deps);

  /** What the workflow does with a step that fails for good. */
  async function orRecord(requestId: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const failure = { code: error.code, detail: error.detail };
      await recordAudit({ input: { requestId }, failure });
    }
  }

  return {
    receiver: of.receiver,
    records: of.records,
    submit: async (action) => {
      const requestId = requestIdFor(of.agent.id, randomUUID());
      const body = { user_id: 'dana@acme.test', agent_prompt: 'Please do it.', action };
      const made = {
        agentId: of.agent.id,
        connection: 'main',
        bodyHash: bodyHash(body),
        body,
      };
      const mac = of.context.attester.submission(requestId, made);
      const input: AgentActionInput = { requestId, submission: { ...made, mac } };
      await validateAction(input);
      await prepareApproval(requestId, await fetchSecret('main'));
      return requestId;
    },
    approve: async (requestId, digest) => {
      const made = { requestId, person: of.approver, proof: 'key', decision: 'approve' } as const;
      const rules = { policy: of.context.policy, approvalValidMs: deps.timing.approvalValidMs };
      const decided = await of.context.store.commit((tx) =>
        recordDecision(tx, { ...made, digest }, rules),
      );
      return decided.kind === 'decided';
    },
    resume: (requestId) =>
      orRecord(requestId, async () => {
        await validateAction({ requestId });
      }),
    execute: (requestId) =>
      orRecord(requestId, async () => {
        const standing = await verifyDecision(requestId, []);
        if (standing.kind !== 'approved') return;
        const credential = await fetchSecret('main');
        const call = { kind: 'write', requestId, credential, resend: false } as const;
        await sendAll(() => writeCall(call));
        await recordAudit({ input: { requestId } });
      }),
  };
}

/** What could not begin yet, such as while the log is not published fast enough, is tried again, as the workflow does. */
async function sendAll(write: () => Promise<WriteOutcome>): Promise<void> {
  const deadline = Date.now() + BEGINS_WITHIN_MS;
  for (;;) {
    const { kind } = await write();
    if (kind !== 'more' && kind !== 'not_begun') return;
    if (Date.now() > deadline) throw new Error('it neither began nor ended');
    if (kind === 'not_begun') await sleep(LATER_MS);
  }
}

/** A real store, policy, log and HubSpot adapter before a real simulator, without API and engine. */
export async function startRig(laneCount: number): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-digest-'));
  const policyFile = join(folder, 'policy.cedar');
  writeFileSync(policyFile, ONE_APPROVER);
  const config = readConfig({
    PATH: process.env['PATH'],
    SALLYPORT_DATA_DIR: join(folder, 'data'),
    SALLYPORT_LOG_LEVEL: 'silent',
    SALLYPORT_CALL_DEADLINE_SECONDS: '20',
    SALLYPORT_HUBSPOT_CALLS_PER_10_SECONDS: '100000',
    SALLYPORT_POLICY: policyFile,
  });
  const simulator = await startSimulator();
  await simulator.control('POST', '/limits', { enabled: false });
  const token = await simulator.token('all');
  const context = await openContext(config);
  const enrolled = await enroll(context, token);
  const stopPublishing = context.auditLog.start();
  const all = await Promise.all(
    ['contacts', 'companies', 'deals'].map((type) => idsIn(simulator, token, type)),
  );
  const lanes = await Promise.all(
    Array.from({ length: laneCount }, async (_, lane) => {
      const [contacts, companies, deals] = all.map((ids) =>
        ids.filter((_id, index) => index % laneCount === lane),
      ) as [string[], string[], string[]];
      const receiver = await startReceiver(simulator.url);
      const records = { contacts, companies, deals };
      return createLane({ context, receiver, records, ...enrolled });
    }),
  );
  const sealKey = (await context.secrets.get('store/seal-key'))?.value ?? '';
  return {
    context,
    simulator,
    seal: createSeal(Buffer.from(sealKey, 'base64url')),
    ...enrolled,
    lanes,
    close: async () => {
      await Promise.all(lanes.map(({ receiver }) => receiver.close()));
      await stopPublishing();
      await context.close();
      await simulator.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
