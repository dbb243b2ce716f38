import { didYouMean } from '../language/did-you-mean.ts';
import type { Finding, Place } from '../records/issue.ts';
import { KIND_FACTS, KIND_NAMES, type KindName } from '../records/kinds/index.ts';
import { LOCATIONS } from '../records/whereabouts.ts';
import { takes } from './certain.ts';
import { resolvePath } from './paths.ts';
import { comparedWords } from './possible.ts';
import { isRole, ROLES } from './roles.ts';
import { type CompiledRoute, compileRoutes, type RouteRule } from './rule.ts';

export interface RouteCheck {
  /** Names of the configured destinations. */
  readonly destinations: ReadonlySet<string>;
  /** Kinds the mappings make; each must be able to reach a route. Absent: none is asked for. */
  readonly kinds?: ReadonlySet<KindName>;
  /** Where the route of this index (from 0) stands, where its condition does not say. */
  readonly placeOf: (index: number) => Place;
}

/**
 * What is wrong with the routes, as far as it can be proved: words that a path never has, rules that can never apply or stand behind one that
 * always does, kinds of record that no rule takes. Compiles them as well.
 */
export const checkRoutes = (
  rules: readonly RouteRule[],
  about: RouteCheck,
): { readonly routes: readonly CompiledRoute[]; readonly findings: readonly Finding[] } => {
  const { routes, findings } = compileRoutes(rules);
  const all: Finding[] = [...findings];
  const placeOf = (rule: RouteRule): Place => rule.when?.place ?? about.placeOf(rules.indexOf(rule));
  const report = (
    rule: RouteRule,
    code: string,
    severity: Finding['severity'],
    message: string,
    more: { hint?: string; at?: Place } = {},
  ): void => {
    const { at, hint } = more;
    all.push({ code, severity, place: at ?? placeOf(rule), message, ...(hint === undefined ? {} : { hint }) });
  };

  for (const rule of rules) {
    const targets = rule.to === undefined ? [] : typeof rule.to === 'string' ? [rule.to] : rule.to;
    for (const to of targets)
      if (!isRole(to) && !about.destinations.has(to))
        report(rule, 'unknown-destination', 'error', `“${to}” is neither a role nor a destination`, {
          ...didYouMean(to, [...ROLES, ...about.destinations]),
        });
  }
  for (const route of routes) checkWords(route, report);

  const routable = KIND_NAMES.filter((kind) => KIND_FACTS[kind].routable);
  for (const [index, route] of routes.entries()) {
    const firing = routable.filter((kind) => takes(route, { kind }) !== 'no');
    if (firing.length === 0) {
      report(route.rule, 'route-never-fires', 'warning', `no record can make route ${route.name} apply`);
      continue;
    }
    const before = routes.slice(0, index);
    const hidden = firing.every((kind) => before.some((earlier) => takes(earlier, { kind }) === 'yes'));
    if (hidden)
      report(
        route.rule,
        'route-shadowed',
        'warning',
        `route ${route.name} is never asked: an earlier one takes every record it could take`,
      );
  }

  for (const kind of about.kinds ?? []) {
    if (!KIND_FACTS[kind].routable) continue;
    const lost = LOCATIONS.filter((location) => routes.every((route) => takes(route, { kind, location }) === 'no'));
    // A record whose person is nowhere known has a hold of its own where a known place would have had a route.
    const known = lost.filter((location) => location !== 'unknown' && location !== 'never');
    const missing = known.length === 3 ? lost : known;
    if (missing.length === 0) continue;
    const where = missing.length === LOCATIONS.length ? '' : ` while its person is ${missing.join(', ')}`;
    all.push({
      code: 'kind-without-route',
      severity: 'warning',
      place: about.placeOf(0),
      message: `no route takes a record of kind ${kind}${where}: it would be held as no-route`,
      hint: 'add a route, or one with file: and the reason',
    });
  }
  return { routes, findings: all };
};

const checkWords = (
  route: CompiledRoute,
  report: (rule: RouteRule, code: string, severity: Finding['severity'], message: string, more?: { hint?: string; at?: Place }) => void,
): void => {
  if (route.condition === null) return;
  for (const { path: text, word } of comparedWords(route.condition)) {
    const path = resolvePath(text);
    if ('wrong' in path || path.words === null || path.words.includes(word.text)) continue;
    const at = route.rule.when?.at(word.offset);
    report(route.rule, 'unknown-word', 'error', `${text} is never “${word.text}”`, {
      ...didYouMean(word.text, path.words),
      ...(at === undefined ? {} : { at }),
    });
  }
};
