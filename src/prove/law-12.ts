import { z } from 'zod';
import type { Law, Tally } from './guarantee.ts';
import type { Answer } from './http.ts';
import { approveSurely, decide, ended, isEnd, overwriting, submitWrite, writing } from './moves.ts';
import type { Rig } from './rig.ts';
import { NotApplicableError, NotShownError } from './unproven.ts';
import { until } from './wait.ts';

const ShownSchema = z.object({
  ledger: z.array(
    z.object({
      objectType: z.string(),
      objectId: z.string(),
      after: z.record(z.string(), z.string().nullable()),
    }),
  ),
});

const RevertSchema = z.object({
  to_take_back: z.array(z.unknown()),
  left_alone: z.array(z.object({ id: z.string(), property: z.string() })),
  asked: z.array(
    z.object({ kind: z.string(), requestId: z.string(), code: z.string().optional() }),
  ),
});
type Reverted = z.infer<typeof RevertSchema>;

/** What a write left in HubSpot, by the gateway's own ledger. */
interface Written {
  readonly request: string;
  readonly objectType: string;
  readonly id: string;
  readonly property: string;
}

/** A write of some kind, with people's approval: says where its text stands. */
type Writing = () => Promise<Written>;

async function written(rig: Rig, action?: ReturnType<typeof overwriting>): Promise<Written> {
  const waiting = await submitWrite(rig, action === undefined ? {} : { action });
  await approveSurely(rig, waiting);
  const { state, code } = await ended(rig, waiting);
  if (state !== 'succeeded') throw new NotShownError(`a write ended ${state ?? ''} ${code ?? ''}`);
  const { out } = await rig.command('request', waiting.id, '--json');
  const [row] = ShownSchema.parse(JSON.parse(out)).ledger;
  const [property] =
    Object.entries(row?.after ?? {}).find(([, value]) => value?.includes(waiting.text)) ?? [];
  if (row === undefined || property === undefined)
    throw new NotShownError('the write left no trace in the ledger');
  return { request: waiting.id, objectType: row.objectType, id: row.objectId, property };
}

async function revert(rig: Rig, { request }: Written): Promise<Reverted> {
  const { out, err } = await rig.command('revert', request, '--yes', '--json');
  const told = RevertSchema.safeParse(JSON.parse(out === '' ? 'null' : out));
  if (!told.success) throw new NotShownError(`sallyport revert said: ${err}`);
  if (told.data.asked.some(({ code }) => code === 'policy.denied'))
    throw new NotApplicableError('your policy has no rule for taking back (docs/operations.md)');
  return told.data;
}

const personEdits = (rig: Rig, { objectType, id, property }: Written): Promise<string> =>
  rig.simulator.edit({ object_type: objectType, id, properties: { [property]: rig.text() } });

/** As people see it; nothing to see before they are asked. */
const shown = (rig: Rig, id: string): Promise<Answer> =>
  rig.ask('GET', `/v1/approvals/${id}`, { key: writing(rig).approvers[0]?.key });

/** The request that takes it back, once people are asked. */
async function askedFor(rig: Rig, of: Written): Promise<string> {
  const [asked] = (await revert(rig, of)).asked;
  if (asked?.kind !== 'asked') throw new NotShownError(`${of.request} was not asked back`);
  const { requestId } = asked;
  await until(`${requestId} waits for people`, async () => {
    const { state } = await shown(rig, requestId);
    return state === 'awaiting_approval' ? true : undefined;
  });
  return requestId;
}

async function carriedOut(rig: Rig, id: string): Promise<Answer> {
  const { approvers } = writing(rig);
  const { body } = await shown(rig, id);
  for (const person of approvers) {
    const { state } = await shown(rig, id);
    if (state !== 'awaiting_approval') break;
    await decide(rig, { id, digest: body.card?.digest ?? '' }, person);
  }
  return until(`${id} ends`, async () => {
    const answer = await shown(rig, id);
    return isEnd(answer.state) ? answer : undefined;
  });
}

const changes = async (rig: Rig): Promise<number> =>
  (await rig.simulator.effects()).filter(({ source }) => source === 'api').length;

/** Changed before anybody asked for it back. */
async function changedBefore(rig: Rig, tally: Tally, write: Writing): Promise<void> {
  const of = await write();
  await personEdits(rig, of);
  const { to_take_back: back, left_alone: left } = await revert(rig, of);
  const isNamed = left.some(({ id, property }) => id === of.id && property === of.property);
  tally.held(back.length === 0, `${of.request} is asked back over a person's change`);
  tally.held(isNamed, `what a person changed after ${of.request} is not named`);
}

/** Changed after people were asked. */
async function changedAfter(rig: Rig, tally: Tally, write: Writing): Promise<void> {
  const of = await write();
  const request = await askedFor(rig, of);
  await personEdits(rig, of);
  const before = await changes(rig);
  const { state, code } = await carriedOut(rig, request);
  const sent = (await changes(rig)) - before;
  tally.held(
    code === 'approval.stale' && sent === 0,
    `${request} ended ${state ?? ''} ${code ?? ''} with ${sent} changes sent over a person's`,
  );
}

/** What nobody has changed is taken back: without that, the rest says nothing. */
async function unchanged(rig: Rig, tally: Tally, write: Writing): Promise<void> {
  const of = await write();
  const before = await changes(rig);
  const { state, code } = await carriedOut(rig, await askedFor(rig, of));
  tally.sure(state === 'succeeded', `a take-back ended ${state ?? ''} ${code ?? ''}`);
  tally.sure((await changes(rig)) - before === 1, 'a take-back changed nothing');
  const again = await revert(rig, of);
  tally.held(again.to_take_back.length === 0, `${of.request} is asked back twice`);
}

async function takenBack(rig: Rig, tally: Tally, write: Writing): Promise<void> {
  await unchanged(rig, tally, write);
  await changedBefore(rig, tally, write);
  await changedAfter(rig, tally, write);
}

export const LAW_12: Law = {
  number: 12,
  title: 'A revert never overwrites a later legitimate change',
  guarantees: [
    {
      id: 'L12.1',
      title: 'a revert leaves alone what a person changed since',
      prove: (rig, tally) => takenBack(rig, tally, () => written(rig)),
    },
    {
      id: 'L12.2',
      title: 'nor does it put a field back over what a person wrote there since',
      prove: (rig, tally) => {
        const overwrite = overwriting(rig);
        return takenBack(rig, tally, () => written(rig, overwrite));
      },
    },
  ],
};
