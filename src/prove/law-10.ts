import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Law, Tally } from './guarantee.ts';
import { ask } from './http.ts';
import {
  approve,
  approveSurely,
  callsDuring,
  ended,
  outrun,
  read,
  reading,
  stateOf,
  submitWrite,
  submitWrites,
  whileHalted,
  writing,
} from './moves.ts';
import type { Rig } from './rig.ts';
import type { Environment } from './scratch.ts';
import { untilTrue } from './wait.ts';

const WRITES = 3;
const REFUSED_WITHIN_MS = 4_000;

/** The same gateway with other times, until `work` is done. */
async function withSettings(
  rig: Rig,
  changes: Environment,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await rig.gateway.restart(changes);
    await work();
  } finally {
    await rig.gateway.restart();
  }
}

/** High risk may not wait longer than the rest. */
const waitingAtMost = (seconds: string): Environment => ({
  SALLYPORT_APPROVAL_SECONDS: seconds,
  SALLYPORT_APPROVAL_HIGH_RISK_SECONDS: seconds,
});

async function nobodyDecides(rig: Rig, tally: Tally): Promise<void> {
  writing(rig);
  await withSettings(rig, waitingAtMost('1'), async () => {
    const writes = await submitWrites(rig, WRITES);
    for (const waiting of writes) {
      const { state, code } = await ended(rig, waiting);
      const isExpired = state === 'expired' && code === 'approval.expired';
      tally.held(isExpired, `undecided it ended ${state ?? ''} ${code ?? ''}`);
      const late = await approve(rig, waiting);
      tally.held(late.status === 409, `an approval after its time got ${late.status}`);
      const times = await rig.simulator.timesWritten(waiting.text);
      tally.held(times === 0, 'it was sent without an approval');
      const entries = await rig.log.entriesOf(waiting.id);
      const told = entries.filter(({ event }) => event === 'approval.expired').length;
      tally.held(told === 1, `the log has its end ${told} times`);
    }
  });
}

/** An approval counts until this long after the deadline of its request. */
const SHORT_TIMES = {
  ...waitingAtMost('2.5'),
  SALLYPORT_APPROVAL_VALID_SECONDS: '0.1',
} as const;
const TOO_OLD_AFTER_MS = 2_800;

/** Approved in time, and by the time that it could begin the approval is too old. */
async function approvalTooOld(rig: Rig, tally: Tally): Promise<void> {
  writing(rig);
  await withSettings(rig, SHORT_TIMES, async () => {
    const writes = await submitWrites(rig, WRITES);
    await whileHalted(rig, async () => {
      const [decided] = await Promise.all([
        Promise.all(writes.map((waiting) => approve(rig, waiting))),
        sleep(TOO_OLD_AFTER_MS),
      ]);
      const isInTime = decided.every(({ state }) => state === 'approved');
      tally.sure(isInTime, 'the approvals came too late to be taken');
    });
    for (const waiting of writes) {
      const { state, code } = await ended(rig, waiting);
      const times = await rig.simulator.timesWritten(waiting.text);
      const what = `on an approval past its time it ended ${state ?? ''} ${code ?? ''}, sent ${times} times`;
      tally.held(state !== 'succeeded' && times === 0, what);
    }
  });
}

/** The user's own times are the ones that people see. */
async function ownTimes(rig: Rig, tally: Tally): Promise<void> {
  const waiting = await submitWrite(rig);
  const { approvalMs } = rig.config.timing;
  const givenMs = Date.parse(waiting.expiresAt) - Date.parse(waiting.createdAt);
  const isOwn = Math.abs(givenMs - approvalMs) < 30_000;
  tally.held(isOwn, `it waits ${givenMs / 1000} s, your setting is ${approvalMs / 1000} s`);
}

async function loggedCodes(rig: Rig, from: number): Promise<readonly (string | null)[]> {
  return (await rig.log.entries())
    .slice(from)
    .filter(({ event }) => event === 'request.refused')
    .map(({ code }) => code);
}

interface Refusal {
  readonly what: string;
  readonly ask: () => Promise<{ readonly status: number; readonly code: string | undefined }>;
  readonly status: number;
  readonly code: string;
}

/** Each with its own code, in the log too, and nothing called. */
async function refusals(rig: Rig, tally: Tally, expected: readonly Refusal[]): Promise<void> {
  const from = (await rig.log.entries()).length;
  const calls = await callsDuring(rig, async () => {
    for (const { what, ask: send, status, code } of expected) {
      const got = await send();
      const isRefused = got.status === status && got.code === code;
      tally.held(isRefused, `${what} got ${got.status} ${got.code ?? ''}`);
    }
  });
  tally.held(calls === 0, `${calls} calls for what was refused`);
  const logged = await loggedCodes(rig, from);
  for (const code of new Set(expected.map((each) => each.code)))
    tally.held(logged.includes(code), `the log says nothing of ${code}`);
}

const unknownSenders = (rig: Rig, tally: Tally): Promise<void> => {
  const unauthenticated = { status: 401, code: 'agent.unauthenticated' };
  const submit = (key: string | undefined) => () =>
    rig.ask('POST', '/v1/actions', { key, body: { user_id: 'u', agent_prompt: 'p', action: {} } });
  const { key } = rig.cast.nobody;
  return refusals(rig, tally, [
    { what: 'no key', ask: submit(undefined), ...unauthenticated },
    {
      what: 'a made-up key',
      ask: submit(`spa_${'0'.repeat(16)}_${'A'.repeat(43)}`),
      ...unauthenticated,
    },
    { what: 'a person’s key', ask: submit(rig.cast.operator.key), ...unauthenticated },
    { what: 'a cut key', ask: submit(key.slice(0, -1)), ...unauthenticated },
  ]);
};

