import type { ReceiptSettings as ConfiguredReceipt } from '../../config/types.ts';
import type { SourceId, SourceName } from '../../records/ids.ts';

/** What the receipt checks and the journal need to know of one source. */
export interface ReceiptSettings {
  readonly id: SourceId;
  readonly name: SourceName;
  /** Events taken (`ADT^A01`); null takes all. */
  readonly accept: ReadonlySet<string> | null;
  /** Event → reason why it is received and not used. */
  readonly ignore: ReadonlyMap<string, string>;
  /** MSH-12 values taken; null takes 2.1 to 2.8. */
  readonly versions: ReadonlySet<string> | null;
  /** MSH-11 values taken. */
  readonly processingIds: ReadonlySet<string>;
  readonly ack: ConfiguredReceipt['ack'];
  readonly controlId: ConfiguredReceipt['controlId'];
  readonly identity: ConfiguredReceipt['identity'];
  readonly reused: ConfiguredReceipt['reused'];
  readonly windowMs: number;
  /** Bytes of the largest message that is processed. */
  readonly maxSize: number;
  /** MSH-3 and MSH-4 belong to the identity. */
  readonly sender: boolean;
}

const setOrNull = (words: readonly string[]): ReadonlySet<string> | null => (words.length === 0 ? null : new Set(words));

export const receiptSettings = (id: SourceId, name: SourceName, configured: ConfiguredReceipt, processingId: string): ReceiptSettings => ({
  id,
  name,
  accept: setOrNull(configured.accept),
  ignore: configured.ignore,
  versions: setOrNull(configured.versions),
  processingIds: new Set(configured.processingIds.length === 0 ? [processingId] : configured.processingIds),
  ack: configured.ack,
  controlId: configured.controlId,
  identity: configured.identity,
  reused: configured.reused,
  windowMs: configured.window,
  maxSize: configured.maxSize,
  sender: configured.sender,
});
