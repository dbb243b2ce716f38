import type { DestinationName, ItemId } from '../../records/ids.ts';
import type { ClaimedDelivery } from '../../records/lanes.ts';
import type { RecheckStore } from '../../records/recheck.ts';
import { confirmRoute, partedSince, refile } from '../lanes/refile.ts';
import type { Database } from '../pool.ts';
import { retryTransaction } from '../retry.ts';
import type { Vault } from '../vault.ts';
import { childrenOf, itemById, itemsOf, recordStore } from './items.ts';
import { identifiersOf, lockPersons } from './persons.ts';
import type { Systems } from './systems.ts';

export const createRecheckStore = (database: Database, vault: Vault, systems: Systems): RecheckStore => {
  const records = recordStore(vault, systems);
  return {
    inRecheck: (claimed: ClaimedDelivery, work) =>
      retryTransaction(database, async (tx) => {
        const [row] = await tx.query<{ name: DestinationName }>(
          'select name from destination where id = $1',
          [claimed.destination],
          'destination-name',
        );
        if (row === undefined) throw new RangeError('a delivery has no destination');
        return work(
          {
            lock: (ids) => lockPersons(tx, ids),
            identifiersOf: (ids) => identifiersOf(tx, vault, ids),
            itemsOf: (ids, kinds) => itemsOf(tx, records, ids, kinds),
            childrenOf: (parents) => childrenOf(tx, records, parents),
            item: (id: ItemId) => itemById(tx, records, id),
            parted: (persons) => partedSince(tx, claimed.delivery, persons),
            confirm: (routingVersion) => confirmRoute(tx, claimed, routingVersion),
            refile: (filings) => refile(tx, vault, claimed, filings),
          },
          row.name,
        );
      }),
  };
};
