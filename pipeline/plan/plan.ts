import type { WorkflowDisposition } from '../../config/types-mesh.ts';
import type { CodeLookup, Directory } from '../../directory/directory.ts';
import type { InboundMapping, OutboundMapping } from '../../mappings/engine/index.ts';
import type { Environment } from '../../patients/identifiers.ts';
import type { IdentityRules } from '../../patients/identity.ts';
import type { DestinationId, DestinationName, SourceId, SourceName } from '../../records/ids.ts';
import type { MappedPart } from '../../records/mapped.ts';
import type { DeliveryFacts } from '../../records/record.ts';
import type { CompiledRoute } from '../../routing/rule.ts';
import type { ReceiptSettings } from '../receive/settings.ts';

export interface SourcePlan {
  readonly id: SourceId;
  readonly name: SourceName;
  /** Owner of the record keys where a mapping names none. */
  readonly system: string;
  readonly receipt: ReceiptSettings;
  readonly identity: IdentityRules;
  /** Of a mailbox: what is done with each workflow, and with every other. */
  readonly workflows: ReadonlyMap<string, WorkflowDisposition>;
  readonly others: 'leave' | 'hold';
  /** Where application answers go whose connection is gone (ruling A20). */
  readonly repliesTo: DestinationId | undefined;
}

/** What a destination must be told beside the payload: the organisation the route chose, or who the patient is. */
export interface Addressing {
  readonly organisation: boolean;
  readonly patient: boolean;
}

export interface DestinationPlan {
  readonly id: DestinationId;
  readonly name: DestinationName;
  readonly msh: DeliveryFacts['msh'];
  readonly addressing: Addressing;
  /** Exactly one of these may render a record and action (ruling C31). */
  readonly mappings: readonly OutboundMapping[];
}

/** Everything configured, checked and compiled: what one batch decides by. Immutable; a reload makes another. */
export interface Plan {
  readonly environment: Environment;
  readonly processingId: 'P' | 'T' | 'D';
  readonly zone: string;
  readonly directory: Directory;
  readonly lookup: CodeLookup;
  readonly routes: readonly CompiledRoute[];
  /** Makes the text of the release summary; undefined where the site has none. */
  readonly summary: OutboundMapping | undefined;
  /** Every system that owns record keys. */
  readonly systems: readonly string[];
  readonly sources: ReadonlyMap<SourceName, SourcePlan>;
  readonly destinations: ReadonlyMap<DestinationName, DestinationPlan>;
  /** A source that left the configuration still has its unprocessed messages processed. */
  source(id: SourceId): SourcePlan;
  inbound(source: SourceName, type: string): InboundMapping | undefined;
  /** Kinds that any configured outbound mapping may read beside its own. */
  readonly kindsRead: readonly string[];
  /** Kinds of record that deciding this part may read beside the person's own. */
  readonly kindsReadFor: (part: MappedPart) => readonly string[];
}
