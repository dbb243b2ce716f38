import type { LaneStore } from '../../records/lanes.ts';
import type { HotBytes } from '../hot-bytes.ts';
import { takeLease } from '../lease.ts';
import type { Database } from '../pool.ts';
import type { Vault } from '../vault.ts';
import { checkLanes, dueHeads, expireClaims, silentDaemons, tidyLanes } from './care.ts';
import { destinationHealth, destinationStatuses, noteTransport, takeProbe } from './destinations.ts';
import { farSends } from './far-message.ts';
import { lastAct } from './operator.ts';
import { type ContentReader, openDelivery } from './outbound.ts';
import { renewClaim } from './renew.ts';
import { claimForAsking, disownClaims, loadClaims, takeTurn } from './turn.ts';

export interface LaneStoreParts {
  readonly database: Database;
  readonly vault: Vault;
  readonly content: ContentReader;
  /** Payloads this process has just filed. */
  readonly filed: HotBytes<string>;
  /** What routes may be addressed to that is worked out for each record: only these are checked again. */
  readonly roles: readonly string[];
  /** This daemon's row. */
  readonly daemon: number;
}

/** The store as the queues see it. */
export const createLaneStore = ({ database, vault, content, filed, roles, daemon }: LaneStoreParts): LaneStore => {
  const sends = farSends(database);
  return {
    turn: (outlet, turn) => takeTurn(database, vault, daemon, outlet, turn),
    load: (claims) => loadClaims(database, filed, roles, claims),
    open: (claimed, outlet) => openDelivery(vault, content, claimed, outlet?.far === undefined ? undefined : sends),
    renew: (claim, ttlMs) => renewClaim(database, claim, ttlMs),
    disown: (destination, known) => disownClaims(database, daemon, destination, known),
    ask: (heads, ttlMs) => claimForAsking(database, daemon, heads, ttlMs),
    health: (destination) => destinationHealth(database, destination),
    statuses: () => destinationStatuses(database),
    lastAct: () => lastAct(database),
    noteTransport: (destination, failures, policy) => noteTransport(database, destination, failures, policy),
    takeProbe: (destination, ttlMs) => takeProbe(database, destination, ttlMs),
    due: (filter) => dueHeads(database, filter),
    expireClaims: () => expireClaims(database, daemon),
    silentDaemons: () => silentDaemons(database, daemon),
    checkLanes: () => checkLanes(database),
    tidy: () => tidyLanes(database),
    takeLease: async (name, ms) => (await takeLease(database, name, daemon, ms)) !== null,
  };
};
