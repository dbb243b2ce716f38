import type { Config, DestinationSettings } from '../../config/types.ts';
import type { CodeLookup, Directory } from '../../directory/directory.ts';
import { suggest } from '../../language/did-you-mean.ts';
import { checkRenderings, type InboundMapping, type OutboundMapping } from '../../mappings/engine/index.ts';
import { brandAs, type DestinationId, type DestinationName, type SourceId, type SourceName } from '../../records/ids.ts';
import type { Finding, Place } from '../../records/issue.ts';
import type { KindName } from '../../records/kinds/index.ts';
import type { MappedPart } from '../../records/mapped.ts';
import { checkRoutes } from '../../routing/check.ts';
import { reachable } from '../../routing/reach.ts';
import { receiptSettings } from '../receive/settings.ts';
import type { Addressing, DestinationPlan, Plan, SourcePlan } from './plan.ts';

export interface PlanParts {
  readonly config: Config;
  readonly placeOf: (path: string) => Place;
  readonly processingId: 'P' | 'T' | 'D';
  readonly directory: Directory;
  readonly lookup: CodeLookup;
  readonly inbound: readonly InboundMapping[];
  readonly outbound: readonly OutboundMapping[];
  readonly sources: ReadonlyMap<SourceName, SourceId>;
  readonly destinations: ReadonlyMap<DestinationName, DestinationId>;
}

/** Configuration × mappings × routes × directory, checked against each other and compiled. No plan where anything is an error. */
export const buildPlan = (parts: PlanParts): { readonly plan: Plan | undefined; readonly findings: readonly Finding[] } => {
  const findings: Finding[] = [];
  const { config } = parts;
  const sources = sourcePlans(parts);
  const destinations = destinationPlans(parts, findings);
  const kinds = new Set<KindName>(parts.inbound.flatMap((mapping) => [...mapping.makes]));
  if (config.summary !== undefined) kinds.add('document');
  const routes = checkRoutes(config.routes, {
    destinations: new Set(config.destinations.keys()),
    kinds,
    placeOf: (index) => parts.placeOf(`routes[${index}]`),
  });
  findings.push(...routes.findings);
  const sent = reachable(routes.routes, parts.directory.entries, kinds);
  for (const { name, mappings } of destinations.values())
    findings.push(...checkRenderings(mappings, parts.placeOf(`destinations.${name}.mappings`), name, sent.get(name)));
  const summary = summaryOf(parts, findings);
  const byId = new Map([...sources.values()].map((source) => [source.id, source]));
  const bySource = inboundBySource(parts);
  if (findings.some((finding) => finding.severity === 'error')) return { plan: undefined, findings };
  return {
    findings,
    plan: {
      environment: config.environment,
      processingId: parts.processingId,
      zone: config.zone,
      directory: parts.directory,
      lookup: parts.lookup,
      routes: routes.routes,
      summary,
      systems: [
        ...new Set([
          ...[...sources.values()].map((source) => source.system),
          ...parts.inbound.flatMap((mapping) => mapping.system ?? []),
          'throughcare',
        ]),
      ],
      sources,
      destinations,
      source: (id) => byId.get(id) ?? stranger(parts, id),
      inbound: (source, type) => bySource.get(`${source}\n${type}`) ?? bySource.get(`\n${type}`),
      kindsRead: [
        ...new Set(
          [...destinations.values()].flatMap((destination) =>
            destination.mappings.flatMap((mapping) => mapping.reads.map((read) => read.kind)),
          ),
        ),
      ],
      kindsReadFor: kindsReadFor(destinations, summary),
    },
  };
};

const sourcePlans = ({ config, sources, destinations, processingId }: PlanParts): Map<SourceName, SourcePlan> => {
  const plans = new Map<SourceName, SourcePlan>();
  for (const [name, settings] of config.sources) {
    const id = sources.get(name);
    if (id === undefined) continue;
    plans.set(name, {
      id,
      name,
      system: settings.system ?? name,
      receipt: receiptSettings(id, name, settings, processingId),
      identity: { match: config.identity.match, environment: config.environment, trustsNhsNumbers: settings.trustsNhsNumbers },
      ...('workflows' in settings ? { workflows: settings.workflows, others: settings.others } : NO_WORKFLOWS),
      repliesTo: settings.replies === undefined ? undefined : destinations.get(brandAs<DestinationName>(settings.replies)),
    });
  }
  return plans;
};

const NO_WORKFLOWS = { workflows: new Map(), others: 'leave' } as const;

