import { LINKING_KINDS } from '../../patients/links.ts';
import type { PersonId } from '../../records/ids.ts';
import { isKindName, KIND_FACTS, KIND_NAMES, type KindName, keyScope } from '../../records/kinds/index.ts';
import type { MappedPart } from '../../records/mapped.ts';
import { identifierKey, type PersonRow, type ProcessTransaction, type StoredItem } from '../../records/process.ts';
import { lookUp } from './look-up.ts';
import type { PersonCache } from './person-cache.ts';
import { knownPerson, type PersonState, withItems } from './person-state.ts';
import type { MessageWork, PartWork } from './work.ts';
import { WorkingSet } from './working-set.ts';

/** Read for every person a batch touches: who they are, where they are, who their GP is. */
const CORE: readonly string[] = ['patient', 'custody', 'gpRegistration'];

export interface GatherParts {
  readonly cache: PersonCache;
  /** Kinds that the mappings rendering this kind may read (`reads:`), and what a release needs. */
  readonly kindsReadFor: (part: MappedPart) => readonly string[];
}

/** Loads, under the persons' locks, everything the batch will decide on: a handful of statements whatever its size. */
export const gather = async (
  tx: ProcessTransaction,
  works: readonly MessageWork[],
  { cache, kindsReadFor }: GatherParts,
): Promise<WorkingSet> => {
  const set = new WorkingSet();
  const parts = works.flatMap((work) => work.parts.map((part) => ({ part, system: work.mapped?.system ?? '' })));
  const found = await lookUp(tx, parts, cache);
  for (const [key, person] of found.holders) set.holders.set(key, person);

  const rows = await lockClosure(tx, [...found.holders.values(), ...[...found.read.values()].map((item) => item.personId)], found.rows);
  const roots = new Map<PersonId, PersonRow[]>();
  for (const row of rows) {
    const root = row.mergedInto ?? row.id;
    roots.set(root, [...(roots.get(root) ?? []), row]);
  }
  for (const row of rows) set.roots.set(row.id, row.mergedInto ?? row.id);
  const wanted = kindsByPerson(
    parts.map(({ part }) => part),
    set,
    kindsReadFor,
  );
  await loadPersons(tx, roots, wanted, cache, set);
  await loadApart(
    tx,
    rows,
    parts.map(({ part }) => part),
    set,
  );

  // Items found by key carry their children with them: a report's results are keyed within it.
  const read = [...found.read.values()];
  const children = await tx.childrenOf(read.filter(mayHaveChildren).map((item) => item.id));
  for (const item of [...read, ...children]) {
    set.know(item);
    const person = set.persons.get(set.rootOf(item.personId));
    // A person seen lately has this version already.
    if (person !== undefined && person.items.get(item.id, item.kind)?.recordId !== item.recordId)
      set.persons.set(person.id, withItems(person, [item]));
  }
  for (const item of found.known.values()) set.know(item);
  return set;
};

/** Of most kinds nothing is ever filed below a record. */
const mayHaveChildren = ({ kind }: StoredItem): boolean => !isKindName(kind) || Object.keys(KIND_FACTS[kind].children).length > 0;

const locked = async (tx: ProcessTransaction, ids: readonly PersonId[]): Promise<readonly PersonRow[]> =>
  ids.length === 0 ? [] : tx.lock([...ids].sort((a, b) => a - b));

/** The rows of all these persons and of those merged with them, locked. Merges are flat, so one look at what the first rows point to closes the set. */
const lockClosure = async (
  tx: ProcessTransaction,
  ids: readonly PersonId[],
  guessed: readonly PersonRow[],
): Promise<readonly PersonRow[]> => {
  const wanted = new Set(ids);
  let rows = guessed;
  for (let asked = 0; ; ) {
    const known = new Set(rows.map((row) => row.id));
    for (const row of rows) if (row.mergedInto !== null) wanted.add(row.mergedInto);
    const complete = [...wanted].every((id) => known.has(id));
    for (const id of known) wanted.add(id);
    if (complete || wanted.size === asked) return rows;
    asked = wanted.size;
    rows = await locked(tx, [...wanted]);
  }
};

const kindsByPerson = (
  parts: readonly PartWork[],
  set: WorkingSet,
  kindsReadFor: GatherParts['kindsReadFor'],
): Map<PersonId, Set<string>> => {
  const wanted = new Map<PersonId, Set<string>>();
  const want = (person: PersonId, kinds: Iterable<string>): void => {
    const known = wanted.get(person) ?? new Set<string>();
    for (const kind of kinds) known.add(kind);
    wanted.set(person, known);
  };
  for (const work of parts) {
    const kinds = [...keptByPerson(work), ...kindsReadFor(work.part)];
    if (kinds.length > 0) for (const person of personsOf(set, work.evidence)) want(person, kinds);
  }
  // Who is merged in this batch is read as one by every message behind it: what is wanted of one of them is wanted of all.
  const merged = new Set(
    parts
      .filter(({ retired }) => retired !== null)
      .flatMap(({ evidence, retired }) => [...personsOf(set, evidence), ...personsOf(set, retired)]),
  );
  const all = new Set<string>(merged.size === 0 ? [] : PATIENT_KINDS);
  for (const person of merged) for (const kind of wanted.get(person) ?? []) all.add(kind);
  // What is taken apart is looked through whole.
  if (parts.some(takesApart)) for (const kind of STORED_KINDS) all.add(kind);
  for (const person of merged) want(person, all);
  return wanted;
};

