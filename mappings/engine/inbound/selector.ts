import { parseCondition, type Spot } from '../../../language/condition.ts';
import { type ConditionPath, compileCondition, type Predicate } from '../../../language/condition-compile.ts';
import { componentsOf, fieldFacts, fieldTotal } from '../dictionary.ts';
import { type LineSite, reportAt } from '../expression/scope.ts';
import type { InboundRun } from './inbound-run.ts';

const NULL = '""';
const stated = (text: string | undefined): text is string => text !== undefined && text !== NULL;

/** A component of the repetition in sight: `5`, `5.2`. */
const componentPath = (component: number, subcomponent: number): ConditionPath<InboundRun> => {
  const read = (run: InboundRun): string | undefined => run.lookedRepetition?.subcomponent(component, subcomponent);
  return {
    some: (run, test) => {
      const text = read(run);
      return stated(text) && test(text);
    },
    exists: (run) => stated(read(run)),
    cleared: (run) => read(run) === NULL,
  };
};

/** A field of the segment in sight, any of its repetitions: `2`, `3.1`, `3.1.2`. */
const fieldPath = (field: number, component: number, subcomponent: number): ConditionPath<InboundRun> => {
  const any = (run: InboundRun, test: (text: string) => boolean): boolean => {
    const segment = run.lookedSegment;
    const first = segment?.text(field, 1, component, subcomponent);
    if (first !== undefined && test(first)) return true;
    const repetitions = segment === undefined ? [] : run.field(segment, field).repetitions();
    return repetitions.some((repetition, index) => {
      const text = index === 0 ? undefined : repetition.subcomponent(component, subcomponent);
      return text !== undefined && test(text);
    });
  };
  return {
    some: (run, test) => any(run, (text) => text !== NULL && test(text)),
    exists: (run) => any(run, stated),
    cleared: (run) => any(run, (text) => text === NULL),
  };
};

const NUMBERS = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?$/;

const compileSelector = (
  condition: Spot,
  site: LineSite,
  pathOf: (numbers: readonly number[], offset: number) => ConditionPath<InboundRun> | undefined,
): Predicate<InboundRun> | undefined => {
  const at = (offset: number) => site.at(condition.offset + offset);
  const parsed = parseCondition(condition.text, at);
  for (const finding of parsed.findings) site.file.report(finding);
  if (parsed.condition === undefined) return undefined;
  return compileCondition<InboundRun>(parsed.condition, {
    place: at,
    report: (finding) => site.file.report(finding),
    path: (spot) => {
      const found = NUMBERS.exec(spot.text);
      if (found === null)
        return reportAt(
          site,
          condition.offset + spot.offset,
          'selector',
          `"${spot.text}" is no number of a part`,
          'in a selector the parts are numbers, as in [5 = NH]',
        );
      const numbers = found
        .slice(1)
        .filter((part) => part !== undefined)
        .map(Number);
      return pathOf(numbers, condition.offset + spot.offset);
    },
  });
};

/** `PID-3[5 = NH]`: components of a repetition. */
export const repetitionSelector = (condition: Spot, segment: string, field: number, site: LineSite): Predicate<InboundRun> | undefined => {
  const components = componentsOf(fieldFacts(segment, field)?.type ?? 'varies');
  return compileSelector(condition, site, ([component = 1, subcomponent = 1, more], offset) => {
    if (more !== undefined) return reportAt(site, offset, 'selector', 'a component has subcomponents, nothing further');
    if (components !== undefined && component > components.length)
      return reportAt(
        site,
        offset,
        'unknown-component',
        `${segment}-${field} has ${components.length} component${components.length === 1 ? '' : 's'}`,
      );
    return componentPath(component, subcomponent);
  });
};

/** `OBX[2 = ED]`, `ROL[3.1 = PP]`: fields of a segment. */
export const segmentSelector = (condition: Spot, segment: string, site: LineSite): Predicate<InboundRun> | undefined => {
  const total = fieldTotal(segment);
  return compileSelector(condition, site, ([field = 1, component = 1, subcomponent = 1], offset) => {
    if (total !== undefined && field > total) return reportAt(site, offset, 'unknown-field', `${segment} has ${total} fields`);
    return fieldPath(field, component, subcomponent);
  });
};
