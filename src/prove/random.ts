/** A small seeded generator (mulberry32): a run with the same seed picks the same bytes, words and places. */
export interface Random {
  /** 0 to below `below`. */
  integer(below: number): number;
  /** Up to `count` different ones, in an order of their own. */
  some<T>(from: readonly T[], count: number): T[];
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const integer = (below: number): number => Math.floor(next() * below);
  return {
    integer,
    some: (from, count) => {
      const left = [...from];
      const taken: typeof left = [];
      while (taken.length < count && left.length > 0)
        taken.push(...left.splice(integer(left.length), 1));
      return taken;
    },
  };
}
