import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { agentsPage } from '../../src/console/pages/agents.ts';
import { frameWith } from '../console/made-pages.ts';
import { runSallyport, type Said } from '../support/command.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
});
afterAll(() => gateway.close());

const habits = (...more: string[]): Promise<Said> => {
  const env = { PATH: process.env['PATH'], SALLYPORT_DATA_DIR: gateway.config.dataDir };
  return runSallyport(['person', 'habits', ...more], { env });
};
const asked = async (): Promise<unknown> =>
  (await gateway.approver.call('GET', '/v1/people/habits')).body;

describe('how people decide', () => {
  it('is nothing before anybody has decided', async () => {
    expect(await asked()).toEqual({ habits: [] });
    const { status, out } = await habits();
    expect([status, out]).toEqual([0, 'Nobody has decided on anything lately.\n']);
  });

  it('is the same through the API and at the command line', async () => {
    for (const note of ['One.', 'Two.']) {
      const { body } = await gateway.submit({ action: 'create_note', contact_id: '20001', note });
      await gateway.approve(body.id, body.digest);
    }
    const { record } = gateway.approver;
    const found: any = await asked();
    expect(found.habits).toMatchObject([
      { person: record.id, decisions: 2, approved: 2, is_rubber_stamp: false },
    ]);
    expect(JSON.parse((await habits('--json')).out)).toEqual(found.habits);
    const { out, err } = await habits();
    expect(out).toMatch(new RegExp(`${record.name} +2 +100 % +\\d+\\.\\d s`));
    expect(err).toContain('The last 30 days, 40 decisions of each at most.');
  });

  it('stands with each person in the console', () => {
    const frame = frameWith();
    const habit = { person: frame.reader.id, decisions: 20, approved: 19, median_seconds: 2 };
    const pageOf = (is_rubber_stamp: boolean): string =>
      agentsPage(
        { ...frame, people: [frame.reader] },
        { agents: [] },
        { ahead: { grants: [] }, habits: [{ ...habit, is_rubber_stamp }] },
      );
    const mark = 'Half of them faster than a card can be read';
    for (const is of [true, false]) {
      expect(pageOf(is)).toContain('19 of 20 decisions a yes, half of them within 2.0 s');
      expect(pageOf(is).includes(mark)).toBe(is);
    }
  });
});
