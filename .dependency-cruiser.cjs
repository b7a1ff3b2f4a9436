// The rooms of ARCHITECTURE.md as a check: imports go one way. test/docs/rooms.test.ts plants a
// violation of each rule and sees that it is found.
const src = (...rooms) => rooms.map((room) => `^src/${room}/`);
const pkg = (...names) => names.map((name) => `node_modules/${name}/`);
const CRYPTO = '^(node:)?crypto$';
/** Node's own modules as dependency-cruiser names them. */
const BUILT_IN =
  '^(node:)?(crypto|fs|path|os|net|url|util|readline|stream|child_process|events|timers|zlib|module|process|sqlite|buffer)';
/** Files that lie in `src/` itself: the composition root and the mains. */
const TOP_FILE = '^src/[^/]+\\.ts$';

const runTime = (to) => ({ ...to, dependencyTypesNot: ['type-only'] });
const rule = (name, from, to) => ({ name, severity: 'error', from, to });

/** What a room may import at run time; types may come from more (see the rules on types below). */
const room = (name, at, ...allowed) =>
  rule(name, { path: `^src/${at}` }, runTime({ pathNot: [`^src/${at}`, ...allowed] }));

const rooms = [
  room('contracts-are-schemas', 'contracts/', ...src('core'), ...pkg('zod')),
  room('core-is-pure', 'core/'),
  room('ports-are-types', 'ports/'),
  room('actions-are-pure', 'actions/', ...src('contracts', 'core'), ...pkg('zod')),
  room(
    'policy-is-cedar',
    'policy/',
    ...src('contracts', 'core'),
    ...pkg('@cedar-policy/cedar-wasm'),
    CRYPTO,
  ),
  room(
    'the-gate-decides-on-ports',
    'gate/',
    ...src('contracts', 'core', 'actions', 'policy', 'ports', 'audit'),
    CRYPTO,
  ),
  room('workflows-are-pure', 'workflows/', ...src('core'), ...pkg('@temporalio/workflow')),
  room(
    'activities-use-ports',
    'activities/',
    ...src('contracts', 'core', 'actions', 'gate', 'ports'),
    ...pkg('@temporalio/activity', 'otplib', 'zod'),
  ),
  room('audit-stands-alone', 'audit/', ...src('core'), ...pkg('canonicalize'), BUILT_IN),
  room(
    'the-api-is-a-door',
    'api/',
    ...src('contracts', 'core', 'actions', 'gate', 'ports'),
    ...pkg('express', 'helmet', 'rate-limiter-flexible', 'zod'),
    CRYPTO,
  ),
  room(
    'the-console-is-a-client',
    'console/',
    ...src('contracts', 'core'),
    ...pkg('express', 'zod'),
    '^(node:)?(crypto|fs|http|module|path)$',
    // The vendor's bundle, which has this name only where the browser sees it.
    '^\\./simplewebauthn\\.js$',
  ),
  room(
    'the-cli-is-a-door',
    'cli/',
    ...src('contracts', 'core', 'actions', 'policy', 'gate', 'ports', 'audit', 'prove', 'drill'),
    '^src/(compile-cache|config|context|dependencies)\\.ts$',
    ...pkg('commander', 'otplib', 'zod'),
    BUILT_IN,
  ),
  // It tries the product from outside, by processes, HTTP, files and commands: what it held in its
  // hands would be tried together with itself. What it knows is the law: words, policy and the log's form.
  room(
    'prove-stands-outside',
    'prove/',
    ...src('contracts', 'core', 'actions', 'policy', 'audit', 'embedded'),
    ...pkg('zod'),
    BUILT_IN,
  ),
  room(
    'the-drill-plays-on-the-rig-of-prove',
    'drill/',
    ...src('contracts', 'core', 'actions', 'prove'),
    ...pkg('zod'),
    BUILT_IN,
  ),
  room(
    'embedded-is-about-processes',
    'embedded/',
    '^src/core/(?:errors|gateway-error|failpoint-places)\\.ts$',
    ...pkg('@temporalio/client', '@temporalio/common', '@temporalio/worker'),
    BUILT_IN,
  ),
  room(
    'config-reads-the-environment',
    'config\\.ts$',
    '^src/(?:core/(?:errors|gateway-error|failpoint-places)|setting-addresses|(?:rule|deciding|secret-store|vault|aws)-settings)\\.ts$',
    ...pkg('zod'),
    BUILT_IN,
  ),
  rule(
    'adapters-are-strangers',
    { path: '^src/adapters/([^/]+)/' },
    runTime({
      path: '^src/',
      pathNot: ['^src/adapters/$1/', ...src('ports', 'contracts', 'core', 'audit')],
    }),
  ),
];

