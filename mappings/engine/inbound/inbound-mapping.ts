import { structureOf } from '../../../formats/hl7v2/groups.ts';
import type { Hl7Message } from '../../../formats/hl7v2/reader.ts';
import type { Instant, MappingVersion, SourceName } from '../../../records/ids.ts';
import type { KindName } from '../../../records/kinds/index.ts';
import type { MappedMessage, MappedPart } from '../../../records/mapped.ts';
import type { DirectoryPort, Services } from '../run.ts';
import { Zone } from '../zone.ts';
import type { MessageType } from './compile-inbound.ts';
import type { InboundPlan } from './inbound-plan.ts';
import { InboundRun } from './inbound-run.ts';
import { segmentPlace } from './place-text.ts';
import type { RecordPlan } from './record-plan.ts';
import { runPart } from './run-part.ts';

/** What a message brings along besides its bytes. */
export interface MapContext {
  readonly source: SourceName;
  readonly receivedAt: Instant;
  /** IANA name; for mappings that state no `zone`. */
  readonly zone: string;
  /** Owner of the keys where the mapping names none. */
  readonly system: string;
  readonly directory: DirectoryPort;
  /** Keyed digest by which attachments are stored. */
  readonly nameContent: Services['nameContent'];
}

export interface InboundMapping {
  readonly name: string;
  readonly file: string;
  readonly version: MappingVersion;
  /** Names of the sources it is for; empty = any source that no other mapping is written for. */
  readonly sources: readonly string[];
  /** `ADT^A08`. */
  readonly messages: readonly string[];
  /** Owner of the record keys; undefined = the source's system. */
  readonly system: string | undefined;
  /** Record rules, for checks across mappings. */
  readonly rules: readonly RecordPlan[];
  /** Kinds of the records it may make that stand alone: those of the rules, the patient, the custody event. */
  readonly makes: ReadonlySet<KindName>;
  /** Pure: the same message and context always give the same records. Never throws for what a message says. */
  run(message: Hl7Message, context: MapContext): MappedMessage;
}

interface Facts {
  readonly name: string;
  readonly file: string;
  readonly version: MappingVersion;
  readonly sources: readonly string[];
  readonly types: readonly MessageType[];
  readonly system: string | undefined;
  readonly zone: Zone | undefined;
  /** By structure, with those of `types` first. */
  readonly plans: ReadonlyMap<string, InboundPlan>;
}

const UTC = Zone.named('UTC');

const planFor = (facts: Facts, message: Hl7Message): InboundPlan => {
  const byStructure = facts.plans.get(structureOf(message) ?? '') ?? facts.plans.get(`${message.code}_${message.trigger}`);
  const [first] = facts.plans.values();
  const plan = byStructure ?? first;
  if (plan === undefined) throw new RangeError('a mapping without message types was run');
  return plan;
};

const runParts = (plan: InboundPlan, run: InboundRun): MappedPart[] => {
  if (plan.parts === undefined) return [runPart(plan, run, 1)];
  const parts: MappedPart[] = [];
  plan.parts.run(run, (position) => parts.push(runPart(plan, run, position)));
  if (parts.length > 0) return parts;
  // Nobody in sight: the message as a whole is held, never passed over.
  const nobody: MappedPart = {
    part: 1,
    identify: {},
    patient: null,
    patientDefaults: {},
    custody: null,
    merge: null,
    records: [],
    lists: [],
    asOf: null,
    issues: [],
    hold: { reason: 'unreadable', rule: plan.rule },
  };
  return [nobody];
};

/** Lines that are no segments: what they say cannot be placed, so nothing of the message is used. */
const heldAsUnreadable = (part: MappedPart, plan: InboundPlan, message: Hl7Message): MappedPart => {
  const [bad] = message.malformed;
  if (bad === undefined || part.hold !== null) return part;
  return {
    ...part,
    patient: null,
    patientDefaults: {},
    custody: null,
    merge: null,
    records: [],
    lists: [],
    hold: { reason: 'unreadable', rule: plan.rule, source: `segment ${bad.index + 1}` },
  };
};

export const inboundMapping = (facts: Facts): InboundMapping => ({
  name: facts.name,
  file: facts.file,
  version: facts.version,
  sources: facts.sources,
  messages: facts.types.map((type) => `${type.code}^${type.trigger}`),
  system: facts.system,
  rules: [...facts.plans.values()][0]?.records ?? [],
  // A person met for the first time is founded with a patient record, whatever the mapping says of demographics.
  makes: new Set<KindName>([
    'patient',
    ...[...facts.plans.values()].flatMap((plan) => [
      ...plan.records.map((rule) => rule.kind),
      ...(plan.custody === undefined ? [] : (['custody'] as const)),
    ]),
  ]),
  run: (message, context) => {
    const plan = planFor(facts, message);
    const zone = facts.zone ?? Zone.named(context.zone) ?? UTC;
    if (zone === undefined) throw new RangeError('no time zone data');
    const run = new InboundRun(
      message,
      plan.tree,
      context.receivedAt,
      { directory: context.directory, nameContent: context.nameContent },
      zone,
    );
    let parts = runParts(plan, run);
    if (message.malformed.length > 0) {
      parts = parts.map((part) => heldAsUnreadable(part, plan, message));
      run.attachments.clear();
    }
    const [first, ...others] = parts;
    if (first !== undefined && run.isGrouped) {
      const misplaced = run
        .root()
        .misplaced.map((segment) => ({ code: 'misplaced-segment', rule: plan.rule, target: 'message', source: segmentPlace(segment) }));
      if (misplaced.length > 0) parts = [{ ...first, issues: [...first.issues, ...misplaced] }, ...others];
    }
    return {
      mapping: facts.name,
      version: facts.version,
      system: facts.system ?? context.system,
      parts,
      attachments: [...run.attachments.values()],
    };
  },
});
