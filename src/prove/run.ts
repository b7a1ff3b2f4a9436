import type { Config } from '../config.ts';
import { type Guarantee, type GuaranteeResult, type Law, tryGuarantee } from './guarantee.ts';
import { LAWS } from './laws.ts';
import { OWN_PRODUCT } from './product.ts';
import { openRig } from './rig.ts';
import { CHANGED_SETTINGS } from './scratch.ts';

/** Whole, with what is needed to run it again. */
export interface Report {
  readonly seed: number;
  readonly startedAt: string;
  readonly ms: number;
  readonly policy: string;
  /** SHA-256 (hex) of the policy's text. */
  readonly policyDigest: string;
  /** Settings that the scratch gateway does not take from the user's configuration. */
  readonly changedSettings: Readonly<Record<string, string>>;
  readonly results: readonly GuaranteeResult[];
}

export interface ProveOptions {
  readonly config: Config;
  /** Of these laws alone; all when empty. */
  readonly laws: readonly number[];
  /** Of these guarantees alone; all when empty. */
  readonly ids?: readonly string[];
  readonly seed: number;
  readonly stopping: AbortSignal;
  readonly onProgress: (message: string) => void;
  readonly onBegin: (guarantee: Guarantee) => void;
  readonly onResult: (result: GuaranteeResult) => void;
  /** Where the product lies that is tried; this one by default. */
  readonly product?: string;
}

interface Due {
  readonly law: Law;
  readonly guarantee: Guarantee;
}

/** What a run with these options tries, in its order. */
export function dueFor({ laws, ids = [] }: Pick<ProveOptions, 'laws' | 'ids'>): readonly Due[] {
  const due = LAWS.filter(({ number }) => laws.length === 0 || laws.includes(number)).flatMap(
    (law) => law.guarantees.map((guarantee) => ({ law, guarantee })),
  );
  const chosen = due.filter(({ guarantee }) => ids.length === 0 || ids.includes(guarantee.id));
  const isLast = ({ guarantee }: Due): boolean => guarantee.isLast === true;
  return [...chosen.filter((each) => !isLast(each)), ...chosen.filter(isLast)];
}

/**
 * Tries everything that is due on an installation of its own, and takes that away again, also when it
 * is stopped. Throws the signal's reason when it was, and what kept the installation from being built.
 */
export async function prove(options: ProveOptions): Promise<Report> {
  const { config, seed, stopping, onProgress, onBegin, onResult, product = OWN_PRODUCT } = options;
  const startedAt = new Date();
  const stopped = Promise.withResolvers<never>();
  stopped.promise.catch(() => undefined);
  const onStop = (): void => {
    stopped.reject(stopping.reason);
  };
  stopping.addEventListener('abort', onStop, { once: true });
  const results: GuaranteeResult[] = [];
  await using parts = new AsyncDisposableStack();
  const rig = await openRig({ config, product, seed, onProgress, stopping }, parts);
  for (const { law, guarantee } of dueFor(options)) {
    stopping.throwIfAborted();
    onBegin(guarantee);
    const result = await Promise.race([tryGuarantee(law, guarantee, rig), stopped.promise]);
    results.push(result);
    onResult(result);
  }
  stopping.removeEventListener('abort', onStop);
  onProgress('taking the scratch installation away …');
  return {
    seed,
    startedAt: startedAt.toISOString(),
    ms: Date.now() - startedAt.getTime(),
    policy: config.files.policy,
    policyDigest: rig.policy.digest,
    changedSettings: CHANGED_SETTINGS,
    results,
  };
}
