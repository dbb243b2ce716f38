import type { ContentName, RecordId, TransportKey } from '../../records/ids.ts';

/** Names made of what they name, under keys that stay with the store: the same parts always give the same name. */
export interface Names {
  recordId(parts: readonly string[]): RecordId;
  transportKey(parts: readonly string[]): TransportKey;
  content(bytes: Buffer): ContentName;
}
