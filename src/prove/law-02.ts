import type { Law, Tally } from './guarantee.ts';
import {
  approve,
  approveSurely,
  decide,
  ended,
  outrun,
  overwriting,
  stateOf,
  submitWrite,
  submitWrites,
  type Waiting,
  whileHalted,
  writing,
} from './moves.ts';
import type { Action } from './probes.ts';
import type { Rig } from './rig.ts';
import { untilTrue } from './wait.ts';

/** What begin writes into the log when it sends; decisions and card come before. */
const OF_ONE_DIGEST = /accepted|requested|granted|completed/;

/** What people read of a value: bodies are HTML in HubSpot, and text on the card. */
const readable = (value: unknown): string =>
  (typeof value === 'string' ? value : JSON.stringify(value ?? null))
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();

async function oneDigest(rig: Rig, tally: Tally): Promise<void> {
  const waiting = await submitWrite(rig);
  const [approver] = writing(rig).approvers;
  const shown = await rig.ask('GET', `/v1/approvals/${waiting.id}`, { key: approver?.key });
  const { card } = shown.body;
  tally.held(card?.digest === waiting.digest, 'the card shows another digest than the answer');
  await approveSurely(rig, waiting);
  tally.sure((await ended(rig, waiting)).state === 'succeeded', 'the write did not succeed');
  for (const { event, index, digest, facts } of await rig.log.entriesOf(waiting.id)) {
    if (!OF_ONE_DIGEST.test(event) && facts['purpose'] !== 'execute') continue;
    tally.held(digest === waiting.digest, `entry ${index} (${event}) names another digest`);
  }
  const sent = (await rig.simulator.effects()).find(({ properties }) =>
    JSON.stringify(properties).includes(waiting.text),
  );
  tally.sure(card !== undefined && card.changes.length > 0, 'the card shows no change');
  for (const { property, after } of card?.changes ?? []) {
    const got = readable(sent?.properties[property]);
    const isSent = got === readable(after) || Date.parse(got) === Date.parse(after);
    tally.held(isSent, `${property} was sent otherwise than it was shown`);
  }
}

async function otherDigests(rig: Rig, tally: Tally): Promise<void> {
  const waiting = await submitWrite(rig);
  const [approver] = writing(rig).approvers;
  if (approver === undefined) return;
  const at = rig.random.integer(waiting.digest.length);
  const flipped = waiting.digest[at] === '0' ? '1' : '0';
  const others = [
    `${waiting.digest.slice(0, at)}${flipped}${waiting.digest.slice(at + 1)}`,
    'f'.repeat(64),
    (await submitWrite(rig)).digest,
  ];
  for (const digest of others) {
    const { status, code } = await decide(rig, { id: waiting.id, digest }, approver);
    const what = `a decision on digest ${digest.slice(0, 8)}… got ${status} ${code ?? ''}`;
    tally.held(status === 409 && code === 'approval.digest_mismatch', what);
  }
  tally.held((await stateOf(rig, waiting)).state === 'awaiting_approval', 'it waits no more');
}

const FLIPPED = Symbol('one flipped byte');

interface Edit {
  readonly what: string;
  readonly table: 'requests' | 'decisions';
  readonly column: string;
  /** As somebody sets it who would like another thing to happen. */
  readonly to: string | number | typeof FLIPPED;
}

/** It tells a repeated key from another body; what is sent hangs on the sealed submission alone. */
const DECIDES_NOTHING = 'body_hash';

