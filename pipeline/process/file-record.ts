import type { OutboundMapping } from '../../mappings/engine/index.ts';
import type { OdsCode } from '../../records/ids.ts';
import { isKindName, KIND_FACTS } from '../../records/kinds/index.ts';
import type { Action } from '../../records/mapped.ts';
import type { Filing, HeldPart, StoredItem } from '../../records/process.ts';
import type { CanonicalRecord, DeliveryFacts, Payload } from '../../records/record.ts';
import { decideRoutes } from '../../routing/decide.ts';
import type { DecisionEvidence, RouteDelivery } from '../../routing/outcome.ts';
import type { Plan } from '../plan/plan.ts';
import { envelopeFor } from './envelope.ts';
import type { Names } from './names.ts';
import { patientView } from './patient-view.ts';
import { type PersonState, recordsRead } from './person-state.ts';
import type { Standing } from './standing.ts';

export interface FileContext {
  readonly plan: Plan;
  readonly names: Names;
  readonly person: PersonState;
  readonly standing: Standing;
  readonly messageId: Filing['messageId'];
  readonly part: number;
}

/** What became of one record: where it goes, what holds it, or the rule that keeps it. */
export interface FiledRecord {
  readonly filings: readonly Filing[];
  readonly holds: readonly HeldPart[];
  readonly filedBy: string | null;
  readonly evidence: DecisionEvidence | { readonly record: string; readonly kind: string; readonly filed: string };
}

/** Routes one record and renders it for each destination. Pure. `sender`: nothing is sent back to who stated it. */
export const fileRecord = (context: FileContext, item: StoredItem, record: CanonicalRecord, sender: OdsCode | null): FiledRecord => {
  const { plan, standing, person } = context;
  const children = childrenOf(person, item);
  const decision = decideRoutes(plan.routes, standing.factsFor(record, children, sender), plan.directory);
  const holds: HeldPart[] = decision.holds.map(({ reason, route }) => ({ reason, ...(route === null ? {} : { rule: `route:${route}` }) }));
  const filings: Filing[] = [];
  for (const delivery of decision.deliveries) {
    const rendered = render(context, item, record, children, delivery);
    if (rendered.ok) filings.push(rendered.filing);
    else holds.push(rendered.hold);
  }
  return { filings, holds, filedBy: decision.filed === null ? null : `route:${decision.filed.rule}`, evidence: decision.evidence };
};

/** Children of a report in their order; those taken back as errors too, for they go out as deletions (ruling C32). */
const childrenOf = (person: PersonState, item: StoredItem): CanonicalRecord[] => {
  const children: CanonicalRecord[] = [];
  for (const kind of kindsBelow(item.kind))
    for (const other of person.items.ofKind(kind)) if (other.parentId === item.id && other.record !== null) children.push(other.record);
  return children.length < 2 ? children : children.sort((a, b) => a.position - b.position || (a.id < b.id ? -1 : 1));
};

const kindsBelow = (kind: string): readonly string[] => (isKindName(kind) ? Object.values(KIND_FACTS[kind].children) : []);

type Rendered = { readonly ok: true; readonly filing: Filing } | { readonly ok: false; readonly hold: HeldPart };

const render = (
  context: FileContext,
  item: StoredItem,
  record: CanonicalRecord,
  children: readonly CanonicalRecord[],
  delivery: RouteDelivery,
): Rendered => {
  const { plan, names, person, standing, messageId, part } = context;
  const destination = plan.destinations.get(delivery.destination);
  const rule = `route:${delivery.route}`;
  if (destination === undefined) return { ok: false, hold: { reason: 'no-endpoint', rule } };
  const chosen = chooseMapping(destination.mappings, record, record.action);
  if (chosen === 'none') return { ok: false, hold: { reason: 'no-rendering', rule } };
  if (chosen === 'several') return { ok: false, hold: { reason: 'no-rendering', rule, say: 'several mappings render it' } };
  const name = [String(messageId), String(part), record.id, delivery.destination, delivery.entry?.ods ?? '', delivery.route];
  const transportKey = names.transportKey(name);
  const facts: DeliveryFacts = {
    // Few mappings name it, and making it costs more than most of what they do name.
    get id() {
      return names.recordId(['delivery', ...name]);
    },
    controlId: transportKey,
    createdAt: standing.at,
    processingId: plan.processingId,
    msh: destination.msh,
  };
  const envelope = envelopeFor(destination.addressing, delivery.entry?.ods, () => patientView(person, record));
  if (envelope === null) return { ok: false, hold: { reason: 'no-addressee', rule } };
  const result = renderWith(context, chosen, record, children, delivery, facts);
  if (!result.ok)
    return {
      ok: false,
      hold: {
        reason: 'rendering-failed',
        rule: result.hold.rule,
        ...(result.hold.source === undefined ? {} : { source: result.hold.source }),
      },
    };
  return {
    ok: true,
    filing: {
      destinationId: destination.id,
      personId: person.id,
      messageId,
      part,
      itemId: item.id,
      recordId: item.recordId,
      route: delivery.route,
      role: delivery.to,
      transportKey,
      priority: delivery.priority,
      decidedVersion: person.routingVersion,
      mappingVersion: chosen.version,
      directoryVersion: plan.directory.version,
      payload: envelope === undefined ? result.payload : { ...result.payload, envelope },
      size: sizeOf(result.payload),
    },
  };
};

/** Exactly one may match (ruling C31). `check` refuses an overlap it can prove; one it could not is held, never decided by the order of a list. */
const chooseMapping = (
  mappings: readonly OutboundMapping[],
  record: CanonicalRecord,
  action: Action,
): OutboundMapping | 'none' | 'several' => {
  let chosen: OutboundMapping | undefined;
  for (const mapping of mappings) {
    if (mapping.kind !== record.kind || !mapping.matches(record, action)) continue;
    if (chosen !== undefined) return 'several';
    chosen = mapping;
  }
  return chosen ?? 'none';
};

export const renderWith = (
  context: FileContext,
  mapping: OutboundMapping,
  record: CanonicalRecord,
  children: readonly CanonicalRecord[],
  delivery: Pick<RouteDelivery, 'facts'>,
  facts: DeliveryFacts,
) =>
  mapping.render({
    record,
    action: record.action,
    children,
    patient: patientView(context.person, record),
    episode: context.standing.episode,
    records: (kind) => recordsRead(context.person, kind),
    route: delivery.facts,
    delivery: facts,
  });

const sizeOf = (payload: Payload): number =>
  payload.parts.reduce(
    (sum, part) =>
      sum + (part.kind === 'bytes' ? part.bytes.length : part.encoding === 'base64' ? Math.ceil(part.size / 3) * 4 : part.size),
    0,
  );
