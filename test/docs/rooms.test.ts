import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** One violation for each rule of `.dependency-cruiser.cjs`: rule, the file that breaks it, its import. */
const PLANTED: readonly (readonly [rule: string, file: string, statement: string])[] = [
  ['contracts-are-schemas', 'contracts/a.ts', "export { x } from '../ports/target.ts';"],
  ['core-is-pure', 'core/a.ts', "export { z } from 'zod';"],
  ['ports-are-types', 'ports/a.ts', "export { x } from '../core/target.ts';"],
  ['actions-are-pure', 'actions/a.ts', "export { readFileSync } from 'node:fs';"],
  ['policy-is-cedar', 'policy/a.ts', "export { x } from '../actions/target.ts';"],
  ['the-gate-decides-on-ports', 'gate/a.ts', "export { readFileSync } from 'node:fs';"],
  ['workflows-are-pure', 'workflows/a.ts', "export { randomUUID } from 'node:crypto';"],
  ['activities-use-ports', 'activities/a.ts', "export { request } from 'node:https';"],
  ['audit-stands-alone', 'audit/a.ts', "export { x } from '../ports/target.ts';"],
  ['the-api-is-a-door', 'api/a.ts', "export { readFileSync } from 'node:fs';"],
  ['the-console-is-a-client', 'console/a.ts', "export { request } from 'node:https';"],
  ['the-cli-is-a-door', 'cli/a.ts', "export { x } from '../gateway.ts';"],
  ['prove-stands-outside', 'prove/a.ts', "export { x } from '../gate/target.ts';"],
  ['prove-knows-settings-and-no-main', 'prove/b.ts', "export type { X } from '../context.ts';"],
  ['prove-is-a-command', 'cli/d.ts', "export { x } from '../prove/target.ts';"],
  ['the-drill-plays-on-the-rig-of-prove', 'drill/a.ts', "export { x } from '../gate/target.ts';"],
  ['a-drill-is-a-command', 'cli/e.ts', "export { x } from '../drill/target.ts';"],
  ['embedded-is-about-processes', 'embedded/a.ts', "export { x } from '../gate/target.ts';"],
  ['config-reads-the-environment', 'config.ts', "export { x } from './gate/target.ts';"],
  ['adapters-are-strangers', 'adapters/hubspot/a.ts', "export { x } from '../store/target.ts';"],
  [
    'core-and-ports-know-contracts-only',
    'core/b.ts',
    "export type { X } from '../gate/target.ts';",
  ],
  [
    'workflows-know-activities-by-type-only',
    'workflows/b.ts',
    "export type { X } from '../gate/target.ts';",
  ],
  ['inner-rooms-do-not-know-outer-ones', 'gate/b.ts', "export type { X } from '../api/target.ts';"],
  ['the-console-knows-shapes-only', 'console/b.ts', "export type { X } from '../gate/target.ts';"],
  [
    'activities-do-not-decide-for-the-gate',
    'gate/c.ts',
    "export type { X } from '../activities/target.ts';",
  ],
  ['rooms-do-not-know-the-mains', 'api/b.ts', "export type { X } from '../gateway.ts';"],
  ['the-simulator-is-a-stranger', 'simulator/a.ts', "export type { X } from '../core/target.ts';"],
  ['nobody-uses-the-simulator', 'demo.ts', "export { x } from './simulator/target.ts';"],
  [
    'adapters-are-wired-by-the-mains',
    'api/c.ts',
    "export { x } from '../adapters/store/target.ts';",
  ],
  ['the-context-is-opened-by-the-mains', 'cli/b.ts', "export { x } from '../context.ts';"],
  ['activities-run-in-the-worker', 'api/d.ts', "export { x } from '../activities/target.ts';"],
  ['workflows-run-in-the-engine', 'gateway.ts', "export { x } from './workflows/target.ts';"],
  ['the-api-is-started-by-the-mains', 'main.ts', "export { x } from './api/target.ts';"],
  ['the-console-is-mounted-by-the-mains', 'api/e.ts', "export { x } from '../console/target.ts';"],
  ['embedded-belongs-to-npm-start', 'worker-main.ts', "export { x } from './embedded/target.ts';"],
  ['the-cli-is-a-program', 'api-main.ts', "export { x } from './cli/target.ts';"],
  ['hubspot-in-one-place', 'start-text.ts', "export { Client } from '@hubspot/api-client';"],
  ['sql-in-one-place', 'adapters/hubspot/b.ts', "export { Kysely } from 'kysely';"],
  ['age-in-one-place', 'adapters/hubspot/c.ts', "export { Encrypter } from 'age-encryption';"],
  [
    'aws-in-one-place',
    'adapters/secrets/age-file/a.ts',
    "export { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';",
  ],
  ['pino-in-one-place', 'adapters/hubspot/d.ts', "export { pino } from 'pino';"],
  [
    'cedar-in-one-place',
    'adapters/hubspot/e.ts',
    "export { checkParsePolicySet } from '@cedar-policy/cedar-wasm/nodejs';",
  ],
  [
    'webauthn-in-one-place',
    'adapters/hubspot/g.ts',
    "export { verifyAuthenticationResponse } from '@simplewebauthn/server';",
  ],
  ['undici-in-two-places', 'adapters/store/h.ts', "export { request } from 'undici';"],
  ['slack-in-one-place', 'adapters/hubspot/i.ts', "export { WebClient } from '@slack/web-api';"],
  ['webhooks-in-one-place', 'adapters/hubspot/j.ts', "export { Webhook } from 'standardwebhooks';"],
  ['mail-in-one-place', 'adapters/hubspot/k.ts', "export { createTransport } from 'nodemailer';"],
  ['express-in-one-place', 'adapters/hubspot/f.ts', "export { json } from 'express';"],
  ['temporal-in-few-places', 'run-process.ts', "export { Client } from '@temporalio/client';"],
  ['sqlite-in-few-places', 'cli/c.ts', "export { DatabaseSync } from 'node:sqlite';"],
  ['no-circular', 'core/c.ts', "export { x } from './d.ts';"],
];