const takesApart = ({ part }: PartWork): boolean => part.merge?.action === 'unmerge';

/** For a message that takes two persons apart: what each of them holds, and which merges made them one. */
const loadApart = async (
  tx: ProcessTransaction,
  rows: readonly PersonRow[],
  parts: readonly PartWork[],
  set: WorkingSet,
): Promise<void> => {
  const roots = new Set(
    parts.filter(takesApart).flatMap(({ evidence, retired }) => [...personsOf(set, evidence), ...personsOf(set, retired)]),
  );
  const concerned = rows.filter((row) => roots.has(row.mergedInto ?? row.id));
  if (concerned.length === 0) return;
  const ids = concerned.map((row) => row.id);
  const [identifiers, standing] = await Promise.all([tx.identifiersOf(ids), tx.mergesInto(ids)]);
  for (const row of concerned) set.rows.set(row.id, row);
  for (const [id, own] of identifiers) set.ownIdentifiers.set(id, own);
  set.standing.push(...standing);
};

/** Persons found by evidence, merges of earlier batches followed. */
const personsOf = (set: WorkingSet, evidence: PartWork['retired']): PersonId[] =>
  (evidence?.identifiers ?? []).flatMap((identifier) => {
    const person = set.holders.get(identifierKey(identifier));
    return person === undefined ? [] : [person];
  });

/** All but what is worked out from others. */
const STORED_KINDS: readonly KindName[] = KIND_NAMES.filter((kind) => KIND_FACTS[kind].routable);
const PATIENT_KINDS: readonly KindName[] = KIND_NAMES.filter((kind) => keyScope(kind, false) === 'patient');

/** Kinds that are looked up among the person's items: those keyed by patient, and those whose open links a new record may fill. */
const keptByPerson = (work: PartWork): KindName[] =>
  [...work.part.records.map((record) => record.kind), ...work.part.lists.map((list) => list.kind)].filter(
    (kind): kind is KindName => isKindName(kind) && (keyScope(kind, false) === 'patient' || LINKING_KINDS.has(kind)),
  );

const loadPersons = async (
  tx: ProcessTransaction,
  roots: ReadonlyMap<PersonId, readonly PersonRow[]>,
  wanted: ReadonlyMap<PersonId, ReadonlySet<string>>,
  cache: PersonCache,
  set: WorkingSet,
): Promise<void> => {
  const strangers: PersonId[] = [];
  const missing = new Map<PersonId, string[]>();
  for (const [id, rows] of roots) {
    const root = rows.find((row) => row.id === id);
    if (root === undefined) continue;
    const cached = cache.get(id, root.version);
    // Restriction and routing may be raised without the person's version; the row is the truth.
    if (cached !== undefined)
      set.persons.set(id, { ...cached, routingVersion: root.routingVersion, restricted: rows.some((row) => row.restricted) });
    else strangers.push(id);
    const kinds = [...CORE, ...(wanted.get(id) ?? [])].filter((kind) => cached?.loaded.has(kind) !== true);
    if (kinds.length > 0) missing.set(id, kinds);
  }
  const closure = (ids: readonly PersonId[]): PersonId[] => ids.flatMap((id) => (roots.get(id) ?? []).map((row) => row.id));
  const kinds = new Set([...missing.values()].flat());
  const [identifiers, items] = await Promise.all([
    tx.identifiersOf(closure(strangers)),
    tx.itemsOf(closure([...missing.keys()]), [...kinds]),
  ]);
  const withChildren = [...items, ...(await tx.childrenOf(items.filter((item) => item.kind === 'report').map((item) => item.id)))];
  for (const id of strangers) {
    const rows = roots.get(id) ?? [];
    const root = rows.find((row) => row.id === id);
    if (root !== undefined)
      set.persons.set(
        id,
        knownPerson(
          rows,
          root,
          rows.flatMap((row) => identifiers.get(row.id) ?? []),
        ),
      );
  }
  const owner = new Map<PersonId, PersonId>();
  for (const [id, rows] of roots) for (const row of rows) owner.set(row.id, id);
  const itemsOfRoot = new Map<PersonId, StoredItem[]>();
  for (const item of withChildren) {
    const root = owner.get(item.personId) ?? item.personId;
    itemsOfRoot.set(root, [...(itemsOfRoot.get(root) ?? []), item]);
  }
  for (const [id] of missing) {
    const state: PersonState | undefined = set.persons.get(id);
    // All wanted kinds were read for all of these persons at once, so each has the union.
    if (state !== undefined) set.persons.set(id, withItems(state, itemsOfRoot.get(id) ?? [], kinds));
  }
};
