import { Client, Connection } from '@temporalio/client';
import { generateSync } from 'otplib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createDataConverter } from '../../src/adapters/temporal/data-converter.ts';
import { gateDeskId } from '../../src/adapters/temporal/gate-desk.ts';
import { createPayloadCodec } from '../../src/adapters/temporal/payload-codec.ts';
import { loadPayloadKeys } from '../../src/adapters/temporal/payload-keys.ts';
import { readMarkdown, rowsIn } from '../support/engine-markdown.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

/** The desk of the gateway in the engine: as whoever sits in Temporal's UI has it. */
let gateway: TestGateway;
let connection: Connection;
let sealed: Client;
let inClear: Client;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  const { secrets, config } = gateway.context;
  const { namespace } = config.temporal;
  connection = await Connection.connect({ address: inject('temporalAddress') });
  const codec = createPayloadCodec({ keys: await loadPayloadKeys(secrets), namespace });
  sealed = new Client({ connection, namespace, dataConverter: createDataConverter(codec) });
  inClear = new Client({ connection, namespace });
});
afterAll(async () => {
  await connection.close();
  await gateway.close();
});

const desk = (by: Client) =>
  by.workflow.getHandle(gateDeskId(gateway.config.temporal.taskQueue, 'main'));

const details = async (): Promise<string> => {
  const metadata: { currentDetails?: string } = await desk(sealed).query(
    '__temporal_workflow_metadata',
  );
  return metadata.currentDetails ?? '';
};

/** What it says became of signals, the last one last. */
async function said(count: number): Promise<string[]> {
  const notes = async (): Promise<string[]> => {
    const { block, active } = readMarkdown(await details());
    expect(active).toEqual([]);
    return rowsIn(block).flatMap(({ name, value }) => (name === 'Signal' ? [value ?? ''] : []));
  };
  await expect.poll(async () => (await notes()).length, { timeout: 15_000 }).toBe(count);
  return notes();
}

describe('the desk in Temporal’s view', () => {
  it('stands from the start, and says how an incident is opened there', async () => {
    await expect.poll(details, { timeout: 15_000 }).toContain('open_incident');
  });

  it('opens nothing for a signal in clear, or one that proves nobody, and says so', async () => {
    const forged = { person: 'eve@evil.test', code: '123456' };
    await desk(inClear).signal('open_incident', forged);
    expect((await said(1))[0]).toContain('came in clear');
    await desk(sealed).signal('open_incident', forged);
    expect((await said(2))[1]).toContain('nobody proved with it');
    expect(await gateway.context.store.incidents.underWay()).toEqual([]);
  });

  it('freezes and opens an incident for an operator’s code, whose own workflow then runs', async () => {
    const { record } = await gateway.addPerson('Oda Operator', ['operator']);
    const code = generateSync({ secret: record.totpSecret });
    const reason = '<script>alert(1)</script> [x](https://evil.test)';
    await desk(sealed).signal('open_incident', { person: record.email, code, reason });
    const notes = await said(3);
    const { body } = await gateway.approver.call('GET', '/v1/incidents');
    const [incident] = body.incidents;
    expect(incident).toMatchObject({ opened_by: `person:${record.id}`, reason });
    expect(notes[2]).toContain(incident.id);
    const write = { action: 'create_note', contact_id: '20001', note: 'Too late' };
    expect((await gateway.submit(write)).body.code).toBe('freeze.active');
    await expect
      .poll(async () => (await gateway.context.store.incidents.get(incident.id))?.stage, {
        timeout: 15_000,
      })
      .toBe('rotating');
  });
});
