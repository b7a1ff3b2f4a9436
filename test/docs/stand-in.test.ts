import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareScopes } from '../../src/gate/connection-scopes.ts';
import { FaultInputSchema } from '../../src/simulator/faults.ts';
import { type SimulatorProcess, startSimulator } from '../support/simulator.ts';

const section =
  /## The stand-in for HubSpot\n([^]*?)(?=\n## |$)/.exec(
    readFileSync('docs/hubspot-setup.md', 'utf8'),
  )?.[1] ?? '';
const [address = '', rotate = '', faults = '', edits = ''] = [
  ...section.matchAll(/```sh\n([^]*?)```/g),
].map(([, block]) => block ?? '');

let folder: string;
let sim: SimulatorProcess;

beforeAll(async () => {
  sim = await startSimulator();
  folder = mkdtempSync(join(tmpdir(), 'sallyport-docs-'));
  mkdirSync(join(folder, 'data'));
  const run = JSON.stringify({ simulator_control: sim.controlUrl });
  writeFileSync(join(folder, 'data', 'run.json'), run);
});
afterAll(async () => {
  await sim.stop();
  rmSync(folder, { recursive: true });
});

/** As somebody pastes it, in the folder of the gateway. */
function paste(block: string): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-e', '-c', `${address}\n${block}`], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

const holds = async (token: string): Promise<number> => {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${sim.url}/account-info/2026-09/details`, { headers })).status;
};

describe('the stand-in for HubSpot, as docs/hubspot-setup.md has it', () => {
  it('rotates the key: the old one is dead, the new one has exactly the scopes of the actions', async () => {
    const old = await sim.token();
    const { token, scopes } = JSON.parse(paste(rotate)) as { token: string; scopes: string[] };
    expect([await holds(old), await holds(token)]).toEqual([401, 200]);
    expect(compareScopes(scopes)).toMatchObject({ missing: [], surplus: [] });
  });

  it('orders a lost answer, shows it and takes it back', async () => {
    expect(paste(faults)).toMatch(/"mode":"commit_then_drop"/);
    const { body } = await sim.control<{ faults: unknown[] }>('GET', '/faults');
    expect(body.faults).toEqual([]);
  });

  it('changes a record as a person, and tells of it', () => {
    expect(paste(edits)).toMatch(/"source":"ui"/);
  });

  it('has every door that is listed, and every mode', async () => {
    const doors = [...section.matchAll(/^\| `(GET|POST|DELETE) (\/[\w/]+)`/gm)];
    expect(doors.length).toBeGreaterThan(10);
    for (const [, method = '', path = ''] of doors)
      expect([path, (await sim.control(method, path)).status]).not.toEqual([path, 404]);
    for (const mode of FaultInputSchema.shape.mode.options)
      expect(section).toContain(`\`${mode}\``);
  });
});
