import type { TextStyle } from './yaml-node.ts';

/**
 * From an offset in the value of a scalar to the offset in the file. YAML folds line breaks, trims indents and decodes quotes,
 * so both texts are walked together: a character of the value that the source does not show at that spot (a folded break,
 * an escape) keeps the place of what stands there.
 */
export const sourceOffsets = (
  source: string,
  start: number,
  end: number,
  value: string,
  style: TextStyle,
): ((offset: number) => number) => {
  const written = source.slice(start, end);
  if (written === value) return (offset) => start + offset;
  const offsets: number[] = [];
  let at = style === 'plain' ? 0 : style === 'block' ? written.indexOf('\n') + 1 : 1;
  for (const [index, character] of [...value].entries()) {
    if (/\s/.test(character)) {
      offsets[index] = start + at;
      if (written[at] === character && character !== '\n') at += 1;
      else while (/\s/.test(written[at] ?? 'x')) at += 1;
      continue;
    }
    while (at < written.length && /\s/.test(written[at] ?? 'x')) at += 1;
    offsets[index] = start + Math.min(at, written.length);
    if (written[at] !== character && written[at] === '\\') at += 2;
    else if (style === 'single' && character === "'" && written[at + 1] === "'") at += 2;
    else at += 1;
  }
  return (offset) => offsets[offset] ?? offsets.at(-1) ?? start;
};