const unparsable = (rig: Rig, tally: Tally): Promise<void> => {
  const { key } = rig.cast.nobody;
  const send = (body: unknown) => () => rig.ask('POST', '/v1/actions', { key, body });
  const action = { action: 'search_contact', name: 'Fox' };
  const envelope = { user_id: 'u@prove.test', agent_prompt: 'p', action };
  const malformed = { status: 400, code: 'request.malformed' };
  return refusals(rig, tally, [
    { what: 'half a body', ask: send('{"user_id":'), ...malformed },
    { what: 'no object', ask: send('[]'), ...malformed },
    { what: 'a key twice', ask: send('{"user_id":"a","user_id":"b"}'), ...malformed },
    { what: 'a surplus key', ask: send({ ...envelope, approved: true }), ...malformed },
    { what: 'no action', ask: send({ ...envelope, action: undefined }), ...malformed },
  ]);
};

async function engineStill(rig: Rig, tally: Tally): Promise<void> {
  const { agent, read: action } = reading(rig);
  const idempotencyKey = rig.text();
  const submit = () => rig.submit(action, { key: agent.key, idempotencyKey });
  const calls = await callsDuring(rig, () =>
    whileHalted(rig, async () => {
      const since = performance.now();
      const { status, code, body } = await submit();
      const ms = Math.round(performance.now() - since);
      const isRefused = status === 503 && code === 'engine.unavailable' && body.retryable === true;
      tally.held(isRefused, `without an engine it got ${status} ${code ?? ''}`);
      tally.held(ms < REFUSED_WITHIN_MS, `it took ${ms} ms to say so`);
    }),
  );
  tally.held(calls === 0, `${calls} calls without an engine`);
  await untilTrue('the same key works afterwards', async () => (await submit()).status === 200);
}

async function secretsAway(rig: Rig, tally: Tally): Promise<void> {
  reading(rig);
  const file = join(rig.scratch.dataDir, 'secrets', 'secrets.age');
  renameSync(file, `${file}.away`);
  try {
    const calls = await callsDuring(rig, async () => {
      for (let i = 0; i < 3; i += 1) {
        const { status, code } = await read(rig);
        const isRefused = status === 503 && code === 'secret.unavailable';
        tally.held(isRefused, `without the secret store it got ${status} ${code ?? ''}`);
      }
    });
    tally.held(calls === 0, `${calls} calls without the secret store`);
  } finally {
    renameSync(`${file}.away`, file);
  }
  await untilTrue('it heals by itself', async () => (await read(rig)).status === 200);
}

async function credentialRefused(rig: Rig, tally: Tally): Promise<void> {
  const { agent, read: action } = reading(rig);
  await rig.simulator.arm({ mode: '401', times: 0 });
  try {
    const before = (await rig.simulator.calls()).length;
    const answer = await ask(rig.gateway.api, 'POST', '/v1/actions', {
      key: agent.key,
      body: { user_id: 'u@prove.test', agent_prompt: rig.prompt, action },
    });
    const isRefused = answer.status === 502 && answer.code === 'hubspot.unauthorized';
    tally.held(isRefused, `it got ${answer.status} ${answer.code ?? ''}`);
    const paths = (await rig.simulator.calls()).slice(before).map(({ path }) => path);
    tally.held(
      new Set(paths).size === paths.length,
      'a call was repeated with a credential that ended',
    );
  } finally {
    await rig.simulator.disarm();
  }
}

async function rejected(rig: Rig, tally: Tally): Promise<void> {
  const [first, second, control] = await submitWrites(rig, 3);
  const [person] = writing(rig).approvers;
  if (first === undefined || second === undefined || control === undefined || person === undefined)
    return;
  for (const { id, digest } of [first, second])
    await rig.ask('POST', `/v1/approvals/${id}/decisions`, {
      key: person.key,
      body: { decision: 'reject', digest, reason: 'sallyport prove' },
    });
  await approveSurely(rig, control);
  await outrun(rig, control);
  for (const waiting of [first, second]) {
    await approve(rig, waiting);
    const { state } = await stateOf(rig, waiting);
    const times = await rig.simulator.timesWritten(waiting.text);
    tally.held(
      state === 'rejected' && times === 0,
      `rejected, it is ${state ?? ''}, sent ${times} times`,
    );
  }
}

export const LAW_10: Law = {
  number: 10,
  title: 'What cannot be decided is refused, with a code, in the log',
  guarantees: [
    {
      id: 'L10.1',
      title: 'nobody decides in time: expired, once, and not sent',
      prove: nobodyDecides,
    },
    { id: 'L10.2', title: 'an approval older than it may be is not used', prove: approvalTooOld },
    { id: 'L10.3', title: 'what waits, waits as long as your settings say', prove: ownTimes },
    {
      id: 'L10.4',
      title: 'a rejected write is not sent, also when it is approved later',
      prove: rejected,
    },
    {
      id: 'L10.5',
      title: 'unknown senders are refused, in the log, without a call',
      prove: unknownSenders,
    },
    {
      id: 'L10.6',
      title: 'unparsable input is refused, in the log, without a call',
      prove: unparsable,
    },
    {
      id: 'L10.7',
      title: 'the engine stands still: 503 in time, no call, and the same key works later',
      prove: engineStill,
    },
    {
      id: 'L10.8',
      title: 'the secret store is gone: 503, no call, and it heals',
      prove: secretsAway,
    },
    {
      id: 'L10.9',
      title: 'HubSpot refuses the credential: said as it is, and nothing is repeated',
      prove: credentialRefused,
    },
  ],
};
