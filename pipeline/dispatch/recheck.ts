import type { FaultCode } from '../../records/faults.ts';
import type { PersonId } from '../../records/ids.ts';
import { brandAs, type Instant } from '../../records/ids.ts';
import type { ClaimedDelivery } from '../../records/lanes.ts';
import type { FiledHead, StoredItem } from '../../records/process.ts';
import type { RecheckStore, RecheckTransaction } from '../../records/recheck.ts';
import { isRole } from '../../routing/roles.ts';
import type { Plan } from '../plan/plan.ts';
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
 * Before a head is sent that was routed by role: does its person still belong where it was routed to? A changed answer files it anew on the
 * right lane, in the same transaction that withdraws it here. Where a byte may have left already, a person decides (ruling A11).
 */
export const recheck = (parts: RecheckParts, claimed: ClaimedDelivery): Promise<RecheckVerdict> => {
  const { item } = claimed;
  if (!claimed.stale || !isRole(claimed.role) || item === null) return Promise.resolve(GO);
  return parts.store.inRecheck(claimed, async (tx, destination): Promise<RecheckVerdict> => {
    const person = await loadPerson(tx, parts.plan, claimed.person);
    // Read with the person locked: a directory that changes from now on makes what is filed here stale again.
    const plan = parts.plan();
    const stored = person === null ? null : (person.items.get(item) ?? (await tx.item(item)));
    if (person === null || stored?.record == null) return GO;
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
    if (here !== undefined && filed.filings.some((filing) => filing.destinationId === here.id)) {
      await tx.confirm(whole.routingVersion);
      return GO;
    }
    if (!claimed.movable) return { verdict: 'held', code: 'moved-in-doubt' };
    if (filed.filings.length === 0) return { verdict: 'held', code: filed.holds[0]?.reason ?? 'no-route' };
    const result = await tx.refile(filed.filings);
    return result.done ? { verdict: 'replaced', heads: result.heads } : { verdict: 'lost' };
  });
};

const CORE = ['patient', 'custody', 'gpRegistration'];

const loadPerson = async (tx: RecheckTransaction, plan: () => Plan, id: PersonId): Promise<PersonState | null> => {
  let rows = await tx.lock([id]);
  const root = rows.find((row) => row.id === id)?.mergedInto ?? id;
  if (root !== id) rows = await tx.lock([root]);
  const row = rows.find((one) => one.id === root);
  if (row === undefined) return null;
  const closure = rows.map((one) => one.id);
  const [identifiers, items] = await Promise.all([tx.identifiersOf(closure), tx.itemsOf(closure, [...CORE, ...plan().kindsRead])]);
  const known = knownPerson(
    rows,
    row,
    closure.flatMap((one) => identifiers.get(one) ?? []),
  );
  return withItems(known, items satisfies readonly StoredItem[], CORE);
};
