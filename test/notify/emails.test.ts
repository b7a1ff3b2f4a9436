import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { revokePerson } from '../../src/gate/roster.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { readMail, type SmtpStandIn, startSmtp } from '../support/smtp.ts';

let smtp: SmtpStandIn;
let gateway: TestGateway;
let contactId: string;
const ROBIN = 'robin@sallyport.test';
const LENA = 'lena.ott@sallyport.test';

beforeAll(async () => {
  smtp = await startSmtp();
  gateway = await startTestGateway({
    temporalAddress: inject('temporalAddress'),
    env: {
      SALLYPORT_SMTP_URL: `smtp://127.0.0.1:${smtp.port}`,
      SALLYPORT_MAIL_FROM: 'gate@sallyport.test',
    },
  });
  await gateway.addPerson('Lena Ott');
  const left = await gateway.addPerson('Left Already');
  await gateway.context.store.commit((tx) => revokePerson(tx, { id: left.record.id, by: 'test' }));
  const found = await gateway.submit({ action: 'search_contact', company: 'Acme Corp' });
  contactId = found.body.result.contacts[0].id;
});
afterAll(async () => {
  await gateway.close();
  await smtp.close();
});

const mailsAbout = (id: string) =>
  smtp.mails
    .map((mail) => ({ ...mail, ...readMail(mail) }))
    .filter(({ headers }) => headers.get('subject')?.includes(id));

async function mailed(id: string, count: number) {
  const deadline = Date.now() + 10_000;
  while (mailsAbout(id).length < count && Date.now() < deadline) await sleep(50);
  await sleep(600);
  return mailsAbout(id);
}

const submit = (userId: string) =>
  gateway.submit(
    { action: 'create_note', contact_id: contactId, note: `Called ${userId}` },
    { userId },
  );

describe('mail about an approval', () => {
  it('goes once to each who may decide, then says to them what became of it, in one thread', async () => {
    const { body } = await submit('dana@acme.test');
    const { id, digest } = body as { id: string; digest: string };
    const asked = await mailed(id, 2);
    expect(asked.map(({ to }) => to).toSorted()).toEqual([[LENA], [ROBIN]]);
    for (const { html, text } of asked)
      for (const form of [html, text])
        expect(form).toContain(`${gateway.config.origin}/console/approvals/${id}`);
    await gateway.approve(id, digest);
    await gateway.ended(id);
    const all = await mailed(id, 6);
    expect(all).toHaveLength(6);
    for (const to of [LENA, ROBIN]) {
      const [first, ...further] = all.filter((mail) => mail.to[0] === to);
      const name = first!.headers.get('message-id');
      expect(further.map(({ headers }) => headers.get('in-reply-to'))).toEqual([name, name]);
      expect(further[0]?.text).toContain('Robin Vale approved (key)');
    }
    expect(new Set(all.map(({ headers }) => headers.get('message-id'))).size).toBe(6);
  });

  it('goes to nobody who asked for it', async () => {
    const { body } = await submit(ROBIN);
    expect((await mailed(body.id, 1)).map(({ to }) => to)).toEqual([[LENA]]);
  });

  it('is repeated when the server was away, and shows one message to who has it twice', async () => {
    smtp.failNext('TAKEN', 'drop');
    const { body } = await submit(ROBIN);
    const twice = await mailed(body.id, 2);
    expect(twice).toHaveLength(2);
    expect(new Set(twice.map(({ headers }) => headers.get('message-id'))).size).toBe(1);
    const notices = await gateway.context.store.notices.of(body.id);
    expect(notices).toMatchObject([{ state: 'sent', attempts: 2 }]);
  });
});
