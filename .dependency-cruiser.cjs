// The rooms of ARCHITECTURE.md as a check: imports go one way.
const layer = (name, from, ...allowed) => ({
  name,
  severity: 'error',
  from: { path: `^src/${from}` },
  to: { pathNot: [`^src/${from}`, ...allowed], dependencyTypesNot: ['type-only'] },
});
const src = (...rooms) => rooms.map((room) => `^src/${room}/`);
const pkg = (...names) => names.map((name) => `node_modules/${name}/`);
const CRYPTO = '^(node:)?crypto$';
/** Node's own modules as dependency-cruiser names them. */
const BUILT_IN =
  '^(node:)?(crypto|fs|path|os|net|url|util|readline|stream|child_process|events|timers|zlib|module|process|sqlite|buffer)';

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    layer('contracts-are-schemas', 'contracts/', ...pkg('zod'), ...src('core')),
    layer('core-is-pure', 'core/'),
    layer('ports-are-types', 'ports/', ...src('core')),
    layer('actions-are-pure', 'actions/', ...src('contracts', 'core'), ...pkg('zod')),
    layer('workflows-are-pure', 'workflows/', ...src('core'), ...pkg('@temporalio/workflow')),
    layer(
      'policy-is-cedar',
      'policy/',
      ...src('contracts', 'core', 'actions', 'ports'),
      ...pkg('@cedar-policy/cedar-wasm', 'zod'),
      CRYPTO,
    ),
    layer(
      'the-gate-decides-on-ports',
      'gate/',
      ...src('contracts', 'core', 'actions', 'policy', 'ports', 'audit'),
      CRYPTO,
    ),
    layer(
      'activities-use-ports',
      'activities/',
      ...src('contracts', 'core', 'actions', 'policy', 'gate', 'ports', 'audit'),
      ...pkg('@temporalio/activity', '@temporalio/common', 'otplib', 'zod'),
      CRYPTO,
    ),
    layer(
      'audit-stands-alone',
      'audit/',
      ...src('contracts', 'core', 'ports'),
      ...pkg('canonicalize', 'zod'),
      BUILT_IN,
    ),
    layer(
      'embedded-is-about-processes',
      'embedded/',
      '^src/core/errors\\.ts$',
      ...pkg('@temporalio/client', '@temporalio/common', '@temporalio/worker'),
      BUILT_IN,
    ),
    layer(
      'cli-is-a-door',
      'cli/',
      ...src('actions', 'audit', 'contracts', 'core', 'gate', 'policy', 'ports'),
      '^src/(config|context)\\.ts$',
      ...pkg('commander', 'otplib', 'zod'),
      BUILT_IN,
    ),
    {
      name: 'adapters-are-strangers',
      severity: 'error',
      from: { path: '^src/adapters/([^/]+)/' },
      to: {
        path: '^src/',
        pathNot: ['^src/adapters/$1/', ...src('ports', 'contracts', 'core', 'audit')],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'the-simulator-is-a-stranger',
      severity: 'error',
      from: { path: '^src/simulator/' },
      to: { path: '^src/', pathNot: ['^src/simulator/'] },
    },
    {
      name: 'only-mains-compose',
      severity: 'error',
      from: {
        path: '^src/(?!adapters/)',
        pathNot: '^src/(context|gateway|run-process|main|cli/context)\\.ts$',
      },
      to: { path: ['^src/context\\.ts$', '^src/adapters/'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'api-is-thin',
      severity: 'error',
      from: { path: '^src/api/' },
      to: {
        path: ['^src/activities/', '^src/adapters/', '@temporalio/(worker|workflow)/'],
        dependencyTypesNot: ['type-only'],
      },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
