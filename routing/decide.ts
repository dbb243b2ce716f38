import type { Organisation } from '../records/kinds/types.ts';
import type { Organisations } from '../records/organisations.ts';
import type { RouteFacts } from '../records/record.ts';
import { PRIORITY, type Priority } from '../records/states.ts';
import type { Location } from '../records/whereabouts.ts';
import type { RoutingFacts } from './facts.ts';
import type { RouteDecision, RouteDelivery, RouteHold, Step, TargetOutcome } from './outcome.ts';
import { isRole } from './roles.ts';
import type { CompiledRoute } from './rule.ts';
import { resolveTarget } from './target.ts';

const codeOf = (organisation: Organisation | null): string | null => organisation?.agencyCode ?? organisation?.odsCode ?? null;

/**
 * Where one record goes. The first route whose condition holds decides; each of its targets gives a delivery, a hold or a reason to file.
 * Total: every record ends in at least one delivery or hold, or is filed by a named rule. A record that no route takes because nobody knows
 * where its person is, is held as `location-unknown`, any other as `no-route` (rulings D).
 */
export const decideRoutes = (routes: readonly CompiledRoute[], facts: RoutingFacts, directory: Organisations): RouteDecision => {
  const asked: string[] = [];
  let deciding: CompiledRoute | undefined;
  for (const route of routes) {
    asked.push(route.name);
    if (!route.applies(facts)) continue;
    deciding = route;
    break;
  }
  const steps: Step[] = [];
  const result = (more: Partial<Pick<RouteDecision, 'deliveries' | 'filed' | 'holds'>>): RouteDecision => ({
    deliveries: [],
    filed: null,
    holds: [],
    ...more,
    evidence: evidenceOf(facts, directory, asked, deciding?.name ?? null, steps),
  });

  if (deciding === undefined) {
    const location = wouldApplyElsewhere(routes, facts);
    steps.push({ code: location ? 'no-route-here' : 'no-route' });
    return result({ holds: [{ reason: location ? 'location-unknown' : 'no-route', route: null, to: null }] });
  }
  const { name, file, targets } = deciding;
  if (file !== null || targets.length === 0) return result({ filed: { rule: name, reason: file ?? '' } });

  const deliveries: RouteDelivery[] = [];
  const holds: RouteHold[] = [];
  const filed: string[] = [];
  for (const to of targets) {
    const outcome = resolveTarget(to, facts, directory);
    steps.push({ code: 'target', about: to }, ...outcome.steps);
    if (outcome.outcome === 'hold') holds.push({ reason: outcome.reason, route: name, to });
    else if (outcome.outcome === 'file') filed.push(outcome.reason);
    else if (!deliveries.some((one) => one.destination === outcome.destination && one.entry === outcome.entry))
      deliveries.push(deliveryOf(deciding, to, outcome, facts, directory));
  }
  const [reason] = filed;
  const nothingElse = deliveries.length === 0 && holds.length === 0;
  return result({ deliveries, holds, filed: nothingElse && reason !== undefined ? { rule: name, reason } : null });
};

const moreUrgent = (a: Priority, b: Priority): Priority => (a < b ? a : b);

const deliveryOf = (
  route: CompiledRoute,
  to: string,
  { entry, destination }: Extract<TargetOutcome, { outcome: 'send' }>,
  facts: RoutingFacts,
  directory: Organisations,
): RouteDelivery => {
  const { whereabouts, at } = facts;
  // Who speaks: the establishment that holds the person, or held them last.
  const speaker = whereabouts.custodian ?? whereabouts.previousCustodian;
  const found = speaker === null ? undefined : directory.entryOf(speaker, at);
  const from = found?.found === 'one' ? found.entry : undefined;
  const isPractice = to === 'registered-gp' && entry !== null;
  const routeFacts: RouteFacts = {
    name: route.name,
    to,
    destination,
    ...(entry === null ? {} : { organisationOds: entry.ods, organisationName: entry.name }),
    ...(isPractice ? { practiceOds: entry.ods, practiceName: entry.name } : {}),
    // The configured label stands for a name that would disclose custody (domain H10).
    ...(from === undefined ? {} : { senderOds: from.ods, establishment: from.label ?? from.name }),
  };
  const priority = moreUrgent(route.priority, PRIORITY[facts.priority]);
  return { route: route.name, to, entry, destination, priority, recheck: isRole(to), facts: routeFacts };
};

const KNOWN: readonly Location[] = ['in', 'court', 'out'];
/** Nobody knows where the person is, and a route that sends would take the record if somebody did. */
const wouldApplyElsewhere = (routes: readonly CompiledRoute[], facts: RoutingFacts): boolean => {
  const { whereabouts } = facts;
  if (whereabouts.location !== 'unknown' && whereabouts.location !== 'never') return false;
  return KNOWN.some((location) => {
    const there = { ...facts, whereabouts: { ...whereabouts, location } };
    return routes.find((route) => route.applies(there))?.file === null;
  });
};

const evidenceOf = (
  { record, whereabouts, registration, at }: RoutingFacts,
  directory: Organisations,
  asked: readonly string[],
  decidedBy: string | null,
  steps: readonly Step[],
): RouteDecision['evidence'] => {
  const { present } = registration;
  return {
    record: record.id,
    kind: record.kind,
    action: record.action,
    at,
    directory: directory.version,
    location: whereabouts.location,
    because: whereabouts.because,
    custodian: codeOf(whereabouts.custodian),
    restsOn: whereabouts.restsOn,
    registered: present === null ? null : { practice: present.practiceOds, standing: present.standing, record: present.recordId },
    asked,
    decidedBy,
    steps,
  };
};