/** Every column that says what is sent, whose it is and how far it is. */
const REQUEST_EDITS: readonly Edit[] = [
  ...['plan', 'submission', 'voucher', 'card', 'requirement'].map((column): Edit => ({
    what: `one byte of ${column}`,
    table: 'requests',
    column,
    to: FLIPPED,
  })),
  { what: 'the digest', table: 'requests', column: 'digest', to: 'a'.repeat(64) },
  { what: 'the risk', table: 'requests', column: 'risk', to: 'read' },
  { what: 'the action', table: 'requests', column: 'action', to: 'get_contact' },
  { what: 'whose it is', table: 'requests', column: 'agent_id', to: 'agt_0000000000000000' },
  { what: 'the connection', table: 'requests', column: 'connection', to: 'other' },
  { what: 'the hash of its body', table: 'requests', column: 'body_hash', to: 'b'.repeat(64) },
  { what: 'its deadline', table: 'requests', column: 'expires_at', to: 4_000_000_000_000 },
];
const DECISION_EDITS: readonly Edit[] = [
  { what: 'the digest', table: 'decisions', column: 'digest', to: 'a'.repeat(64) },
  { what: 'the person', table: 'decisions', column: 'person_id', to: 'per_0000000000000000' },
  { what: 'how it was proven', table: 'decisions', column: 'proof', to: 'passkey' },
  {
    what: 'until when it counts',
    table: 'decisions',
    column: 'valid_until',
    to: 4_000_000_000_000,
  },
  { what: 'one byte of its seal', table: 'decisions', column: 'reason', to: FLIPPED },
];

function flipByte(rig: Rig, value: unknown): Uint8Array | undefined {
  if (!(value instanceof Uint8Array) || value.length === 0) return undefined;
  const bytes = Uint8Array.from(value);
  const at = rig.random.integer(bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << rig.random.integer(8));
  return bytes;
}

/** True when the row was there and is another now. */
function edit(rig: Rig, { table, column, to }: Edit, id: string): boolean {
  const { store } = rig;
  if (!store.columns(table).includes(column)) return false;
  const where = table === 'requests' ? 'id' : 'request_id';
  const row = store.all(`SELECT "${column}" AS value FROM ${table} WHERE ${where} = ?`, id)[0];
  if (row === undefined) return false;
  const value = to === FLIPPED ? flipByte(rig, row['value']) : to;
  if (value === undefined || value === row['value']) return false;
  store.run(`UPDATE ${table} SET "${column}" = ? WHERE ${where} = ?`, value, id);
  return true;
}

async function expectNotSent(
  rig: Rig,
  tally: Tally,
  edited: readonly (readonly [Edit, Waiting])[],
): Promise<void> {
  for (const [{ what, table }, { text, id }] of edited) {
    const times = await rig.simulator.timesWritten(text);
    tally.held(times === 0, `${id} was sent although ${what} was changed in its row of ${table}`);
  }
}

/** Each has an entry of its own, which names the request. */
async function expectNoticed(
  rig: Rig,
  tally: Tally,
  edited: readonly (readonly [Edit, Waiting])[],
): Promise<void> {
  const unnoticed = async () => {
    const entries = await rig.log.entries();
    const named = new Set(
      entries.filter(({ event }) => event === 'store.tampered').map(({ request_id }) => request_id),
    );
    return edited.filter(([{ column }, { id }]) => column !== DECIDES_NOTHING && !named.has(id));
  };
  const isNoticed = async () => (await unnoticed()).length === 0;
  await untilTrue('the log tells of edited rows', isNoticed, 20_000).catch(() => undefined);
  const left = await unnoticed();
  for (const [{ what, table }, { id }] of edited) {
    const isLeft = left.some(([, waiting]) => waiting.id === id);
    tally.held(!isLeft, `nobody was told that ${what} was changed in a row of ${table} (${id})`);
  }
}

/** Before anybody decided: whoever approves then approves something else than is on record. */
async function editedWhileWaiting(rig: Rig, tally: Tally): Promise<void> {
  const writes = await submitWrites(rig, REQUEST_EDITS.length + 1);
  const edited = REQUEST_EDITS.flatMap((change, i) => {
    const waiting = writes[i];
    return waiting !== undefined && edit(rig, change, waiting.id)
      ? [[change, waiting] as const]
      : [];
  });
  await Promise.all(edited.map(([, waiting]) => approve(rig, waiting)));
  const control = writes.at(-1);
  if (control === undefined) return;
  await approveSurely(rig, control);
  await outrun(rig, control);
  await expectNoticed(rig, tally, edited);
  await expectNotSent(rig, tally, edited);
}

