import { randomUUID } from 'node:crypto';
import { z } from 'zod';

const FAULT_MODES = [
  'commit_then_drop',
  'commit_then_500',
  'commit_then_502',
  'commit_then_hang',
  'drop',
  'hang',
  'slow',
  '401',
  '423',
  '429',
  '477',
  '500',
  '502',
  '503',
  'html',
  'no_content_type',
  'redirect',
  'truncate',
  'bad_json',
] as const;

export type FaultMode = (typeof FAULT_MODES)[number];

export const FaultInputSchema = z.strictObject({
  match: z
    .strictObject({
      method: z.string().optional(),
      path: z.string().optional(),
      /** Names one operation by what it carries, whichever of several at once comes first. */
      body: z.string().optional(),
    })
    .optional(),
  mode: z.enum(FAULT_MODES),
  /** How many matching requests it hits; 0 = until cleared. */
  times: z.int().min(0).default(1),
  delay_ms: z.int().min(0).max(600_000).default(0),
  probability: z.number().min(0).max(1).default(1),
  seed: z.int().default(1),
  /** Where `redirect` points; another path of this server by default. */
  location: z.string().optional(),
});
export type FaultInput = z.infer<typeof FaultInputSchema>;

export type Fault = FaultInput & { id: string; hits: number };

type ArmedFault = { fault: Fault; random: () => number };

/** A small seeded generator (mulberry32), so that a run with a probability can be repeated. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Paths and bodies are matched as a substring first, then as a regular expression. */
function isMatched(pattern: string, text: string): boolean {
  if (text.includes(pattern)) return true;
  try {
    return new RegExp(pattern, 'u').test(text);
  } catch {
    return false;
  }
}

type Arrived = { method: string; path: string; body: string };

function isMeant({ match = {} }: Fault, { method, path, body }: Arrived): boolean {
  if (match.method && match.method.toUpperCase() !== method) return false;
  if (match.path && !isMatched(match.path, path)) return false;
  return !match.body || isMatched(match.body, body);
}

/** The disturbances a test has ordered, in the order they were ordered. */
export class Faults {
  #armed: ArmedFault[] = [];

  add(input: FaultInput): string {
    const id = randomUUID();
    this.#armed.push({ fault: { ...input, id, hits: 0 }, random: seededRandom(input.seed) });
    return id;
  }

  /** Takes the first fault that hits this request and counts it. */
  take(arrived: Arrived): Fault | undefined {
    for (const { fault, random } of this.#armed) {
      if (!isMeant(fault, arrived)) continue;
      if (fault.times > 0 && fault.hits >= fault.times) continue;
      if (fault.probability < 1 && random() >= fault.probability) continue;
      fault.hits += 1;
      return fault;
    }
    return undefined;
  }

  list(): Fault[] {
    return this.#armed.map((armed) => armed.fault);
  }

  clear(): void {
    this.#armed = [];
  }
}
