import type { Law, Tally } from './guarantee.ts';
import { ask } from './http.ts';
import {
  approveSurely,
  callsDuring,
  ended,
  read,
  reading,
  submitWrites,
  whileHalted,
  writing,
} from './moves.ts';
import { createGatewayProcess, findPort } from './product.ts';
import type { AuditEntry } from '../contracts/audit-entry.ts';
import type { Rig } from './rig.ts';
import { untilTrue } from './wait.ts';

const READS_MAX = 400;
const LANES = 8;
const WRITES = 3;

async function freeze(rig: Rig, body: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const answer = await rig.ask('POST', '/v1/freezes', {
    key: rig.cast.operator.key,
    body: { reason: 'sallyport prove', ...body },
  });
  return answer.body.id ?? '';
}

async function lift(rig: Rig, id: string): Promise<void> {
  await rig.ask('DELETE', `/v1/freezes/${id}`, { key: rig.cast.operator.key });
}

async function whileFrozen<T>(rig: Rig, work: () => Promise<T>, body = {}): Promise<T> {
  const id = await freeze(rig, body);
  try {
    return await work();
  } finally {
    await lift(rig, id);
  }
}

async function refusedAtOnce(rig: Rig, tally: Tally): Promise<void> {
  reading(rig);
  tally.sure((await read(rig)).status === 200, 'the reader cannot read before');
  const calls = await callsDuring(rig, () =>
    whileFrozen(rig, async () => {
      const reads = await Promise.all(Array.from({ length: LANES }, () => read(rig)));
      for (const { status, code } of reads)
        tally.held(
          status === 423 && code === 'freeze.active',
          `a read got ${status} ${code ?? ''}`,
        );
      if (rig.cast.writing === undefined) return;
      const { agent, write } = rig.cast.writing;
      const { status, code } = await rig.submit(write(rig.text(), rig.turn()), { key: agent.key });
      tally.held(code === 'freeze.active', `a write got ${status} ${code ?? ''}`);
    }),
  );
  tally.held(calls === 0, `${calls} calls under a freeze`);
  tally.held(
    (await read(rig)).status === 200,
    'it does not read again after the freeze was lifted',
  );
}

/** Everything is decided before the freeze, and nothing has begun: the halted engine sees to that. */
async function approvedIsNotSent(
  rig: Rig,
  tally: Tally,
  place: () => Promise<string>,
): Promise<void> {
  const writes = await submitWrites(rig, WRITES);
  let id = '';
  await whileHalted(rig, async () => {
    await Promise.all(writes.map((waiting) => approveSurely(rig, waiting)));
    id = await place();
  });
  tally.sure(id !== '', 'the freeze was not placed');
  try {
    for (const waiting of writes) {
      const { state, code } = await ended(rig, waiting);
      const times = await rig.simulator.timesWritten(waiting.text);
      const what = `approved before the freeze, ${waiting.id} ended ${state ?? ''} ${code ?? ''}, sent ${times} times`;
      tally.held(code === 'freeze.active' && times === 0, what);
    }
  } finally {
    await lift(rig, id);
  }
}

async function placeByCommand(rig: Rig): Promise<string> {
  const { status, out } = await rig.command('freeze', '--reason', 'sallyport prove', '--json');
  return status === 0 ? (/"id":\s*"(frz_[0-9a-z]+)"/.exec(out)?.[1] ?? '') : '';
}

/** Agents' and connections' intents in the log between a freeze and its end. */
function intentsUnderFreeze(entries: readonly AuditEntry[]): {
  under: readonly AuditEntry[];
  freezes: number;
} {
  let standing = 0;
  let freezes = 0;
  const under: AuditEntry[] = [];
  for (const entry of entries) {
    const isConnection = /connection/.test(JSON.stringify(entry.facts));
    if (entry.event === 'freeze.placed' && isConnection) {
      standing += 1;
      freezes += 1;
    }
    if (entry.event === 'freeze.lifted' && isConnection) standing -= 1;
    if (standing > 0 && entry.event === 'hubspot.intended') under.push(entry);
  }
  return { under, freezes };
}

