import type { Action, Json } from '../../../records/mapped.ts';
import type { CanonicalRecord, DeliveryFacts, RouteFacts } from '../../../records/record.ts';
import { type DirectoryPort, Run } from '../run.ts';
import type { One } from '../value.ts';
import type { Zone } from '../zone.ts';

/** All an outbound mapping may see: the record that was routed, its children, the person, and what `reads:` asks for. */
export interface RenderContext {
  readonly record: CanonicalRecord;
  readonly action: Action;
  /** Records whose parent is this one, any kind, in their order; those taken back as errors among them. */
  readonly children: readonly CanonicalRecord[];
  /** Demographics and identifiers; `knownEmpty` says which lists are known to be empty. */
  readonly patient: CanonicalRecord;
  /** Canonical fields of the present or last stay in custody; empty where there is none. */
  readonly episode: Readonly<Record<string, Json>>;
  /** The person's records of a kind, for `reads:`; the mapping sees those whose state is current. */
  readonly records: (kind: string) => readonly CanonicalRecord[];
  readonly route: RouteFacts;
  readonly delivery: DeliveryFacts;
}

const NO_DIRECTORY: DirectoryPort = { practice: () => undefined, establishment: () => undefined };

/** One rendering. What a name of `as:` means is kept by depth of the loop. */
export class OutboundRun extends Run {
  readonly context: RenderContext;
  readonly itemAt: One[] = [];
  readonly positionAt: number[] = [];
  /** What a selector, or a condition of `reads:`, is looking at. */
  looked: One;
  /** `reads:` filtered and put in order, at the first question. */
  readonly lists = new Map<string, readonly One[]>();

  constructor(context: RenderContext, zone: Zone) {
    super(
      {
        directory: NO_DIRECTORY,
        nameContent: () => {
          throw new RangeError('nothing is stored while rendering');
        },
      },
      zone,
    );
    this.context = context;
  }
}
