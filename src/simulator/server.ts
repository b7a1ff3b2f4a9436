import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createControlApp } from './control.ts';
import { Faults } from './faults.ts';
import type { Pipeline } from './http/pipeline.ts';
import { createApiApp } from './http/router.ts';
import type { Route } from './http/route.ts';
import { RateLimits } from './rate-limits.ts';
import { RequestLog } from './request-log.ts';
import { accountRoutes } from './routes/account.ts';
import { associationBatchRoutes } from './routes/associations-batch.ts';
import { associationRoutes } from './routes/associations.ts';
import { catalogueRoutes } from './routes/catalogue.ts';
import { oauthRoutes } from './routes/oauth.ts';
import { objectBatchRoutes } from './routes/objects-batch.ts';
import { objectRoutes } from './routes/objects.ts';
import { propertyRoutes } from './routes/properties.ts';
import { searchRoutes } from './routes/search.ts';
import { seedDemo } from './seed/demo.ts';
import { openDatabase } from './state/database.ts';
import { Store } from './state/store.ts';
import { TokenStore } from './state/token-store.ts';

export type SimulatorOptions = {
  dataDir: string;
  /** 0 = any free port. */
  port: number;
  /** 0 = any free port. */
  controlPort: number;
};

export type Simulator = { url: string; controlUrl: string; close: () => Promise<void> };

const LOOPBACK = '127.0.0.1';

function allRoutes(): Route[] {
  return [
    ...objectRoutes(),
    ...objectBatchRoutes(),
    ...searchRoutes(),
    ...associationRoutes(),
    ...associationBatchRoutes(),
    ...propertyRoutes(),
    ...catalogueRoutes(),
    ...accountRoutes(),
    ...oauthRoutes(),
  ];
}

/**
 * Longer than a client keeps an idle connection: closing one that is just being written to loses the
 * call, and a slow machine meets Node's five seconds often.
 */
const KEEP_ALIVE_MS = 120_000;

async function listen(listener: RequestListener, port: number): Promise<Server> {
  const server = createServer(listener);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, resolve);
  });
  return server;
}

const urlOf = (server: Server): string =>
  `http://${LOOPBACK}:${String((server.address() as AddressInfo).port)}`;

/** Cuts what still hangs (some of it on purpose) instead of waiting for it. */
async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  server.closeAllConnections();
  await closed;
}

/**
 * Starts a HubSpot stand-in on two loopback ports: the API and the control door. State lives in
 * `dataDir` and survives restarts; an empty folder is filled with the demo account.
 */
export async function createSimulator(options: SimulatorOptions): Promise<Simulator> {
  const database = openDatabase(options.dataDir);
  const store = new Store(database);
  // One transaction: a kill half-way through the seed leaves a folder that is still new.
  store.transaction(() => {
    if (store.takeIsNew()) seedDemo(store);
  });
  const pipeline: Pipeline = {
    world: {
      store,
      tokens: new TokenStore(database),
      limits: new RateLimits(),
      switches: {
        uniqueOnActivities: false,
        partialBatchStatus: 'as_published',
        requiredProperties: {},
      },
    },
    faults: new Faults(),
    log: new RequestLog(),
  };
  const api = await listen(createApiApp(pipeline, allRoutes()), options.port);
  const control = await listen(createControlApp(pipeline), options.controlPort);
  return {
    url: urlOf(api),
    controlUrl: urlOf(control),
    async close() {
      await Promise.all([closeServer(api), closeServer(control)]);
      database.close();
    },
  };
}
