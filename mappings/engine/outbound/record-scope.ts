import { parseCondition, type Spot } from '../../../language/condition.ts';
import { type ConditionPath, compileCondition, type Predicate } from '../../../language/condition-compile.ts';
import { didYouMean } from '../../../language/did-you-mean.ts';
import type { Selector } from '../expression/hl7-path.ts';
import { type LineSite, type Loop, reportAt, type Scope, type Term, type Want } from '../expression/scope.ts';
import { type Item, isList, isModel, isStated, type One, onesOf, plainText, type Value } from '../value.ts';
import { type Binding, namesFrom, type Shape, stepFrom } from './binding.ts';
import type { OutboundRun } from './outbound-run.ts';
import { type PathStep, parseRecordPath } from './record-path.ts';

interface Resolved {
  readonly shape: Shape;
  read(run: OutboundRun): Value;
}

/** What paths mean at one place of an outbound mapping: names, and the fields behind them. */
export class RecordScope implements Scope<OutboundRun> {
  private readonly names: ReadonlyMap<string, Binding>;
  private readonly depth: number;
  /** Inside a selector or a condition of `reads:`, the fields of what is looked at stand without a name before them. */
  private readonly looked: Shape | undefined;

  constructor(names: ReadonlyMap<string, Binding>, depth = 0, looked?: Shape) {
    this.names = names;
    this.depth = depth;
    this.looked = looked;
  }

  looking(shape: Shape): RecordScope {
    return new RecordScope(this.names, this.depth, { ...shape, list: false });
  }

  term(spot: Spot, _want: Want, site: LineSite): Term<OutboundRun> | undefined {
    const resolved = this.resolve(spot, site);
    return resolved && { type: resolved.shape.type, constant: false, read: (run) => resolved.read(run), locate: () => [spot.text] };
  }

  condition(spot: Spot, site: LineSite): ConditionPath<OutboundRun> | undefined {
    const isCount = /^count\(\s*(.*?)\s*\)$/.exec(spot.text);
    const term = isCount === null ? this.term(spot, 'whole', site) : this.count({ text: isCount[1] ?? '', offset: spot.offset + 6 }, site);
    if (term === undefined) return undefined;
    const any = (run: OutboundRun, test: (one: Item) => boolean): boolean => {
      return onesOf(term.read(run)).some((one) => isStated(one) && test(one));
    };
    return {
      some: (run, test) =>
        any(run, (one) => {
          const text = plainText(one);
          return text !== undefined && test(text);
        }),
      exists: (run) => any(run, () => true),
      cleared: () => false,
    };
  }

  count(spot: Spot, site: LineSite): Term<OutboundRun> | undefined {
    const resolved = this.resolve(spot, site);
    const size = (value: Value): number => (value === undefined ? 0 : isList(value) ? value.length : 1);
    return resolved && { type: 'integer', constant: false, read: (run) => size(resolved.read(run)), locate: () => [spot.text] };
  }

  made(spot: Spot, site: LineSite): undefined {
    return reportAt(site, spot.offset, 'path', 'made(…) belongs in inbound mappings');
  }

  loop(spot: Spot, site: LineSite, name?: Spot): { readonly loop: Loop<OutboundRun>; readonly inside: RecordScope } | undefined {
    const resolved = this.resolve(spot, site);
    if (resolved === undefined) return undefined;
    if (name === undefined) return reportAt(site, spot.offset, 'each', 'each: needs as: with a name for the item', 'write as: item');
    if (!/^[a-z][A-Za-z0-9]*$/.test(name.text))
      return reportAt(site, spot.offset, 'each', `"${name.text}" is no name`, 'a name begins with a small letter');
    const { depth } = this;
    const binding: Binding = { shape: { ...resolved.shape, list: false }, depth, read: (run) => run.itemAt[depth] };
    const names = new Map(this.names).set(name.text, binding);
    return {
      inside: new RecordScope(names, depth + 1, this.looked),
      loop: {
        locate: () => spot.text,
        run: (run, body) => {
          const items = onesOf(resolved.read(run)).filter(isStated);
          for (const [index, item] of items.entries()) {
            run.itemAt[depth] = item;
            run.positionAt[depth] = index + 1;
            body(index + 1);
          }
          return { seen: items.length, cleared: false };
        },
      },
    };
  }

