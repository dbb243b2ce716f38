import type { Spot } from '../../../language/condition.ts';
import { selectorEnd } from '../../../language/condition-tokens.ts';
import type { Selector } from '../expression/hl7-path.ts';
import { type LineSite, reportAt } from '../expression/scope.ts';

export interface PathStep {
  readonly name: string;
  readonly offset: number;
  readonly selector: Selector | undefined;
}

/** `name { "." field [sel] }`: `patient.name.family`, `item.addresses[use = home].postcode`. */
export const parseRecordPath = (spot: Spot, site: LineSite): readonly PathStep[] | undefined => {
  const { text } = spot;
  const steps: PathStep[] = [];
  let next = 0;
  for (;;) {
    const name = /^[A-Za-z][A-Za-z0-9_]*/.exec(text.slice(next))?.[0];
    if (name === undefined)
      return reportAt(site, spot.offset + next, 'path', `"${text}" is not a path`, 'outbound paths are names, as in patient.name.family');
    const offset = spot.offset + next;
    next += name.length;
    let selector: Selector | undefined;
    if (text[next] === '[') {
      const end = selectorEnd(text, next);
      if (end === -1) return reportAt(site, spot.offset + next, 'path', 'the selector is not closed with ]');
      const inner = text.slice(next + 1, end - 1).trim();
      if (inner === '*') selector = { kind: 'all' };
      else if (/^[1-9]\d*$/.test(inner)) selector = { kind: 'index', index: Number(inner) };
      else if (inner === '' || /^\d+$/.test(inner)) return reportAt(site, spot.offset + next, 'path', 'numbers count from 1');
      else selector = { kind: 'condition', text: text.slice(next + 1, end - 1), offset: spot.offset + next + 1 };
      next = end;
    }
    steps.push({ name, offset, selector });
    if (next === text.length) return steps;
    if (text[next] !== '.') return reportAt(site, spot.offset + next, 'path', `"${text.slice(next)}" is not expected here`);
    next += 1;
  }
};
