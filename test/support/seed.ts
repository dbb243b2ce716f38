/** Chance that can be had again: every draw of a test comes from one seed, which the failure names. */
export interface Chance {
  readonly seed: number;
  /** In [0, 1). */
  next(): number;
  /** Whole number in [0, below). */
  below(below: number): number;
  /** True with probability `odds`. */
  happens(odds: number): boolean;
  /** One of `choices`; throws on an empty list. */
  pick<T>(choices: readonly T[]): T;
  /** A copy in another order. */
  shuffle<T>(items: readonly T[]): T[];
  /** An independent stream, for a part whose draws must not shift those of another. */
  fork(name: string): Chance;
}

/** mulberry32: small, fast, the same on every platform. */
export function chance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    seed,
    next,
    below,
    happens: (odds) => next() < odds,
    pick: (choices) => {
      const chosen = choices[below(choices.length)];
      if (choices.length === 0 || chosen === undefined) throw new RangeError('nothing to pick from');
      return chosen;
    },
    shuffle: (items) => {
      const order = items.map((item) => ({ item, at: next() }));
      return order.sort((a, b) => a.at - b.at).map(({ item }) => item);
    },
    fork: (name) => {
      let hash = seed >>> 0;
      for (const letter of name) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0;
      return chance(hash);
    },
  };
}

/** The seed of this run: `TEST_SEED` where it is set, else new each time. */
export const runSeed = (): number => {
  const given = process.env.TEST_SEED;
  if (given === undefined || given === '') return Math.floor(Math.random() * 0xffff_ffff);
  const seed = Number(given);
  if (!Number.isInteger(seed)) throw new Error(`TEST_SEED is not a whole number: ${given}`);
  return seed;
};

/** Runs a test with chance from the run's seed; a failure says how to have it again. */
export async function withChance(work: (chance: Chance) => unknown, seed = runSeed()): Promise<void> {
  try {
    await work(chance(seed));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${message}\n\nSeed ${seed}: run again with TEST_SEED=${seed}`, { cause: error });
  }
}