/** A source that was taken out of the configuration while messages of it were waiting: they have no mapping now, and are held. */
const stranger = ({ config, processingId }: PlanParts, id: SourceId): SourcePlan => {
  const name = `removed-${id}` as SourceName;
  return {
    id,
    name,
    system: name,
    identity: { match: config.identity.match, environment: config.environment, trustsNhsNumbers: false },
    ...NO_WORKFLOWS,
    repliesTo: undefined,
    receipt: {
      id,
      name,
      accept: null,
      ignore: new Map(),
      versions: null,
      processingIds: new Set([processingId]),
      ack: 'auto',
      controlId: 'plain',
      identity: 'message',
      reused: 'hold',
      windowMs: 0,
      maxSize: 64 * 1024 ** 2,
      sender: false,
    },
  };
};

const destinationPlans = (
  { config, destinations, outbound, placeOf }: PlanParts,
  findings: Finding[],
): Map<DestinationName, DestinationPlan> => {
  const byName = new Map(outbound.map((mapping) => [mapping.name, mapping]));
  const plans = new Map<DestinationName, DestinationPlan>();
  for (const [name, settings] of config.destinations) {
    const mappings: OutboundMapping[] = [];
    for (const [index, wanted] of settings.mappings.entries()) {
      const mapping = byName.get(wanted);
      if (mapping !== undefined) mappings.push(mapping);
      else findings.push(unknownMapping(wanted, placeOf(`destinations.${name}.mappings[${index}]`), byName.keys()));
    }
    const id = destinations.get(name);
    if (id !== undefined) plans.set(name, { id, name, msh: settings.msh, addressing: addressingOf(settings), mappings });
  }
  return plans;
};

const addressingOf = (settings: DestinationSettings): Addressing => {
  if (settings.kind !== 'mesh-api' && settings.kind !== 'mesh-folder') return { organisation: false, patient: false };
  return { organisation: settings.to.by === 'organisation', patient: settings.to.by === 'patient' || settings.subject === 'patient' };
};

const unknownMapping = (name: string, place: Place, known: Iterable<string>): Finding => {
  const near = suggest(name, known);
  const hint = near === undefined ? undefined : `did you mean ${near}?`;
  return {
    code: 'unknown-mapping',
    severity: 'error',
    place,
    message: `there is no outbound mapping ${name}`,
    ...(hint === undefined ? {} : { hint }),
  };
};

const summaryOf = ({ config, outbound, placeOf }: PlanParts, findings: Finding[]): OutboundMapping | undefined => {
  if (config.summary === undefined) return undefined;
  const found = outbound.find((mapping) => mapping.name === config.summary);
  if (found === undefined)
    findings.push(
      unknownMapping(
        config.summary,
        placeOf('summary'),
        outbound.map((mapping) => mapping.name),
      ),
    );
  else if (found.kind !== 'custody')
    findings.push({
      code: 'wrong-kind',
      severity: 'error',
      place: placeOf('summary'),
      message: `${found.name} is for ${found.kind}`,
      hint: 'the summary is made by a mapping for custody',
    });
  return found;
};

const inboundBySource = ({ inbound }: PlanParts): Map<string, InboundMapping> => {
  const found = new Map<string, InboundMapping>();
  for (const mapping of inbound) {
    for (const source of mapping.sources.length === 0 ? [''] : mapping.sources)
      for (const type of mapping.messages) found.set(`${source}\n${type}`, mapping);
  }
  return found;
};

/** Release reads what its summary reads, and the reports of the stay; any record what the mappings that may render it read. */
const kindsReadFor = (
  destinations: ReadonlyMap<DestinationName, DestinationPlan>,
  summary: OutboundMapping | undefined,
): ((part: MappedPart) => readonly string[]) => {
  const byKind = new Map<string, Set<string>>();
  for (const destination of destinations.values()) {
    for (const mapping of destination.mappings) {
      const kinds = byKind.get(mapping.kind) ?? new Set<string>();
      for (const read of mapping.reads) kinds.add(read.kind);
      byKind.set(mapping.kind, kinds);
    }
  }
  const atRelease = ['report', 'document', ...(summary?.reads.map((read) => read.kind) ?? [])];
  return (part) => {
    const kinds = new Set<string>();
    for (const record of part.records) for (const kind of byKind.get(record.kind) ?? []) kinds.add(kind);
    if (part.custody !== null) {
      for (const kind of byKind.get('custody') ?? []) kinds.add(kind);
      const event = part.custody.fields.event;
      if (event?.state === 'value' && (event.value === 'release' || event.value === 'undoRelease'))
        for (const kind of atRelease) kinds.add(kind);
    }
    return [...kinds];
  };
};
