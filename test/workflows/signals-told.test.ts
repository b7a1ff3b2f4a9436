import { generateSync } from 'otplib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { TOTP_GUESSES } from '../../src/core/totp-guesses.ts';
import { fieldsIn, readMarkdown, rowsIn } from '../support/engine-markdown.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { openSignaller, type Signaller } from '../support/signals.ts';

/** Beside the default: tasks take a passkey. */
const POLICY = `${readFileSync('policy/default.cedar', 'utf8')}
@id("tasks-need-a-passkey")
@reason("Tasks need a passkey.")
forbid (principal, action == Action::"create_task", resource)
when { Role::"approver".passkeyApprovals < 1 };
`;

let gateway: TestGateway;
let signaller: Signaller;

beforeAll(async () => {
  const temporalAddress = inject('temporalAddress');
  gateway = await startTestGateway({ temporalAddress, policy: POLICY });
  signaller = await openSignaller(gateway, temporalAddress);
});
afterAll(async () => {
  await signaller.close();
  await gateway.close();
});

const waiting = async (action: object): Promise<string> => {
  const { body } = await gateway.submit({ contact_id: '20001', ...action });
  expect(body.status, JSON.stringify(body)).toBe('awaiting_approval');
  return body.id;
};
const note = (text: string): Promise<string> => waiting({ action: 'create_note', note: text });

/** Each test somebody of its own: a code works once in its half minute. */
const person = async (name: string) => {
  const { record } = await gateway.addPerson(name);
  const word = (decision = 'approve') => ({
    person: record.email,
    decision,
    code: generateSync({ secret: record.totpSecret }),
  });
  return { ...record, word };
};

/** What the details tell of signals, as the UI's reader has it, once there are so many. */
async function told(id: string, count: number): Promise<string[]> {
  const notes = async (): Promise<string[]> => {
    const { block, active } = readMarkdown(await signaller.details(id));
    expect(active).toEqual([]);
    return rowsIn(block).flatMap(({ name, value }) => (name === 'Signal' ? [value ?? ''] : []));
  };
  await expect.poll(async () => (await notes()).length, { timeout: 15_000 }).toBe(count);
  return notes();
}

const refusals = async (id: string) =>
  (await gateway.entriesOf(id)).filter(({ event }) => event === 'approval.refused');

describe('whoever signals reads in the running workflow', () => {
  it('the card, before anything was sent', async () => {
    const id = await note('Called about the renewal.');
    await expect.poll(() => signaller.details(id)).toContain('Waits for a decision');
    const { block } = readMarkdown(await signaller.details(id));
    expect(fieldsIn(block).find(({ label }) => label === 'Note')?.after).toContain(
      'Called about the renewal.',
    );
  });

  it('that nobody was proven, whatever was wrong, and it is in the log', async () => {
    const { email } = await person('Wrong Code');
    const id = await note('Unproven.');
    await signaller.signal(id, { person: email, decision: 'approve', code: '000000' });
    await signaller.signal(id, { person: 'x@evil.test', decision: 'approve', code: '000000' });
    const notes = await told(id, 2);
    for (const one of notes) expect(one).toContain('Refused (approval.unproven): nobody proved');
    expect((await refusals(id)).map(({ facts }) => facts.reason)).toEqual(['code', 'person']);
  });

  it('that it was not read, when it is no decision', async () => {
    const id = await note('Malformed.');
    await signaller.signal(id, 'approve!');
    const [only] = await told(id, 1);
    expect(only).toContain('it was not read. It takes {"person"');
    expect(await refusals(id)).toMatchObject([{ facts: { reason: 'unreadable signal' } }]);
  });

  it.each(['in clear', 'copied from another request'])(
    'that it came %s and was not read; its good code decides nothing, and the log has a trace of it',
    async (how) => {
      const { word } = await person(`Sent ${how}`);
      const [id, other] = [await note(`Voided ${how}.`), await note('The other.')];
      if (how === 'in clear') await signaller.signalInClear(id, word());
      else await signaller.signalCopied(id, other, word());
      const [only] = await told(id, 1);
      expect(only).toContain('it came in clear, was changed, or was meant for another workflow');
      expect(await refusals(id)).toMatchObject([
        { actor: 'signal', code: 'approval.unproven', facts: { reason: 'voided signal' } },
      ]);
      // The code is good still, sent as it should be.
      await signaller.signal(id, word());
      expect((await gateway.ended(id)).body.status).toBe('succeeded');
    },
  );

  it('that codes are paused', async () => {
    const { email, word } = await person('Paused Codes');
    const id = await note('Paused.');
    for (let i = 0; i < TOTP_GUESSES.max; i += 1)
      await signaller.signal(id, { person: email, decision: 'approve', code: `00000${i}` });
    await signaller.signal(id, word());
    await expect
      .poll(async () => (await told(id, 8)).at(-1), { timeout: 15_000 })
      .toContain('too many wrong codes. Those of Paused Codes are paused until');
  });

  it('that a passkey is needed, or that it is not all shown here; a no counts all the same', async () => {
    const [first, second] = [await person('No Passkey'), await person('Too Long')];
    const strict = await waiting({
      action: 'create_task',
      subject: 'Call back.',
      due: '2027-01-15T09:00:00Z',
    });
    await signaller.signal(strict, first.word());
    const [needed] = await told(strict, 1);
    expect(needed).toContain('Refused (approval.elsewhere) for No Passkey');
    expect(needed).toContain('Policy asks for a passkey.');
    const long = await note('x\n'.repeat(2_000));
    expect(readMarkdown(await signaller.details(long)).prose).toContain(
      'It cannot be approved here. 1 of 2 fields cannot be shown in full here.',
    );
    await signaller.signal(long, second.word());
    const [hidden] = await told(long, 1);
    expect(hidden).toContain('1 of 2 fields cannot be shown in full here.');
    expect(await gateway.context.store.decisions.of(long)).toEqual([]);
    const third = await person('Says No');
    await signaller.signal(long, third.word('reject'));
    expect((await gateway.ended(long)).body.status).toBe('rejected');
  });

  it('what counted, after the end as well, and nothing that was said is lost by a wake', async () => {
    const { word } = await person('Yes Sayer');
    const id = await note('Decided by signal.');
    await signaller.signal(id, 'nonsense');
    await told(id, 1);
    await signaller.signal(id);
    await signaller.signal(id, word());
    expect((await gateway.ended(id)).body.status).toBe('succeeded');
    const notes = await told(id, 2);
    expect(notes[0]).toContain('it was not read');
    expect(notes[1]).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC Yes Sayer: the approval counts\.$/,
    );
    expect(readMarkdown(await signaller.details(id)).prose).toContain('Approved.');
  });
});
