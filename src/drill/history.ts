import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Scorecard, ScorecardSchema } from '../contracts/drill.ts';
import type { Drill } from './run.ts';

/** Only for who runs the gateway: a post-mortem names rules and people of the policy. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const SUFFIX = '.json';

/** Keeps a drill: its scorecard, and its post-mortem beside it. Returns the scorecard's file. */
export function keepDrill(folder: string, { scorecard, postMortem }: Drill): string {
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
  const file = join(folder, `${scorecard.id}${SUFFIX}`);
  writeFileSync(file, `${JSON.stringify(scorecard, null, 2)}\n`, { mode: FILE_MODE });
  writeFileSync(join(folder, `${scorecard.id}.md`), postMortem, { mode: FILE_MODE });
  return file;
}

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    // No drill yet.
    return [];
  }
};

function readScorecard(file: string): Scorecard | undefined {
  try {
    return ScorecardSchema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

/** Newest first, of the newest `max` files. One that is no scorecard is left out. */
export const pastDrills = (folder: string, max = Infinity): readonly Scorecard[] =>
  namesIn(folder)
    .filter((name) => name.endsWith(SUFFIX))
    .toSorted()
    .reverse()
    .slice(0, max)
    .flatMap((name) => readScorecard(join(folder, name)) ?? []);
