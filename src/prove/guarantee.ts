import type { Rig } from './rig.ts';
import { NotApplicableError, NotShownError } from './unproven.ts';

/** `L` and the law's number, a point, and the guarantee's number within the law. */
export type GuaranteeId = `L${string}.${number}`;

/** Counts what a guarantee really did. */
export interface Tally {
  /** One try. `false` is a breach of the law; `what` says which, for whoever reads the report. */
  held(isHeld: boolean, what: string): void;
  /** What has to be so for the try to mean anything. Throws `NotShownError`: such a run proves nothing. */
  sure(isSo: boolean, what: string): void;
}

/** One promise of the product, tried on the running product. */
export interface Guarantee {
  readonly id: GuaranteeId;
  readonly title: string;
  /** Looks at everything the others did, so it runs after them. */
  readonly isLast?: true;
  /** Throws `NotApplicableError` with its reason, or `NotShownError`. */
  prove(rig: Rig, tally: Tally): Promise<void>;
}

export interface Law {
  /** 0 is what `prove` promises of itself. */
  readonly number: number;
  readonly title: string;
  readonly guarantees: readonly Guarantee[];
}

export type Verdict = 'shown' | 'failed' | 'not_shown' | 'not_applicable';

export interface GuaranteeResult {
  readonly id: GuaranteeId;
  readonly law: number;
  readonly title: string;
  readonly verdict: Verdict;
  readonly tried: number;
  readonly held: number;
  readonly ms: number;
  /** Why it is not shown or not applicable, or what broke; empty when it was shown. */
  readonly reasons: readonly string[];
}

const REASONS_MAX = 10;

interface Counted extends Tally {
  readonly tried: number;
  readonly broken: readonly string[];
}

function createTally(): Counted {
  let tried = 0;
  const broken: string[] = [];
  return {
    get tried() {
      return tried;
    },
    broken,
    held: (isHeld, what) => {
      tried += 1;
      if (!isHeld) broken.push(what);
    },
    sure: (isSo, what) => {
      if (!isSo) throw new NotShownError(what);
    },
  };
}

/** A breach that was seen stays one, whatever became of the rest of the guarantee. */
function verdictOf(tally: Counted, thrown: unknown): Pick<GuaranteeResult, 'verdict' | 'reasons'> {
  if (tally.broken.length > 0) {
    const more = tally.broken.length - REASONS_MAX;
    const shown = tally.broken.slice(0, REASONS_MAX);
    return { verdict: 'failed', reasons: more > 0 ? [...shown, `and ${more} more`] : shown };
  }
  if (thrown instanceof NotApplicableError)
    return { verdict: 'not_applicable', reasons: [thrown.message] };
  if (thrown !== undefined) {
    const reason = thrown instanceof Error ? thrown.message : JSON.stringify(thrown);
    return { verdict: 'not_shown', reasons: [reason] };
  }
  return tally.tried === 0
    ? { verdict: 'not_shown', reasons: ['nothing was exercised'] }
    : { verdict: 'shown', reasons: [] };
}

/** Runs one guarantee. Never throws: nothing exercised is not a pass, and neither is an error. */
export async function tryGuarantee(
  law: Law,
  guarantee: Guarantee,
  rig: Rig,
): Promise<GuaranteeResult> {
  const { id, title } = guarantee;
  const tally = createTally();
  const since = performance.now();
  let thrown: unknown;
  try {
    await guarantee.prove(rig, tally);
  } catch (error) {
    thrown = error;
  }
  const { tried, broken } = tally;
  return {
    id,
    law: law.number,
    title,
    ...verdictOf(tally, thrown),
    tried,
    held: tried - broken.length,
    ms: Math.round(performance.now() - since),
  };
}

/** Whether a run may say that the laws hold: something is shown, and the rest honestly not applicable. */
export const isProven = (results: readonly GuaranteeResult[]): boolean =>
  results.some(({ verdict }) => verdict === 'shown') &&
  results.every(({ verdict }) => verdict === 'shown' || verdict === 'not_applicable');
