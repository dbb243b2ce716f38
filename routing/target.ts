import { brandAs, type DestinationName } from '../records/ids.ts';
import type { Organisation } from '../records/kinds/types.ts';
import type { OrganisationEntry, Organisations } from '../records/organisations.ts';
import type { CanonicalRecord } from '../records/record.ts';
import type { RoutingFacts } from './facts.ts';
import { practiceGate } from './gate.ts';
import type { Step, TargetOutcome } from './outcome.ts';
import { isRole, type Role } from './roles.ts';

type Resolve = (facts: RoutingFacts, directory: Organisations) => TargetOutcome;

const held = ({ whereabouts: { location } }: RoutingFacts): boolean => location === 'in' || location === 'court';
const codeOf = (organisation: Organisation): string => organisation.agencyCode ?? organisation.odsCode ?? '';
const noLocation = (code: string, about?: string): TargetOutcome => ({
  outcome: 'hold',
  reason: 'location-unknown',
  steps: [{ code, ...(about === undefined ? {} : { about }) }],
});

/** Sends to an organisation's endpoint for this kind of record, unless the message came from there. */
const sendTo = (entry: OrganisationEntry, facts: RoutingFacts, steps: readonly Step[]): TargetOutcome => {
  const at: Step = { code: 'organisation', about: entry.ods };
  if (facts.sender !== null && (entry.ods === facts.sender || (entry.type === 'establishment' && entry.practice === facts.sender)))
    return { outcome: 'file', reason: 'recipient-sent-it', steps: [...steps, at] };
  const destination = entry.endpoints.get(facts.record.kind) ?? entry.endpoints.get('default');
  if (destination === undefined) return { outcome: 'hold', reason: 'no-endpoint', steps: [...steps, at] };
  return { outcome: 'send', entry, destination, steps: [...steps, at] };
};

const toEstablishment = (
  organisation: Organisation,
  facts: RoutingFacts,
  directory: Organisations,
  steps: readonly Step[],
): TargetOutcome => {
  const found = directory.entryOf(organisation, facts.at);
  if (found.found === 'one') return sendTo(found.entry, facts, steps);
  return {
    outcome: 'hold',
    reason: found.found === 'ambiguous' ? 'establishment-ambiguous' : 'establishment-unknown',
    steps: [...steps, { code: found.found === 'ambiguous' ? 'code-shared' : found.found, about: codeOf(organisation) }],
  };
};

const custodian: Resolve = (facts, directory) => {
  const { whereabouts } = facts;
  if (!held(facts) || whereabouts.custodian === null) return noLocation(whereabouts.location, whereabouts.because ?? undefined);
  return toEstablishment(whereabouts.custodian, facts, directory, [{ code: 'held-by', about: codeOf(whereabouts.custodian) }]);
};

const organisationIn = (record: CanonicalRecord, field: string): Organisation | undefined => {
  const value = record.fields[field];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const parts = new Map(Object.entries(value));
  const [agencyCode, odsCode] = [parts.get('agencyCode'), parts.get('odsCode')];
  if (typeof agencyCode !== 'string' && typeof odsCode !== 'string') return undefined;
  return { ...(typeof agencyCode === 'string' ? { agencyCode } : {}), ...(typeof odsCode === 'string' ? { odsCode } : {}) };
};
const sameOne = (a: Organisation, b: Organisation): boolean =>
  a.agencyCode !== undefined && b.agencyCode !== undefined
    ? a.agencyCode === b.agencyCode
    : a.odsCode !== undefined && a.odsCode === b.odsCode;

/** The establishment a movement leads to; news of a movement that another has overtaken is not sent where the person no longer is. */
const receiving: Resolve = (facts, directory) => {
  const { whereabouts, record } = facts;
  const to = record.kind === 'custody' ? organisationIn(record, 'to') : undefined;
  if (to === undefined) return custodian(facts, directory);
  if (whereabouts.location === 'unknown' || whereabouts.location === 'never')
    return noLocation(whereabouts.location, whereabouts.because ?? undefined);
  if (whereabouts.custodian === null || !sameOne(to, whereabouts.custodian))
    return { outcome: 'file', reason: 'movement-overtaken', steps: [{ code: 'movement-overtaken', about: codeOf(to) }] };
  return toEstablishment(to, facts, directory, [{ code: 'moved-to', about: codeOf(to) }]);
};

const previousCustodian: Resolve = (facts, directory) => {
  const { previousCustodian: previous } = facts.whereabouts;
  return previous === null
    ? noLocation('no-previous-custodian')
    : toEstablishment(previous, facts, directory, [{ code: 'held-before-by', about: codeOf(previous) }]);
};

/**
 * The registered practice, through the gate. Where it is the healthcare unit of an establishment (loop guard, domain H11): while that one
 * holds the person it has the record already; otherwise the registration has not followed the person, and somebody must find the practice.
 */
const registeredGp: Resolve = (facts, directory) => {
  const gate = practiceGate(facts, directory);
  if (!gate.open) return { outcome: 'hold', reason: gate.reason, steps: gate.steps };
  const units = directory.establishmentsOfPractice(gate.entry.practice, facts.at);
  if (gate.entry.type !== 'establishment' && units.length === 0) return sendTo(gate.entry, facts, gate.steps);
  const { custodian: holder } = facts.whereabouts;
  const holding = holder === null ? undefined : directory.entryOf(holder, facts.at);
  const about = gate.entry.ods;
  if (held(facts) && holding?.found === 'one' && holding.entry.practice === gate.entry.practice)
    return { outcome: 'file', reason: 'registered-with-custodian', steps: [...gate.steps, { code: 'registered-with-custodian', about }] };
  return { outcome: 'hold', reason: 'registered-in-custody', steps: [...gate.steps, { code: 'registered-in-custody', about }] };
};

const sender: Resolve = (facts, directory) => {
  if (facts.sender === null) return { outcome: 'hold', reason: 'no-endpoint', steps: [{ code: 'sender-not-named' }] };
  const found = directory.organisation(facts.sender, facts.at);
  if (found.found === 'one') return sendTo(found.entry, { ...facts, sender: null }, [{ code: 'sender' }]);
  return { outcome: 'hold', reason: 'no-endpoint', steps: [{ code: 'sender-not-in-directory', about: facts.sender }] };
};

const BY_ROLE: Readonly<Record<Role, Resolve>> = {
  custodian,
  'receiving-establishment': receiving,
  'registered-gp': registeredGp,
  'previous-custodian': previousCustodian,
  sender,
};

/** Where one target of a route leads for this record now. Nothing of a restricted person is sent by software, whatever the route (domain H8). */
export const resolveTarget = (to: string, facts: RoutingFacts, directory: Organisations): TargetOutcome => {
  if (facts.vital.restricted) return { outcome: 'hold', reason: 'restricted', steps: [{ code: 'restricted' }] };
  if (isRole(to)) return BY_ROLE[to](facts, directory);
  return { outcome: 'send', entry: null, destination: brandAs<DestinationName>(to), steps: [{ code: 'fixed-destination', about: to }] };
};
