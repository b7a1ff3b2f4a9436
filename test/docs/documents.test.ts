import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ACTIONS } from '../../src/actions/catalogue.ts';
import { ENVIRONMENT } from '../../src/config.ts';
import { DecideSignalSchema } from '../../src/contracts/decision.ts';

const read = (path: string): string => readFileSync(path, 'utf8');
const settings = Object.keys(ENVIRONMENT.shape);
const DECISIONS = readdirSync('docs/decisions').map((name) => `docs/decisions/${name}`);
const PAGES = [
  ...['README.md', 'ARCHITECTURE.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...['docs/operations.md', 'docs/hubspot-setup.md', 'docs/playbook.md', 'docs/webhooks.md'],
  'docs/aws/README.md',
  ...DECISIONS,
];

describe('docs/operations.md', () => {
  it('lists every setting and no other', () => {
    const listed = [
      ...read('docs/operations.md').matchAll(/^\| `((?:SALLYPORT|TEMPORAL)_\w+)`\s*\|/gm),
    ].map(([, name]) => name);
    expect(listed.toSorted()).toEqual(settings.toSorted());
  });

  it('gives each setting’s default as config.ts has it', () => {
    const isSeconds = (name: string): boolean => /(?<!PER_10)_SECONDS$/.test(name);
    const parsed = ENVIRONMENT.parse({}) as Record<string, string | number | boolean | undefined>;
    const defaults = Object.entries(parsed).map(
      // Settings in seconds are kept in ms.
      ([name, value]) => [name, String(isSeconds(name) ? Number(value) / 1000 : value)] as const,
    );
    const stated = new Map(
      [...read('docs/operations.md').matchAll(/^\| `(\w+_\w+)`\s*\| `([^`]+)`/gm)].map(
        ([, name = '', value = '']) => [name, value] as const,
      ),
    );
    expect(defaults.length).toBeGreaterThan(10);
    for (const [name, value] of defaults) expect([name, stated.get(name)]).toEqual([name, value]);
  });
});

describe('deciding by signal', () => {
  const section =
    /## Deciding by signal\n([\s\S]*?)\n## /.exec(read('docs/operations.md'))?.[1] ?? '';

  it('is linked from the README and gives JSON that the gateway reads', () => {
    expect(read('README.md')).toContain('docs/operations.md#deciding-by-signal');
    const examples = [...section.matchAll(/\{ ?"person".*\}/g)].map(([json]) => JSON.parse(json));
    expect(examples).toHaveLength(2);
    for (const example of examples)
      expect(DecideSignalSchema.safeParse(example).error).toBeUndefined();
    for (const field of Object.keys(DecideSignalSchema.shape))
      expect(section).toContain(`\`${field}\``);
  });

  it('names the signal as the workflow defines it, and how it is encrypted', () => {
    expect(read('src/workflows/messages.ts')).toMatch(/defineSignal<.*>\('decide'\)/);
    expect(section).toContain('--name decide');
    expect(section).toContain('--codec-endpoint');
  });
});

describe('following a request', () => {
  it('is linked from the README, with the routes and commands for it', () => {
    const section = /## Following a request\n([\s\S]*?)\n## /.exec(read('docs/operations.md'))?.[1];
    expect(read('README.md')).toContain('docs/operations.md#following-a-request');
    for (const word of [
      'Prefer: wait',
      'DELETE /v1/actions/{id}',
      'sallyport requests',
      'sallyport request ',
    ])
      expect(section).toContain(word);
  });
});

describe('docs/hubspot-setup.md', () => {
  const rows = [
    ...read('docs/hubspot-setup.md').matchAll(
      /^\| `(crm\.[\w.]+|tickets|sales-email-read)`\s*\|(.*)\|$/gm,
    ),
  ].map(([, scope = '', actions = '']) => ({
    scope,
    actions: [...actions.matchAll(/`(\w+)`/g)].map(([, action]) => action ?? ''),
  }));

  it('asks for exactly the scopes of the catalogue', () => {
    const needed = new Set(ACTIONS.flatMap(({ scopes }) => scopes));
    expect(rows.map(({ scope }) => scope).toSorted()).toEqual([...needed].toSorted());
  });

  it('names for each scope the actions that need it', () => {
    const needed = rows.map(({ scope }) => ({
      scope,
      actions: ACTIONS.filter(({ scopes }) => scopes.includes(scope)).map(({ name }) => name),
    }));
    const sorted = (list: typeof rows) =>
      list.map(({ scope, actions }) => ({ scope, actions: actions.toSorted() }));
    expect(sorted(rows)).toEqual(sorted(needed));
  });
});

describe('docker-compose.yml', () => {
  const compose = read('docker-compose.yml');
  const services = new Map(
    [
      ...compose
        .slice(compose.indexOf('\nservices:'), compose.indexOf('\nnetworks:'))
        .matchAll(/^ {2}([a-z-]+):\n((?: {4}.*\n|\n| {2}#.*\n)+)/gm),
    ].map(([, name = '', text = '']) => [name, text]),
  );

  it('sets nothing on the gateway that config.ts does not read', () => {
    const names = [...(services.get('gateway') ?? '').matchAll(/^ {6}([A-Z_]+):/gm)];
    expect(names.length).toBeGreaterThan(3);
    expect(names.map(([, name]) => name).filter((name) => !settings.includes(name ?? ''))).toEqual(
      [],
    );
  });

  it('never stands the simulator in for HubSpot', () => {
    expect(services.get('gateway')).toContain('SALLYPORT_HUBSPOT_URL: https://api.hubapi.com');
  });

  it('publishes API and UI on loopback and nothing else, and has no default password', () => {
    const ports = [...compose.matchAll(/ports: \['([^']+)'\]/g)].map(([, port]) => port);
    expect(ports).toEqual(['127.0.0.1:8481:8080', '127.0.0.1:8480:8480']);
    expect([...compose.matchAll(/PASSWORD: |PWD: /g)].length).toBe(
      [...compose.matchAll(/\$\{POSTGRES_PASSWORD:\?/g)].length,
    );
  });

  it('takes every right away that a service does not need', () => {
    expect(services.size).toBe(7);
    expect(compose).toContain("cap_drop: ['ALL']");
    expect(compose).toContain("security_opt: ['no-new-privileges:true']");
    const soft = [...services].filter(([, text]) => !text.includes('<<: *hardened'));
    expect(soft.map(([name]) => name)).toEqual([]);
    const writable = [...services].filter(([, text]) => !text.includes('read_only: true'));
    expect(writable.map(([name]) => name)).toEqual(['temporal-ui']);
  });

  it('has a secret store of its own only where it is asked for, which the gateway alone reaches', () => {
    const openbao = services.get('openbao') ?? '';
    expect(openbao).toContain("profiles: ['vault']");
    expect(openbao).toContain("networks: ['vault']");
    expect(openbao).not.toMatch(/ports:|TOKEN|-dev/);
    expect(compose).toContain('vault: { internal: true }');
    const neighbours = [...services].filter(([, text]) => /networks: .*'vault'/.test(text));
    expect(neighbours.map(([name]) => name)).toEqual(['openbao', 'gateway']);
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

/** Paths are given from the root, or, where a page says so, from `src/`. */
const isThere = (path: string): boolean => existsSync(path) || existsSync(join('src', path));

/** As the command line itself lists them. */
const commands = new Set(
  [
    ...spawnSync(process.execPath, ['src/cli/main.ts', '--help'], {
      encoding: 'utf8',
    }).stdout.matchAll(/^ {2}([a-z]+)(?: |$)/gm),
  ].map(([, name]) => name),
);

describe.each(PAGES)('%s', (page) => {
  const text = read(page);

  it('links to files that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)];
    const dead = links.filter(([, link = '']) => !existsSync(join(dirname(page), link)));
    expect(dead.map(([, link]) => link)).toEqual([]);
  });

  it('names source files that exist', () => {
    const paths = [...text.matchAll(/`((?:[\w-]+\/)+[\w.-]+\.(?:ts|mjs|cedar|md|json))`/g)].map(
      ([, path = '']) => path,
    );
    const gone = paths.filter((path) => !/^(?:data|log|secrets|\/)/.test(path) && !isThere(path));
    expect(gone).toEqual([]);
  });

  it('names commands that the command line has', () => {
    expect(commands.size).toBeGreaterThan(5);
    const used = [...text.matchAll(/\bsallyport ([a-z]+)(?: ([a-z]+)\b)?/g)]
      .filter(({ index }) => /[`\n]|npx |&& /.test(text.slice(Math.max(0, index - 4), index)))
      .map(([, command]) => command);
    expect(used.filter((command) => !commands.has(command))).toEqual([]);
  });

  it('points to headings that exist', () => {
    const anchors = [...text.matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)];
    const slugs = (file: string): string[] =>
      [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replace(/[^\w\- ]/g, '')
          .replaceAll(' ', '-'),
      );
    const dead = anchors.filter(
      ([, link = '', anchor = '']) =>
        !slugs(link === '' ? page : join(dirname(page), link)).includes(anchor),
    );
    expect(dead.map(([, link, anchor]) => `${link}#${anchor}`)).toEqual([]);
  });
});

describe.each(DECISIONS)('%s', (page) => {
  it('tells story, decision, costs, security and alternatives on one page', () => {
    const text = read(page);
    for (const heading of ['Story', 'Decision', 'Costs', 'Security', 'Alternatives'])
      expect(text).toMatch(new RegExp(`^\\*\\*${heading}\\.\\*\\* `, 'm'));
    expect(text.split('\n').length).toBeLessThan(60);
  });
});

describe('the laws in SECURITY.md', () => {
  it('name every test that tries to break them', () => {
    const text = read('SECURITY.md');
    const tests = readdirSync('test/laws').filter((file) => file.startsWith('law-'));
    expect(tests.filter((file) => !text.includes(`\`test/laws/${file}\``))).toEqual([]);
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
