import type { Json } from '../../../records/mapped.ts';
import type { Run } from '../run.ts';
import { isHl7, isPlain, type Target } from '../types.ts';
import type { Compiled } from './compiled.ts';
import type { ConstantLine } from './line.ts';
import { type LineSite, reportAt } from './scope.ts';

const FLAGS: Readonly<Record<string, boolean>> = { true: true, yes: true, false: false, no: false };

/** A word of the mapping in the shape of its target; undefined, and reported, where it cannot be. */
const shaped = (text: string, target: Target, site: LineSite, offset: number): string | number | boolean | undefined => {
  const { type, words, pattern } = target;
  if (words !== undefined && !words.includes(text))
    return reportAt(site, offset, 'not-a-word', `${site.meta.target} takes ${words.join(', ')}`);
  if (pattern !== undefined && !pattern.test(text)) return reportAt(site, offset, 'type-break', `"${text}" is no ${type}`);
  if (type === 'flag') return FLAGS[text] ?? reportAt(site, offset, 'type-break', `"${text}" is neither true nor false`);
  if (type === 'integer') return /^\d+$/.test(text) ? Number(text) : reportAt(site, offset, 'type-break', `"${text}" is no whole number`);
  return text;
};

/** `= text`. */
export const constantOf = <R extends Run>(line: ConstantLine, target: Target, site: LineSite): Compiled<R> | undefined => {
  const { type, list } = target;
  if (!isPlain(type) && !isHl7(type))
    return reportAt(
      site,
      line.offset,
      'type-break',
      `a constant cannot go into ${site.meta.target}, which is a ${type}`,
      'name a part of it',
    );
  const value = shaped(line.text, target, site, line.offset);
  if (value === undefined) return undefined;
  const settled = list ? [value] : value;
  return { meta: site.meta, constant: true, fallback: undefined, required: false, read: () => settled, locate: () => [] };
};

/** `default(x)`. */
export const fallbackOf = (text: Json, target: Target, site: LineSite, offset: number): Json | undefined => {
  const value = shaped(String(text), target, site, offset);
  return value !== undefined && target.list ? [value] : value;
};
