/** Longest step between two looks at the clock that counts: a machine that stood still for longer was not at work meanwhile. */
const LONGEST_STEP = 1_000;
const EVERY = 100;

/** A stopwatch that stands still while this process does: stopped by a signal, or with the whole machine. */
export interface LivedTime {
  /** Milliseconds so far. */
  ms(): number;
  stop(): void;
}

export function livedTime(): LivedTime {
  let total = 0;
  let last = performance.now();
  const look = (): number => {
    const now = performance.now();
    total += Math.min(now - last, LONGEST_STEP);
    last = now;
    return total;
  };
  const timer = setInterval(look, EVERY);
  timer.unref();
  return { ms: look, stop: () => clearInterval(timer) };
}
