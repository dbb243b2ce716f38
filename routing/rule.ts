import { type Condition, parseCondition } from '../language/condition.ts';
import { type ConditionPath, compileCondition } from '../language/condition-compile.ts';
import type { TextNode } from '../language/yaml.ts';
import type { Finding } from '../records/issue.ts';
import { PRIORITY, type Priority } from '../records/states.ts';
import type { PriorityWord, RoutingFacts } from './facts.ts';
import { resolvePath } from './paths.ts';

/** A route as the configuration gives it: `to` one or several places, or `file` the reason why the record stays. */
export interface RouteRule {
  readonly name: string;
  readonly when?: TextNode;
  readonly to?: string | readonly string[];
  readonly file?: string;
  readonly priority: PriorityWord;
}

export interface CompiledRoute {
  readonly name: string;
  readonly targets: readonly string[];
  /** Why a record stays where it is; null where the route sends. */
  readonly file: string | null;
  readonly priority: Priority;
  readonly condition: Condition | null;
  readonly rule: RouteRule;
  applies(facts: RoutingFacts): boolean;
}

export interface CompiledRoutes {
  readonly routes: readonly CompiledRoute[];
  readonly findings: readonly Finding[];
}

const conditionPath = (read: (facts: RoutingFacts) => readonly string[]): ConditionPath<RoutingFacts> => ({
  some: (facts, test) => read(facts).some(test),
  exists: (facts) => read(facts).length > 0,
  cleared: () => false,
});

/** Compiles the routes in their order. A route whose condition is wrong is left out, with findings of severity error. */
export const compileRoutes = (rules: readonly RouteRule[]): CompiledRoutes => {
  const findings: Finding[] = [];
  const routes = rules.flatMap((rule): CompiledRoute[] => {
    const { when } = rule;
    const made = {
      name: rule.name,
      targets: rule.to === undefined ? [] : typeof rule.to === 'string' ? [rule.to] : rule.to,
      file: rule.to === undefined ? (rule.file ?? '') : null,
      priority: PRIORITY[rule.priority],
      rule,
    };
    if (when === undefined) return [{ ...made, condition: null, applies: () => true }];
    const place = (offset: number) => when.at(offset);
    const parsed = parseCondition(when.text, place);
    findings.push(...parsed.findings);
    if (parsed.condition === undefined) return [];
    const applies = compileCondition<RoutingFacts>(parsed.condition, {
      place,
      report: (finding) => void findings.push(finding),
      path: (spot) => {
        const path = resolvePath(spot.text);
        if (!('wrong' in path)) return conditionPath(path.read);
        findings.push({
          code: 'unknown-path',
          severity: 'error',
          place: place(spot.offset),
          message: path.wrong,
          ...(path.hint === undefined ? {} : { hint: path.hint }),
        });
        return undefined;
      },
    });
    return applies === undefined ? [] : [{ ...made, condition: parsed.condition, applies }];
  });
  return { routes, findings };
};
