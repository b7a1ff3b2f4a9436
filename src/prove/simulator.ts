import { join } from 'node:path';
import { z } from 'zod';
import { startSimulatorProcess } from '../embedded/simulator-process.ts';
import type { Scratch } from './scratch.ts';

const EffectSchema = z.looseObject({
  seq: z.number(),
  /** When, by its own clock. */
  at: z.string(),
  properties: z.record(z.string(), z.unknown()),
  source: z.string(),
});
export type Effect = z.infer<typeof EffectSchema>;

const MintedSchema = z.looseObject({ token: z.string(), app_id: z.int() });

export interface MintedKey {
  readonly token: string;
  readonly appId: number;
}

const CallSchema = z.looseObject({
  seq: z.number(),
  at: z.string(),
  method: z.string(),
  path: z.string(),
});
export type HubSpotCall = z.infer<typeof CallSchema>;

/** How the stand-in is told to treat a coming request (`src/simulator/faults.ts`). */
export interface Fault {
  readonly match?: { readonly method?: string; readonly path?: string };
  readonly mode: string;
  readonly times?: number;
  readonly delay_ms?: number;
}

/** HubSpot's stand-in: what it did and what it was asked, as it saw it itself. */
export interface Simulator {
  readonly url: string;
  /** A key of its own, or another one of the same app. */
  mint(of: {
    readonly scopes: 'all' | readonly string[];
    readonly appId?: number;
  }): Promise<MintedKey>;
  /** HubSpot refuses it from now on. */
  revoke(token: string): Promise<void>;
  /** What was changed in it, in order. */
  effects(): Promise<readonly Effect[]>;
  /** How many changes hold this text. */
  timesWritten(text: string): Promise<number>;
  /** Every request it got at its API. */
  calls(): Promise<readonly HubSpotCall[]>;
  arm(...faults: readonly Fault[]): Promise<void>;
  disarm(): Promise<void>;
  /** How far its search index is behind, ms. */
  lag(ms: number): Promise<void>;
  /** What a person does in HubSpot itself; the id of the record. */
  edit(change: Readonly<Record<string, unknown>>): Promise<string>;
  stop(): Promise<void>;
}

export async function startSimulator(
  of: { readonly product: string; readonly path: string },
  scratch: Scratch,
): Promise<Simulator> {
  const running = await startSimulatorProcess({
    main: join(of.product, 'src', 'simulator', 'main.ts'),
    port: 0,
    controlPort: 0,
    dataDir: join(scratch.folder, 'simulator'),
    logFile: join(scratch.logs, 'simulator.log'),
    path: of.path,
  });
  async function control(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${running.controlUrl}${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`the simulator refused ${method} ${path}: ${text}`);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  }
  await control('POST', '/limits', { enabled: false });
  const effects = async (): Promise<readonly Effect[]> =>
    z.object({ effects: z.array(EffectSchema) }).parse(await control('GET', '/effects')).effects;
  return {
    url: running.url,
    effects,
    mint: async ({ scopes, appId }) => {
      const body = { scopes, ...(appId === undefined ? {} : { app_id: appId }) };
      const minted = MintedSchema.parse(await control('POST', '/tokens', body));
      return { token: minted.token, appId: minted.app_id };
    },
    revoke: async (token) => {
      await control('POST', '/tokens/state', { token, state: 'revoked' });
    },
    timesWritten: async (text) =>
      (await effects()).filter(({ properties }) => JSON.stringify(properties).includes(text))
        .length,
    calls: async () =>
      z.looseObject({ requests: z.array(CallSchema) }).parse(await control('GET', '/requests'))
        .requests,
    arm: async (...faults) => {
      for (const fault of faults) await control('POST', '/faults', fault);
    },
    disarm: async () => {
      await control('DELETE', '/faults');
    },
    lag: async (ms) => {
      await control('POST', '/lag', { ms });
    },
    edit: async (change) =>
      z.looseObject({ id: z.string() }).parse(await control('POST', '/edits', change)).id,
    stop: () => running.stop(),
  };
}
