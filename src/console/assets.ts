import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import type { Request, Response } from 'express';

const TYPES = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
} as const;
const FILES = [
  'console.css',
  'icon.svg',
  'console.js',
  'clocks.js',
  'forms.js',
  'keys.js',
  'live.js',
] as const;
const WEBAUTHN = 'simplewebauthn.js';
const HASH_CHARS = 16;

interface Asset {
  readonly type: string;
  readonly body: Buffer;
}

export interface Assets {
  /** Its address, with a hash over all of them: modules find one another by relative names. */
  readonly url: (name: string) => string;
  readonly send: (request: Request, response: Response, next: () => void) => void;
}

/** The vendor's own bundle, as it lies in the package: served to the browser, never run here. */
function webauthnFile(): string {
  const entry = createRequire(import.meta.url).resolve('@simplewebauthn/browser');
  return join(entry, '..', '..', 'dist', 'bundle', 'index.umd.min.js');
}

function load(): ReadonlyMap<string, Asset> {
  const own = FILES.map((name): [string, Asset] => {
    const type = TYPES[extname(name).slice(1) as keyof typeof TYPES];
    return [name, { type, body: readFileSync(join(import.meta.dirname, 'browser', name)) }];
  });
  const vendor: Asset = { type: TYPES.js, body: readFileSync(webauthnFile()) };
  return new Map([...own, [WEBAUTHN, vendor]]);
}

/** The sheet and the browser modules, read once: a changed file has another address. */
export function loadAssets(): Assets {
  const assets = load();
  const hash = createHash('sha256');
  for (const [name, { body }] of assets) hash.update(name).update('\0').update(body);
  const version = hash.digest('hex').slice(0, HASH_CHARS);
  return {
    url: (name) => `/console/assets/${version}/${name}`,
    send: (request, response, next) => {
      const { version: asked, name } = request.params as { version: string; name: string };
      const asset = asked === version ? assets.get(name) : undefined;
      if (asset === undefined) {
        next();
        return;
      }
      response
        .set('Cache-Control', 'public, max-age=31536000, immutable')
        .type(asset.type)
        .send(asset.body);
    },
  };
}
