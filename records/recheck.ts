import type { DestinationName, ItemId, PersonId } from './ids.ts';
import type { ClaimedDelivery } from './lanes.ts';
import type { FiledHead, Filing, PersonIdentifier, PersonRow, StoredItem } from './process.ts';

/** What checking a claimed head again needs of the store, inside one transaction with the person locked (rulings A10–A12). */
export interface RecheckTransaction {
  lock(ids: readonly PersonId[]): Promise<readonly PersonRow[]>;
  identifiersOf(ids: readonly PersonId[]): Promise<ReadonlyMap<PersonId, readonly PersonIdentifier[]>>;
  itemsOf(ids: readonly PersonId[], kinds: readonly string[]): Promise<readonly StoredItem[]>;
  childrenOf(parents: readonly ItemId[]): Promise<readonly StoredItem[]>;
  item(id: ItemId): Promise<StoredItem | null>;
  /** Was somebody merged with one of these when the claimed delivery was filed, and has been taken apart from them since? */
  parted(persons: readonly PersonId[]): Promise<boolean>;
  /** The route stands; it need not be looked at again for this version of the person. */
  confirm(routingVersion: number): Promise<void>;
  /** Withdraws the head as replaced and files these instead. `done` false: the claim is no longer ours, or a byte may have left. */
  refile(filings: readonly Filing[]): Promise<{ readonly done: boolean; readonly heads: readonly FiledHead[] }>;
}

export interface RecheckStore {
  inRecheck<T>(claimed: ClaimedDelivery, work: (tx: RecheckTransaction, destination: DestinationName) => Promise<T>): Promise<T>;
}
