import type { Hl7Message } from '../../formats/hl7v2/reader.ts';
import type { ReadEvidence } from '../../patients/evidence.ts';
import type { MappedMessage, MappedPart, MappedRecord } from '../../records/mapped.ts';
import type { HeldPart, TodoMessage } from '../../records/process.ts';
import type { DestinationPlan, SourcePlan } from '../plan/plan.ts';

/** One message of a batch, read and mapped: pure work, made before anything is decided. */
export interface MessageWork {
  readonly todo: TodoMessage;
  readonly source: SourcePlan;
  readonly message: Hl7Message | null;
  readonly mapped: MappedMessage | null;
  readonly parts: readonly PartWork[];
  /** Where the whole message is passed on to as it is, and nothing of it read. */
  readonly forward?: DestinationPlan;
  /** The whole message is held: no mapping, unreadable. */
  readonly hold: HeldPart | null;
  /** Why the source does not use the whole message. */
  readonly ignored?: string;
  /** Parts that ran before a release and came out otherwise than held. */
  readonly done: ReadonlySet<number>;
}

export interface PartWork {
  readonly part: MappedPart;
  readonly evidence: ReadEvidence;
  /** The custody event as a record of its own. */
  readonly custody: MappedRecord | null;
  /** Of the retired side of a merge. */
  readonly retired: ReadEvidence | null;
}
