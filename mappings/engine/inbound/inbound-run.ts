import { assignGroups } from '../../../formats/hl7v2/assign-groups.ts';
import type { GroupInstance, GroupNode } from '../../../formats/hl7v2/groups.ts';
import type { Field, Hl7Message, Repetition, Segment } from '../../../formats/hl7v2/reader.ts';
import type { ContentName, Instant } from '../../../records/ids.ts';
import type { MappedAttachment, PartHold } from '../../../records/mapped.ts';
import { Run, type Services } from '../run.ts';
import type { Cell } from '../value.ts';
import type { Zone } from '../zone.ts';

/** More fields than any segment has. */
const FIELDS = 4096;

/** One message on its way through an inbound mapping. What a path in a loop means is kept by depth of the loop. */
export class InboundRun extends Run {
  readonly message: Hl7Message;
  readonly receivedAt: Instant;
  readonly tree: GroupNode | undefined;
  readonly groupAt: GroupInstance[] = [];
  readonly bunchAt: (readonly GroupInstance[])[] = [];
  readonly segmentAt: Segment[] = [];
  readonly cellAt: Cell[] = [];
  /** What a selector is looking at. */
  lookedRepetition: Repetition | undefined;
  lookedSegment: Segment | undefined;
  /** First reason why nothing of this part may be used. */
  hold: PartHold | null = null;
  /** Records made so far in this part, by kind. */
  readonly made = new Map<string, number>();
  readonly attachments = new Map<ContentName, MappedAttachment>();
  private assigned: GroupInstance | undefined;
  private readonly fields = new Map<number, Field>();

  constructor(message: Hl7Message, tree: GroupNode | undefined, receivedAt: Instant, services: Services, zone: Zone) {
    super(services, zone);
    this.message = message;
    this.tree = tree;
    this.receivedAt = receivedAt;
  }

  /** The message sorted into its groups, at the first question. */
  root(): GroupInstance {
    if (this.tree === undefined) throw new RangeError('no structure was compiled for this message');
    this.assigned ??= assignGroups(this.message, this.tree);
    return this.assigned;
  }
  /** A field, its repetitions and components split once however many lines ask. */
  field(segment: Segment, number: number): Field {
    const key = segment.index * FIELDS + number;
    let field = this.fields.get(key);
    if (field === undefined) {
      field = segment.field(number);
      this.fields.set(key, field);
    }
    return field;
  }
  get isGrouped(): boolean {
    return this.assigned !== undefined;
  }
}

export type { GroupInstance };
