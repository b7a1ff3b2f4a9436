import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, inject, it, onTestFinished } from 'vitest';
import { createRunningGateway, type RunningGateway } from '../support/running-gateway.ts';

let gateway: RunningGateway;

afterEach(() => gateway.close());

async function create(env: Record<string, string>): Promise<void> {
  gateway = await createRunningGateway({
    main: 'src/api-main.ts',
    temporalCli: 'not needed',
    env: {
      ...env,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      SALLYPORT_HUBSPOT_URL: 'http://127.0.0.1:9',
    },
  });
}

describe('an API that cannot listen', () => {
  it.each(['192.0.2.1', 'nowhere.invalid'])(
    'because %s is not of this machine says so, and nothing of the port',
    async (host) => {
      await create({ SALLYPORT_HOST: host });
      gateway.launch();
      expect(await gateway.exited()).toBe(1);
      expect(gateway.output()).toMatch(new RegExp(`SALLYPORT_HOST.*${host}.*127\\.0\\.0\\.1`));
      expect(gateway.output()).not.toContain('SALLYPORT_PORT');
    },
    60_000,
  );

  it('because somebody has the port says that, and nothing of the host', async () => {
    await create({ SALLYPORT_HOST: '127.0.0.1' });
    const port = Number(gateway.env['SALLYPORT_PORT']);
    const holder = createServer().listen(port, '127.0.0.1');
    await once(holder, 'listening');
    onTestFinished(() => {
      holder.close();
    });
    gateway.launch();
    expect(await gateway.exited()).toBe(1);
    expect(gateway.output()).toMatch(
      new RegExp(`Port ${port} on 127.0.0.1 is taken.*SALLYPORT_PORT`),
    );
    expect(gateway.output()).not.toContain('SALLYPORT_HOST');
  }, 60_000);
});

describe('what keeps a gateway from starting', () => {
  it('is said in a sentence that begins as one', async () => {
    await create({ SALLYPORT_POLICY: '/no/such/policy.cedar' });
    gateway.launch();
    expect(await gateway.exited()).toBe(1);
    expect(gateway.output()).toMatch(
      /^Cannot start\. The policy file \S+ cannot be read; set SALLYPORT_POLICY/,
    );
  });
});
