/** Fewest single-letter changes (insert, delete, replace, swap of neighbours) that turn one word into the other. */
const distance = (left: string, right: string): number => {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const same = left[i - 1] === right[j - 1];
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1])
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[right.length] ?? 0;
};

/**
 * The candidate most likely meant by a misspelt word, or nothing when none is near enough to be worth saying.
 * Case differences count as no distance at all; ties go to the candidate listed first.
 */
export const suggest = (word: string, candidates: Iterable<string>): string | undefined => {
  const wanted = word.toLowerCase();
  const limit = Math.max(1, Math.floor(wanted.length / 3));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const far = distance(wanted, candidate.toLowerCase());
    if (far < bestDistance) {
      best = candidate;
      bestDistance = far;
    }
  }
  return best;
};

/** The hint of a finding: `did you mean "table"?`, or nothing. Spread it: `...didYouMean(word, words)`. */
export const didYouMean = (word: string, candidates: Iterable<string>): { hint?: string } => {
  const best = suggest(word, candidates);
  return best === undefined ? {} : { hint: `did you mean "${best}"?` };
};