async function underLoad(rig: Rig, tally: Tally): Promise<void> {
  reading(rig);
  const size = (await rig.log.entries()).length;
  let left = READS_MAX;
  let answered = 0;
  // Each until it meets the freeze, so that there are reads before, beside and after it, on any machine.
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const { status, code } = await read(rig);
      if (status === 200) answered += 1;
      if (code === 'freeze.active') return;
    }
  };
  const load = Promise.all(Array.from({ length: LANES }, lane));
  await untilTrue('reads are answered', () => Promise.resolve(answered >= LANES));
  await whileFrozen(rig, async () => {
    await load;
    const { status, code } = await read(rig);
    tally.held(code === 'freeze.active', `a read after it got ${status} ${code ?? ''}`);
  });
  const entries = (await rig.log.entries()).slice(size);
  const { under, freezes } = intentsUnderFreeze(entries);
  tally.sure(freezes === 1, 'the log has no freeze of a connection where one was placed');
  tally.sure(
    entries.some(({ event }) => event === 'hubspot.intended'),
    'nothing was called before the freeze either',
  );
  const after = entries.filter(({ code }) => code === 'freeze.active').length;
  tally.held(
    under.length === 0,
    `${under.length} calls began after the freeze, ${after} were refused`,
  );
}

async function oneAgent(rig: Rig, tally: Tally): Promise<void> {
  const { agent, other, write } = writing(rig);
  await whileFrozen(
    rig,
    async () => {
      const [frozen, free] = await Promise.all(
        [agent, other].map(({ key }) => rig.submit(write(rig.text(), rig.turn()), { key })),
      );
      tally.held(frozen?.code === 'freeze.active', `the frozen agent got ${frozen?.status ?? ''}`);
      tally.held(
        free?.status === 202,
        `another agent got ${free?.status ?? ''} ${free?.code ?? ''}`,
      );
    },
    { agent: agent.id },
  );
}

/** A second process on the same store, as it is run beside the first behind a load balancer. */
async function onEveryReplica(rig: Rig, tally: Tally): Promise<void> {
  const { agent, read: action } = reading(rig);
  const env = { ...rig.env, SALLYPORT_PORT: String(await findPort()) };
  const { product, scratch } = rig;
  const replica = createGatewayProcess({ product, main: 'api-main.ts', scratch, env });
  await replica.start();
  const askReplica = () =>
    ask(replica.api, 'POST', '/v1/actions', {
      key: agent.key,
      body: { user_id: 'prove@prove.test', agent_prompt: rig.prompt, action },
    });
  try {
    tally.sure((await askReplica()).status === 200, 'the second process cannot read before');
    await whileFrozen(rig, async () => {
      const calls = await callsDuring(rig, async () => {
        const { status, code } = await askReplica();
        tally.held(code === 'freeze.active', `the second process answered ${status} ${code ?? ''}`);
      });
      tally.held(calls === 0, 'the second process led to a call');
    });
    await untilTrue('it reads again', async () => (await askReplica()).status === 200);
  } finally {
    await replica.stop();
  }
}

async function whoLifts(rig: Rig, tally: Tally): Promise<void> {
  const { watcher, operator } = rig.cast;
  const id = await freeze(rig);
  const { status } = await rig.ask('DELETE', `/v1/freezes/${id}`, { key: watcher.key });
  tally.held(status === 403, `somebody who is no operator got ${status}`);
  const listed = await rig.ask('GET', '/v1/freezes', { key: operator.key });
  tally.held(listed.text.includes(id), 'the freeze is not listed any more');
  await lift(rig, id);
}

export const LAW_08: Law = {
  number: 8,
  title: 'Freeze beats everything',
  guarantees: [
    {
      id: 'L08.1',
      title: 'reads and writes are refused at once, and nothing is called',
      prove: refusedAtOnce,
    },
    {
      id: 'L08.2',
      title: 'approved before the freeze and not begun: not sent',
      prove: (rig, tally) => approvedIsNotSent(rig, tally, () => freeze(rig)),
    },
    {
      id: 'L08.3',
      title: 'by the command line, with the engine standing still: approved writes are not sent',
      prove: (rig, tally) => approvedIsNotSent(rig, tally, () => placeByCommand(rig)),
    },
    {
      id: 'L08.4',
      title: 'under load: the log has no intent between freeze and lifting',
      prove: underLoad,
    },
    { id: 'L08.5', title: 'one agent is frozen and others are not', prove: oneAgent },
    {
      id: 'L08.6',
      title: 'a second process on the same store obeys it too',
      prove: onEveryReplica,
    },
    { id: 'L08.7', title: 'nobody but an operator lifts it', prove: whoLifts },
  ],
};
