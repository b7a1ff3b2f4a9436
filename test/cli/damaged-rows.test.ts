import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agent, person, request, requestId } from '../adapters/store/fixtures.ts';
import { inFile } from '../support/store-file.ts';
import { createInstallation, type Installation } from './support.ts';

let at: Installation;

beforeAll(async () => {
  at = await createInstallation();
  await at.open(({ store }) =>
    store.commit(async (tx) => {
      for (const number of [1, 2]) {
        await tx.requests.insert(request(number));
        await tx.agents.insert(agent(number));
        await tx.people.insert(person(number));
      }
    }),
  );
  const damage = new Uint8Array(40);
  inFile(join(at.folder, 'data', 'store.db'), (file) => {
    file.prepare('update requests set plan = ? where id = ?').run(damage, requestId(1));
    file.prepare('update agents set voucher = ? where id = ?').run(damage, agent(1).id);
    file.prepare('update people set totp_secret = ? where id = ?').run(damage, person(1).id);
  });
});
afterAll(() => {
  at.remove();
});

describe('a damaged row', () => {
  it.each([
    [['requests'], requestId],
    [['agent', 'list'], (number: number) => agent(number).id],
    [['person', 'list'], (number: number) => person(number).id],
  ] as const)('is named beside the others by %s', async (command, id) => {
    const said = await at.sallyport(command);
    expect(said.status).toBe(0);
    expect(said.out).toContain(id(2));
    expect(said.out).not.toContain(id(1));
    expect(said.err).toContain(`Damaged, so not shown and not acted on: ${id(1)}.`);
    const { out } = await at.sallyport([...command, '--json']);
    expect((JSON.parse(out) as { id: string }[]).map((row) => row.id)).toEqual([id(2)]);
  });

  it('does not keep others from being revoked', async () => {
    expect((await at.sallyport(['agent', 'revoke', agent(2).id])).status).toBe(0);
    expect((await at.sallyport(['person', 'revoke', person(2).id])).status).toBe(0);
  });

  it('is what the doctor finds', async () => {
    const { out, status } = await at.sallyport(['doctor']);
    expect(status).toBe(1);
    const ids = [agent(1).id, person(1).id, requestId(1)].join(', ');
    expect(out).toMatch(new RegExp(`FAIL {2}record opens +damaged: ${ids}`));
  });
});
