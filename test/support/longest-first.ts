import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** About how long each suite takes by itself, s; those that are not here take less than a minute and a half. */
const LONG_SUITES: Readonly<Record<string, number>> = {
  'test/e2e/views.test.ts': 511,
  'test/prove/sabotage.test.ts': 426,
  'test/faults/contain.test.ts': 353,
  'test/simulation/core.test.ts': 352,
  'test/console/pages-in-chromium.test.ts': 294,
  'test/faults/incident.test.ts': 222,
  'test/model/approvals.test.ts': 201,
  'test/prove/command.test.ts': 188,
  'test/drill/drill.test.ts': 172,
  'test/cli/safety.test.ts': 151,
  'test/e2e/passkeys.test.ts': 137,
  'test/faults/one-digest.test.ts': 129,
  'test/faults/waiting-approvals.test.ts': 119,
  'test/faults/second-start.test.ts': 115,
  'test/cli/connect.test.ts': 112,
  'test/e2e/accessibility.test.ts': 109,
  'test/e2e/incident.test.ts': 98,
  'test/faults/neighbours.test.ts': 94,
  'test/faults/one-digest-tampering.test.ts': 92,
};

/**
 * The long suites first, so that the end of a run is short ones and no worker is alone with a long one.
 * Vitest knows how long each took on a machine that has run them before; a fresh one has sizes to go by,
 * and the longest suites are not the largest files.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { root } = this.ctx.config;
    const gone = Object.keys(LONG_SUITES).filter((name) => !existsSync(join(root, name)));
    if (gone.length > 0) throw new Error(`test/support/longest-first.ts names ${gone.join(', ')}`);
    const sorted = await super.sort(files);
    const secondsOf = ({ moduleId }: TestSpecification): number =>
      LONG_SUITES[relative(root, moduleId)] ?? 0;
    return sorted.toSorted((one, other) => secondsOf(other) - secondsOf(one));
  }
}
