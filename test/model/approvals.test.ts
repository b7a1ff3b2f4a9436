import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { scaled } from '../faults/scale.ts';
import { COMMANDS } from './approvals-commands.ts';
import { type Counts, setUp } from './approvals-model.ts';
import { createWorlds } from './approvals-world.ts';

const RUNS = Number(process.env['RUNS'] ?? scaled(1_000, 10_000));
const TIME_LIMIT_MS = scaled(900_000, 3_600_000);
const worlds = createWorlds();
afterAll(() => worlds.close());

describe('P5: approvals, held against a model', () => {
  it(
    `keep its rules in ${RUNS} command runs: nobody for themselves, none below the quorum, none twice or late`,
    async () => {
      const counts: Counts = {
        ...{ commands: 0, counted: 0, refused: 0, begun: 0, clicks: 0 },
        ...{ absences: 0, inPlaceOf: 0, changed: 0 },
      };
      const property = fc.asyncProperty(
        fc.commands(COMMANDS, { size: 'max', maxCommands: 14 }),
        fc.scheduler(),
        async (commands, scheduler) => {
          const world = await worlds.next();
          await fc.asyncModelRun(() => setUp(world, counts, scheduler), commands);
        },
      );
      const seed = Number(process.env['SEED'] ?? Date.now() % 1e9);
      await fc.assert(property, { numRuns: RUNS, seed });
      console.info('P5', { seed, runs: RUNS, ...counts });
      // A model of which nothing comes about holds for everything.
      expect(Math.min(...Object.values(counts))).toBeGreaterThan(0);
    },
    TIME_LIMIT_MS,
  );
});