/** Not even types, so that an inner room can be read without an outer one. */
const types = [
  rule(
    'core-and-ports-know-contracts-only',
    { path: src('core', 'ports') },
    { path: '^src/', pathNot: src('core', 'ports', 'contracts') },
  ),
  rule(
    'workflows-know-activities-by-type-only',
    { path: src('workflows') },
    { path: '^src/', pathNot: src('workflows', 'core', 'contracts', 'ports', 'activities') },
  ),
  rule(
    'inner-rooms-do-not-know-outer-ones',
    { path: src('contracts', 'actions', 'policy', 'gate', 'audit', 'activities') },
    { path: src('api', 'cli', 'console', 'adapters', 'workflows', 'embedded') },
  ),
  rule(
    'the-console-knows-shapes-only',
    { path: src('console') },
    { path: '^src/', pathNot: src('console', 'contracts', 'core') },
  ),
  rule('activities-do-not-decide-for-the-gate', { path: src('gate') }, { path: src('activities') }),
  rule(
    'rooms-do-not-know-the-mains',
    { path: '^src/(?!cli/|prove/|drill/)[^/]+/' },
    { path: TOP_FILE },
  ),
  rule(
    'prove-knows-settings-and-no-main',
    { path: src('prove', 'drill') },
    { path: TOP_FILE, pathNot: '^src/config\\.ts$' },
  ),
  rule(
    'the-simulator-is-a-stranger',
    { path: src('simulator') },
    { path: '^src/', pathNot: src('simulator') },
  ),
  rule(
    'nobody-uses-the-simulator',
    { path: '^src/', pathNot: src('simulator') },
    { path: src('simulator') },
  ),
];

/** Where things may be wired, and by whom. */
const only = (name, by, path) =>
  rule(name, { path: '^src/', pathNot: [path, ...by] }, runTime({ path }));

const wiring = [
  only(
    'adapters-are-wired-by-the-mains',
    ['^src/(channels|context|dependencies|gateway|secret-stores|start)\\.ts$'],
    '^src/adapters/',
  ),
  only(
    'the-context-is-opened-by-the-mains',
    ['^src/(gateway|run-process|start|cli/context)\\.ts$'],
    '^src/(context|dependencies)\\.ts$',
  ),
  only('activities-run-in-the-worker', ['^src/gateway\\.ts$'], '^src/activities/'),
  only('workflows-run-in-the-engine', [], '^src/workflows/'),
  only('the-api-is-started-by-the-mains', ['^src/(dependencies|gateway)\\.ts$'], '^src/api/'),
  only('the-console-is-mounted-by-the-mains', ['^src/gateway\\.ts$'], '^src/console/'),
  only(
    'embedded-belongs-to-npm-start',
    ['^src/(start|run-process)\\.ts$', '^src/prove/'],
    '^src/embedded/',
  ),
  only('prove-is-a-command', ['^src/cli/prove\\.ts$', '^src/drill/'], '^src/prove/'),
  only('a-drill-is-a-command', ['^src/cli/drill\\.ts$'], '^src/drill/(?!history\\.)'),
  only('the-cli-is-a-program', [], '^src/cli/'),
];

/** One place for each vendor: replacing it is one room's work. */
const vendor = (name, packages, ...places) =>
  rule(name, { path: '^src/', pathNot: places }, runTime({ path: packages }));

const vendors = [
  vendor('hubspot-in-one-place', pkg('@hubspot'), '^src/adapters/hubspot/'),
  vendor('undici-in-two-places', pkg('undici'), '^src/adapters/(hubspot|notify)/'),
  vendor('slack-in-one-place', pkg('@slack'), '^src/adapters/notify/slack/'),
  vendor('webhooks-in-one-place', pkg('standardwebhooks'), '^src/adapters/notify/webhook/'),
  vendor('mail-in-one-place', pkg('nodemailer'), '^src/adapters/notify/email/'),
  vendor('sql-in-one-place', pkg('kysely'), '^src/adapters/store/'),
  vendor('age-in-one-place', pkg('age-encryption'), '^src/adapters/secrets/'),
  vendor('aws-in-one-place', pkg('@aws-sdk', '@smithy'), '^src/adapters/secrets/aws/'),
  vendor('pino-in-one-place', pkg('pino'), '^src/adapters/logger/'),
  vendor('webauthn-in-one-place', pkg('@simplewebauthn'), '^src/(adapters/webauthn|console)/'),
  vendor('cedar-in-one-place', pkg('@cedar-policy'), '^src/policy/'),
  vendor('express-in-one-place', pkg('express', 'helmet'), '^src/(api|console|simulator)/'),
  vendor(
    'temporal-in-few-places',
    pkg('@temporalio/(client|worker)'),
    '^src/(adapters/temporal|embedded)/',
    '^src/gateway\\.ts$',
  ),
  vendor(
    'sqlite-in-few-places',
    ['^(node:)?sqlite$'],
    '^src/(adapters/(store|secrets)|embedded|prove|simulator)/',
  ),
];

module.exports = {
  forbidden: [
    rule('no-circular', {}, { circular: true }),
    ...rooms,
    ...types,
    ...wiring,
    ...vendors,
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