  private resolve(spot: Spot, site: LineSite): Resolved | undefined {
    const steps = parseRecordPath(spot, site);
    const [head, ...rest] = steps ?? [];
    if (head === undefined) return undefined;
    const inside = this.looked === undefined ? undefined : stepFrom(this.looked, head.name);
    if (inside !== undefined) {
      const start = this.selected({ shape: inside.shape, read: (run) => inside.get(run.looked, run) }, head.selector, site);
      return start && this.follow(start, rest, site);
    }
    const binding = this.names.get(head.name);
    if (binding === undefined)
      return reportAt(
        site,
        head.offset,
        'unknown-name',
        `there is no ${head.name} here`,
        didYouMean(head.name, [...(this.looked === undefined ? [] : namesFrom(this.looked)), ...this.names.keys()]),
      );
    const special = specialOf(binding, rest, head.selector);
    if (special !== undefined) return special;
    const start = this.selected({ shape: binding.shape, read: (run) => binding.read(run) }, head.selector, site);
    return start && this.follow(start, rest, site);
  }

  private follow(start: Resolved, steps: readonly PathStep[], site: LineSite): Resolved | undefined {
    let at: Resolved | undefined = start;
    for (const step of steps) {
      if (at === undefined) return undefined;
      const found = stepFrom(at.shape, step.name);
      if (found === undefined)
        return reportAt(site, step.offset, 'unknown-name', `there is no ${step.name} here`, didYouMean(step.name, namesFrom(at.shape)));
      const before = at;
      const shape: Shape = { ...found.shape, list: found.shape.list || before.shape.list };
      at = this.selected({ shape, read: (run) => spread(before.read(run), (one) => found.get(one, run)) }, step.selector, site);
    }
    return at;
  }

  private selected(from: Resolved, selector: Selector | undefined, site: LineSite): Resolved | undefined {
    if (selector === undefined || selector.kind === 'all') return from;
    const { shape } = from;
    if (selector.kind === 'index') {
      const { index } = selector;
      return {
        shape: { ...shape, list: false },
        read: (run) => {
          const value = from.read(run);
          return isList(value) ? value[index - 1] : index === 1 ? value : undefined;
        },
      };
    }
    const fits = this.looking(shape).predicate(selector, site);
    return fits && { shape, read: (run) => filtered(from.read(run), fits, run) };
  }

  /** A condition on what is looked at. */
  predicate(condition: Spot, site: LineSite): Predicate<OutboundRun> | undefined {
    const at = (offset: number) => site.at(condition.offset + offset);
    const parsed = parseCondition(condition.text, at);
    for (const finding of parsed.findings) site.file.report(finding);
    return (
      parsed.condition &&
      compileCondition<OutboundRun>(parsed.condition, {
        place: at,
        report: (finding) => site.file.report(finding),
        path: (spot) => this.condition({ text: spot.text, offset: condition.offset + spot.offset }, site),
      })
    );
  }
}

const spread = (value: Value, get: (one: One) => Value): Value => {
  if (!isList(value)) return value === undefined ? undefined : get(value);
  const out: One[] = [];
  for (const one of value) {
    const found = get(one);
    if (isList(found)) out.push(...found);
    else if (found !== undefined) out.push(found);
  }
  return out.length === 0 ? undefined : out;
};

export const filtered = (value: Value, fits: Predicate<OutboundRun>, run: OutboundRun): Value => {
  const outer = run.looked;
  const kept = onesOf(value).filter((one) => {
    run.looked = one;
    return fits(run);
  });
  run.looked = outer;
  return kept.length === 0 ? undefined : kept;
};

/** What systems said of a list that is empty: field `knownEmpty` of the patient, `{kind, value}` each. */
const knownEmptyOf = (run: OutboundRun, kind: string): string | undefined => {
  const { knownEmpty } = run.context.patient.fields;
  for (const one of Array.isArray(knownEmpty) ? knownEmpty : [])
    if (isModel(one) && one.kind === kind && typeof one.value === 'string') return one.value;
  return undefined;
};

/** `item.position` and `allergies.knownEmpty`. */
const specialOf = (binding: Binding, rest: readonly PathStep[], selector: Selector | undefined): Resolved | undefined => {
  const [only, more] = rest;
  if (only === undefined || more !== undefined || selector !== undefined) return undefined;
  const { depth, reads } = binding;
  if (depth !== undefined && only.name === 'position')
    return { shape: { type: 'integer', list: false }, read: (run) => run.positionAt[depth] };
  if (reads !== undefined && only.name === 'knownEmpty')
    return { shape: { type: 'text', list: false }, read: (run) => knownEmptyOf(run, reads) };
  return undefined;
};
