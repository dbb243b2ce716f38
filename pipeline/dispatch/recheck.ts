import type { FaultCode } from '../../records/faults.ts';
import type { PersonId } from '../../records/ids.ts';
import { brandAs, type Instant } from '../../records/ids.ts';
import { ADDRESS_AGAIN, type ClaimedDelivery } from '../../records/lanes.ts';
import type { FiledHead, Filing, PersonRow, StoredItem } from '../../records/process.ts';
import type { RecheckStore, RecheckTransaction } from '../../records/recheck.ts';
import { isRole } from '../../routing/roles.ts';
import type { DestinationPlan, Plan } from '../plan/plan.ts';
import { fileRecord } from '../process/file-record.ts';
import type { Names } from '../process/names.ts';
import { knownPerson, type PersonState, withItems } from '../process/person-state.ts';
import { standingOf } from '../process/standing.ts';

export type RecheckVerdict =
  | { readonly verdict: 'go' }
  | { readonly verdict: 'replaced'; readonly heads: readonly FiledHead[] }
  | { readonly verdict: 'held'; readonly code: FaultCode }
  | { readonly verdict: 'lost' };

export interface RecheckParts {
  readonly store: RecheckStore;
  readonly plan: () => Plan;
  readonly names: Names;
  readonly now: () => Date;
}

const GO: RecheckVerdict = { verdict: 'go' };

/**
 * Before a head is sent of a person about whom something has changed: do they still belong where it was routed to, by role? A changed answer
 * files it anew on the right lane, in the same transaction that withdraws it here. So does a merge taken back since it was filed, whatever
 * the route: it was written of two persons as one; and what a person released because its address was wrong. Where a byte may have left already, a person decides (ruling A11).
 */
export const recheck = (parts: RecheckParts, claimed: ClaimedDelivery): Promise<RecheckVerdict> => {
  const { item } = claimed;
  if (!claimed.stale || item === null) return Promise.resolve(GO);
  return parts.store.inRecheck(claimed, async (tx, destination): Promise<RecheckVerdict> => {
    const stored = await tx.item(item);
    if (stored?.record == null) return GO;
    const rows = await lockAll(tx, [claimed.person, stored.personId]);
    const parted = await tx.parted(closureIn(rows, claimed.person));
    const again = claimed.decidedVersion === ADDRESS_AGAIN;
    if (!parted && !again && !isRole(claimed.role)) return GO;
    // Read with the persons locked: a directory that changes from now on makes what is filed here stale again.
    const plan = parts.plan();
    const person = await loadPerson(tx, plan, rows, parted ? stored.personId : claimed.person);
    if (person === null) return GO;
    // A record taken back since is not sent as something new; its withdrawal was filed behind it and goes out if anything ever left.
    const whole = withItems(person, [stored, ...(await tx.childrenOf([item]))]);
    const at = brandAs<Instant>(parts.now().toISOString());
    const standing = standingOf(whole, at);
    const filed = fileRecord(
      { plan, names: parts.names, person: whole, standing, messageId: claimed.message, part: claimed.part },
      stored,
      stored.record,
      stored.record.assertedBy ?? null,
    );
    const here = plan.destinations.get(destination);
    if (!parted && !again && here !== undefined && filed.filings.some((filing) => sameWay(here, filing, claimed))) {
      await tx.confirm(whole.routingVersion);
      return GO;
    }
    if (!claimed.movable) return { verdict: 'held', code: 'moved-in-doubt' };
    if (filed.filings.length === 0) return { verdict: 'held', code: filed.holds[0]?.reason ?? 'no-route' };
    const result = await tx.refile(filed.filings);
    return result.done ? { verdict: 'replaced', heads: result.heads } : { verdict: 'lost' };
  });
};

/** Where one destination serves many, the same destination is not yet the same recipient: the key is made of both. */
const sameWay = ({ id, addressing }: DestinationPlan, filing: Filing, claimed: ClaimedDelivery): boolean =>
  filing.destinationId === id && (!(addressing.organisation || addressing.patient) || filing.transportKey === claimed.transportKey);

const CORE = ['patient', 'custody', 'gpRegistration'];

/** Locks the persons, whoever they were merged into, and all merged with them; ascending in each round, as everywhere. */
const lockAll = async (tx: RecheckTransaction, ids: readonly PersonId[]): Promise<readonly PersonRow[]> => {
  const rows = await tx.lock([...new Set(ids)].sort((a, b) => a - b));
  const roots = new Set(rows.flatMap((row) => row.mergedInto ?? []));
  const missing = [...roots].some((root) => !rows.some((row) => row.id === root));
  return missing ? tx.lock([...new Set([...ids, ...roots])].sort((a, b) => a - b)) : rows;
};

const rootIn = (rows: readonly PersonRow[], id: PersonId): PersonId => rows.find((row) => row.id === id)?.mergedInto ?? id;
const closureIn = (rows: readonly PersonRow[], id: PersonId): PersonId[] => {
  const root = rootIn(rows, id);
  return rows.filter((row) => row.id === root || row.mergedInto === root).map((row) => row.id);
};

const loadPerson = async (tx: RecheckTransaction, plan: Plan, locked: readonly PersonRow[], id: PersonId): Promise<PersonState | null> => {
  const closure = closureIn(locked, id);
  const root = locked.find((row) => row.id === rootIn(locked, id));
  if (root === undefined) return null;
  const [identifiers, items] = await Promise.all([tx.identifiersOf(closure), tx.itemsOf(closure, [...CORE, ...plan.kindsRead])]);
  const known = knownPerson(
    locked.filter((row) => closure.includes(row.id)),
    root,
    closure.flatMap((one) => identifiers.get(one) ?? []),
  );
  return withItems(known, items satisfies readonly StoredItem[], CORE);
};