const ROOMS =
  'contracts core ports actions policy gate workflows activities audit api cli console prove drill embedded simulator adapters/store';
const TARGETS: readonly (readonly [string, string])[] = [
  ...ROOMS.split(' ').map((room) => [`${room}/target.ts`, ''] as const),
  ['context.ts', ''],
  ['core/d.ts', "export { x as y } from './c.ts';"],
];
const TARGET_TEXT = 'export const x = 1;\nexport interface X { readonly x: 1 }\n';

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

const config = resolve('.dependency-cruiser.cjs');
const folder = mkdtempSync(join(tmpdir(), 'sallyport-rooms-'));
let violations: readonly Violation[] = [];

function plant(file: string, text: string): void {
  const path = join(folder, 'src', file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

beforeAll(() => {
  for (const [file, text] of TARGETS) plant(file, `${TARGET_TEXT}${text}\n`);
  for (const [, file, statement] of PLANTED)
    plant(file, `${statement}\n${/^\w+\.ts$/.test(file) ? TARGET_TEXT.replaceAll('x', 'w') : ''}`);
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  symlinkSync(resolve('tsconfig.json'), join(folder, 'tsconfig.json'));
  const cruiser = resolve('node_modules/.bin/depcruise');
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [cruiser, '--config', config, '--output-type', 'json', 'src'],
    { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  if (stdout === '') throw new Error(stderr);
  violations = (JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary.violations;
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('the rules that hold the rooms apart', () => {
  it.each(PLANTED)('%s finds what breaks it', (rule, file) => {
    const found = violations.filter(({ from }) => from === `src/${file}`);
    expect(found.map(({ rule: broken }) => broken.name)).toContain(rule);
  });

  it('are all tried here', () => {
    const { forbidden } = createRequire(import.meta.url)(config) as {
      forbidden: { name: string }[];
    };
    const tried = new Set(PLANTED.map(([rule]) => rule));
    expect(forbidden.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([]);
  });
});
