import { describe } from 'vitest';
import { createBench, type StoreUnderTest } from './contract/bench.ts';
import { describeLog } from './contract/log.ts';
import { describeNouns } from './contract/nouns.ts';
import { describePasskeys } from './contract/passkeys.ts';
import { describeRequests } from './contract/requests.ts';
import { describeUnits } from './contract/units.ts';
import { describeWaiting } from './contract/waiting.ts';

/** What every store owes by its port; each adapter's tests run it on the real thing. */
export function describeStoreContract(title: string, start: () => Promise<StoreUnderTest>): void {
  describe(title, () => {
    const bench = createBench(start);
    describeUnits(bench);
    describeRequests(bench);
    describeNouns(bench);
    describePasskeys(bench);
    describeLog(bench);
    describeWaiting(bench);
  });
}