/** After the last approval and before the call, which the halted engine keeps from beginning. */
async function editedAfterApproval(rig: Rig, tally: Tally): Promise<void> {
  const changes = [...REQUEST_EDITS, ...DECISION_EDITS];
  const writes = await submitWrites(rig, changes.length + 1);
  const edited = await whileHalted(rig, async () => {
    await Promise.all(writes.map((waiting) => approveSurely(rig, waiting)));
    return changes.flatMap((change, i) => {
      const waiting = writes[i];
      return waiting !== undefined && edit(rig, change, waiting.id)
        ? [[change, waiting] as const]
        : [];
    });
  });
  const control = writes.at(-1);
  if (control !== undefined) await outrun(rig, control);
  await expectNoticed(rig, tally, edited);
  await expectNotSent(rig, tally, edited);
}

async function decisionByHand(rig: Rig, tally: Tally): Promise<void> {
  const [waiting, other, control] = await submitWrites(rig, 3);
  if (waiting === undefined || other === undefined || control === undefined) return;
  const { approvers } = writing(rig);
  for (const person of approvers.slice(0, other.approvals)) await decide(rig, other, person);
  // A row like those that count, for a request that nobody decided on.
  const columns = rig.store.columns('decisions').filter((name) => name !== 'seq');
  const list = columns.map((name) => `"${name}"`).join(', ');
  const picked = columns
    .map((name) => (name === 'request_id' || name === 'digest' ? '?' : `"${name}"`))
    .join(', ');
  const values = columns.flatMap((name) =>
    name === 'request_id' ? [waiting.id] : name === 'digest' ? [waiting.digest] : [],
  );
  const sql = `INSERT INTO decisions (${list}) SELECT ${picked} FROM decisions WHERE request_id = ?`;
  rig.store.run(sql, ...values, other.id);
  rig.store.run(
    "UPDATE requests SET status = 'approved', wake_at = 1, revision = revision + 1 WHERE id = ?",
    waiting.id,
  );
  await approveSurely(rig, control);
  await outrun(rig, control);
  const times = await rig.simulator.timesWritten(waiting.text);
  tally.held(times === 0, 'it was sent on a decision that was written into the file by hand');
}

/** One that nobody edits is sent, as often as one that a person has edited is not. */
const MOVED = 3;

async function movedInHubSpot(rig: Rig, tally: Tally): Promise<void> {
  const overwrite = overwriting(rig);
  for (let i = 0; i < MOVED; i += 1) {
    const turn = rig.turn();
    const action = (text: string): Action => overwrite(text, turn);
    const waiting = await submitWrite(rig, { action });
    const text = rig.text();
    const { contact_id: id, ...written } = action(text);
    const [property = ''] = Object.keys(written).filter((name) => name !== 'action');
    await rig.simulator.edit({ object_type: 'contacts', id, properties: { [property]: text } });
    await approve(rig, waiting);
    const { code, state } = await ended(rig, waiting);
    const what = `it ended ${state ?? ''} ${code ?? ''}, not approval.stale`;
    tally.held(code === 'approval.stale', what);
    const times = await rig.simulator.timesWritten(waiting.text);
    tally.held(times === 0, 'it overwrote what a person had written since the card was made');
  }
  const control = await submitWrite(rig, { action: overwrite });
  await approveSurely(rig, control);
  await outrun(rig, control);
}

export const LAW_02: Law = {
  number: 2,
  title: 'What was shown, approved, logged and sent has one digest',
  guarantees: [
    {
      id: 'L02.1',
      title: 'card, decision, log and what HubSpot got are one thing',
      prove: oneDigest,
    },
    { id: 'L02.2', title: 'a decision on any other digest is refused', prove: otherDigests },
    {
      id: 'L02.3',
      title: 'a row edited in the database while it waits: it is noticed, nothing is sent',
      prove: editedWhileWaiting,
    },
    {
      id: 'L02.4',
      title:
        'a row edited in the database between approval and call: it is noticed, nothing is sent',
      prove: editedAfterApproval,
    },
    {
      id: 'L02.5',
      title: 'a decision written into the database by hand: nothing is sent',
      prove: decisionByHand,
    },
    {
      id: 'L02.6',
      title: 'the record changed in HubSpot since the card was made: nothing is overwritten',
      prove: movedInHubSpot,
    },
  ],
};
