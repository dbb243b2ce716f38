import type { Outcome } from './conserve.ts';

/** Violations shown; all of them are in the log of the run. */
const SHOWN = 20;

/** What a run did and what came of it, for a person. */
export const shown = ({ counts, faults, drained, violations, folder }: Outcome): string =>
  [
    ...[...faults].map(([kind, times]) => `  ${String(times).padStart(7)} × ${kind}`),
    ...Object.entries(counts).map(([what, count]) => `  ${String(count).padStart(7)} ${what}`),
    `  at rest ${drained.toFixed(1)} s after the last fault`,
    ...(violations.length === 0 ? [] : [`  ${violations.length} promises broken; everything is kept in ${folder}`]),
    ...violations.slice(0, SHOWN).map((violation) => `  BROKEN ${violation}`),
  ].join('\n');
