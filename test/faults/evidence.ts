import type { Reception } from './receiver.ts';
import type { Destination } from './site.ts';

/** What a run leaves behind, from both ends and from the store; what the judge decides by. Times in milliseconds since 1970. */
export interface Evidence {
  readonly sent: readonly {
    readonly controlId: string;
    readonly patient: string;
    readonly step: number;
    readonly bytes: Buffer;
    readonly broken: boolean;
    readonly acknowledged: number | undefined;
  }[];
  readonly journal: readonly JournalRow[];
  readonly deliveries: readonly DeliveryRow[];
  /** Every claim ever given, in order; from a trigger on the lanes. */
  readonly claims: readonly Claim[];
  readonly receptions: ReadonlyMap<Exclude<Destination, 'filing'>, readonly Reception[]>;
  /** Files in the folder of `filing`. */
  readonly files: readonly FiledFile[];
  /** Each life of each daemon that was entered in the store, by its pid there. */
  readonly lives: readonly { readonly via: number; readonly pid: number; readonly from: number; readonly until: number | undefined }[];
  /** Lanes whose state does not follow from their deliveries. */
  readonly laneFaults: readonly string[];
  /** The conservation lines that do not balance, or say that something is under way. */
  readonly imbalances: readonly string[];
}

export interface JournalRow {
  readonly id: number;
  /** Null where what came in had none. */
  readonly controlId: string | null;
  /** In clear; null for a duplicate. */
  readonly bytes: Buffer | null;
  readonly duplicateOf: number | null;
  /** As operators see it: processed, held … */
  readonly state: string;
  readonly reason: string | null;
}

export interface DeliveryRow {
  readonly id: number;
  readonly message: number;
  readonly lane: number;
  readonly destination: Destination;
  readonly key: string;
  /** As operators see it: handed-over, confirmed, held, waiting … */
  readonly view: string;
  /** In clear, as rendered. */
  readonly payload: Buffer;
}

export interface Claim {
  readonly lane: number;
  readonly delivery: number;
  readonly token: number;
  /** Process id of the daemon it was given to. */
  readonly pid: number;
  readonly at: number;
  /** When it runs out. */
  readonly until: number;
}

export interface FiledFile {
  readonly name: string;
  readonly bytes: Buffer;
  /** When it got its name, in nanoseconds. */
  readonly named: bigint;
}
