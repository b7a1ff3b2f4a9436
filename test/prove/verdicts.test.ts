import { describe, expect, it } from 'vitest';
import {
  type Guarantee,
  type GuaranteeResult,
  isProven,
  tryGuarantee,
} from '../../src/prove/guarantee.ts';
import { toJUnit } from '../../src/prove/junit.ts';
import { LAWS } from '../../src/prove/laws.ts';
import type { Rig } from '../../src/prove/rig.ts';
import { dueFor } from '../../src/prove/run.ts';
import { NotApplicableError, NotShownError } from '../../src/prove/unproven.ts';
import { isLoopback } from '../../src/prove/watch.ts';

const law = { number: 1, title: 'a law', guarantees: [] };
const noRig = {} as Rig;
const tried = (prove: Guarantee['prove']): Promise<GuaranteeResult> =>
  tryGuarantee(law, { id: 'L01.1', title: 'a <guarantee> & "more"', prove }, noRig);

describe('what a guarantee can come to', () => {
  it('nothing exercised is not a pass', async () => {
    const result = await tried(() => Promise.resolve());
    expect(result).toMatchObject({
      verdict: 'not_shown',
      tried: 0,
      reasons: ['nothing was exercised'],
    });
    expect(isProven([result])).toBe(false);
  });

  it('one breach among many is a failure, also when the rest could not be tried', async () => {
    const result = await tried((_rig, tally) => {
      tally.held(true, 'fine');
      tally.held(false, 'broken here');
      throw new NotShownError('and then the gateway was gone');
    });
    expect(result).toMatchObject({
      verdict: 'failed',
      tried: 2,
      held: 1,
      reasons: ['broken here'],
    });
    expect(isProven([result])).toBe(false);
  });

  it('an error is no pass, whatever held before it', async () => {
    const result = await tried((_rig, tally) => {
      tally.held(true, 'fine');
      tally.sure(false, 'the write beside it was not sent');
      return Promise.resolve();
    });
    expect(result).toMatchObject({ verdict: 'not_shown', held: 1 });
    expect(isProven([result])).toBe(false);
  });

  it('what does not apply says why and does not stand in the way', async () => {
    const result = await tried(() =>
      Promise.reject(new NotApplicableError('your policy has none')),
    );
    expect(result).toMatchObject({ verdict: 'not_applicable', reasons: ['your policy has none'] });
    const shown = await tried((_rig, tally) => {
      tally.held(true, 'never');
      return Promise.resolve();
    });
    expect(isProven([result, shown])).toBe(true);
    expect(isProven([result])).toBe(false);
  });

  it('a run of nothing proves nothing', () => {
    expect(isProven([])).toBe(false);
  });
});

describe('the guarantees', () => {
  const ids = LAWS.flatMap(({ guarantees }) => guarantees.map(({ id }) => id));

  it('are more than thirty-two, for each of the twelve laws, each with an id of its own', () => {
    expect(ids.length).toBeGreaterThanOrEqual(32);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(LAWS.map(({ number }) => number)).size).toBe(13);
    for (const { number, guarantees } of LAWS)
      for (const [i, { id }] of guarantees.entries())
        expect(id).toBe(`L${String(number).padStart(2, '0')}.${i + 1}`);
  });

  it('are all tried without a choice, those that look at the whole run last', () => {
    const due = dueFor({ laws: [] }).map(({ guarantee }) => guarantee);
    expect(due.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    const firstLast = due.findIndex(({ isLast }) => isLast === true);
    expect(due.slice(firstLast).every(({ isLast }) => isLast === true)).toBe(true);
    expect(dueFor({ laws: [12] }).map(({ guarantee }) => guarantee.id)).toEqual(['L12.1', 'L12.2']);
  });
});

describe('the JUnit report', () => {
  it('has a failure, an error and a skip, and no character that breaks it', async () => {
    const results = await Promise.all([
      tried((_rig, tally) => {
        tally.held(true, 'fine');
        return Promise.resolve();
      }),
      tried((_rig, tally) => {
        tally.held(false, 'a "quote" & a <tag>\u0007');
        return Promise.resolve();
      }),
      tried(() => Promise.resolve()),
      tried(() => Promise.reject(new NotApplicableError('none'))),
    ]);
    const xml = toJUnit({
      seed: 1,
      startedAt: '',
      ms: 1,
      policy: '',
      policyDigest: '',
      changedSettings: {},
      results,
    });
    expect(xml).toContain('tests="4" failures="1" errors="1" skipped="1"');
    expect(xml).toContain('<failure message="a &quot;quote&quot; &amp; a &lt;tag&gt;?"/>');
    expect(xml).toContain('<error message="nothing was exercised"/>');
    expect(xml).toContain('<skipped message="none"/>');
    expect(xml.match(/<testcase /g)).toHaveLength(4);
    expect(xml.match(/<\/testcase>/g)).toHaveLength(4);
  });
});

describe('what is taken for this machine', () => {
  it.each([
    ['0100007F:1F90', true],
    ['0200A8C0:01BB', false],
    ['00000000000000000000000001000000:1F90', true],
    ['0000000000000000FFFF00000100007F:1F90', true],
    ['0000000000000000FFFF00000200A8C0:01BB', false],
    ['B80D0120000000000000000001000000:01BB', false],
  ])('%s: %s', (remote, expected) => {
    expect(isLoopback(remote)).toBe(expected);
  });
});
