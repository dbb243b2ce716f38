import type { KindName } from '../records/kinds/index.ts';
import type { Action } from '../records/mapped.ts';
import type { OrganisationEntry } from '../records/organisations.ts';
import { takes } from './certain.ts';
import { isRole, type Role } from './roles.ts';
import type { CompiledRoute } from './rule.ts';

/** Actions of each kind of record that may come to a destination. */
export type Reached = ReadonlyMap<KindName, ReadonlySet<Action>>;

const ACTIONS: readonly Action[] = ['put', 'replace', 'cancel', 'error'];

/** Whom a role may turn out to be. A practice that is an establishment's own is never written to as the registered one (domain H11). */
const MAY_BE: Readonly<Record<Role, (entry: OrganisationEntry) => boolean>> = {
  custodian: ({ type }) => type === 'establishment',
  'receiving-establishment': ({ type }) => type === 'establishment',
  'previous-custodian': ({ type }) => type === 'establishment',
  'registered-gp': ({ type }) => type !== 'establishment',
  sender: () => true,
};

/**
 * What the routes may send where: destination → kinds and actions. `kinds`: those that are made at all. Never too little; what depends on
 * a record's fields or on where its person is counts as possible.
 */
export const reachable = (
  routes: readonly CompiledRoute[],
  entries: readonly OrganisationEntry[],
  kinds: Iterable<KindName>,
): ReadonlyMap<string, Reached> => {
  const found = new Map<string, Map<KindName, Set<Action>>>();
  const add = (destination: string | undefined, kind: KindName, action: Action): void => {
    if (destination === undefined) return;
    const reached = found.get(destination) ?? new Map<KindName, Set<Action>>();
    found.set(destination, reached);
    reached.set(kind, (reached.get(kind) ?? new Set()).add(action));
  };
  for (const kind of kinds) {
    for (const action of ACTIONS) {
      for (const route of routes) {
        const answer = takes(route, { kind, action });
        if (answer === 'no') continue;
        for (const to of route.targets) {
          if (!isRole(to)) add(to, kind, action);
          else
            for (const entry of entries)
              if (MAY_BE[to](entry)) add(entry.endpoints.get(kind) ?? entry.endpoints.get('default'), kind, action);
        }
        // A route that takes every such record leaves none to those after it.
        if (answer === 'yes') break;
      }
    }
  }
  return found;
};
