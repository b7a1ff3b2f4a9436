import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ACTIONS } from '../../src/actions/catalogue.ts';
import { ENVIRONMENT } from '../../src/config.ts';

const read = (path: string): string => readFileSync(path, 'utf8');
const settings = Object.keys(ENVIRONMENT.shape);

describe('docs/operations.md', () => {
  it('lists every setting and no other', () => {
    const listed = [
      ...read('docs/operations.md').matchAll(/^\| `((?:SALLYPORT|TEMPORAL)_\w+)`\s*\|/gm),
    ].map(([, name]) => name);
    expect(listed.toSorted()).toEqual(settings.toSorted());
  });
});

describe('docs/hubspot-setup.md', () => {
  it('asks for exactly the scopes of the catalogue', () => {
    const listed = [
      ...read('docs/hubspot-setup.md').matchAll(
        /^\| `(crm\.[\w.]+|tickets|sales-email-read)`\s*\|/gm,
      ),
    ].map(([, scope]) => scope);
    const needed = new Set(ACTIONS.flatMap(({ scopes }) => scopes));
    expect(listed.toSorted()).toEqual([...needed].toSorted());
  });
});

describe('docker-compose.yml', () => {
  const compose = read('docker-compose.yml');

  it('sets nothing on the gateway that config.ts does not read', () => {
    const gateway = compose.slice(compose.indexOf('\n  gateway:'), compose.indexOf('\nvolumes:'));
    const names = [...gateway.matchAll(/^ {6}([A-Z_]+):/gm)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(3);
    expect(names.filter((name) => !settings.includes(name ?? ''))).toEqual([]);
  });

  it('publishes API and UI on loopback and nothing else, and has no default password', () => {
    const ports = [...compose.matchAll(/ports: \['([^']+)'\]/g)].map(([, port]) => port);
    expect(ports).toEqual(['127.0.0.1:8481:8080', '127.0.0.1:8480:8480']);
    expect([...compose.matchAll(/PASSWORD: |PWD: /g)].length).toBe(
      [...compose.matchAll(/\$\{POSTGRES_PASSWORD:\?/g)].length,
    );
  });

  const hasCompose = spawnSync('docker', ['compose', 'version']).status === 0;
  it.runIf(hasCompose)('is what docker compose takes', () => {
    const { status, stderr } = spawnSync('docker', ['compose', 'config', '--quiet'], {
      env: { ...process.env, POSTGRES_PASSWORD: 'x' },
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});

describe('the generated documents', () => {
  it('are what the code says', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      ['scripts/generate-docs.ts', '--check'],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
