import type { PersonId } from '../../records/ids.ts';
import { brandAs } from '../../records/ids.ts';
import {
  type IdentifierType,
  identifierKey,
  type MergeWrite,
  type PersonIdentifier,
  type PersonRow,
  type PersonWrite,
  type StandingMerge,
} from '../../records/process.ts';
import { bools, byteas, int2s, int4s, int8s, texts } from '../arrays.ts';
import type { Transaction } from '../pool.ts';
import type { Vault } from '../vault.ts';
import { identifierTypeCode, identifierTypeWord } from './codes.ts';

const hashOf = (vault: Vault, identifier: { type: IdentifierType; value: string }): Buffer =>
  vault.searchHash(identifier.type, identifier.value);
/** What a sealed identifier is bound to. */
const aad = (type: number, hash: Buffer): string => `person_identifier:${type}:${hash.toString('hex')}`;

/** Identifier key → the person that holds it now (merges followed; they are flat). */
export const personsOf = async (
  tx: Transaction,
  vault: Vault,
  identifiers: readonly PersonIdentifier[],
): Promise<Map<string, PersonId>> => {
  const found = new Map<string, PersonId>();
  if (identifiers.length === 0) return found;
  const keyOfHash = new Map<string, string>();
  const types: number[] = [];
  const hashes: Buffer[] = [];
  for (const identifier of identifiers) {
    const hash = hashOf(vault, identifier);
    const name = `${identifierTypeCode(identifier.type)}:${hash.toString('latin1')}`;
    if (keyOfHash.has(name)) continue;
    keyOfHash.set(name, identifierKey(identifier));
    types.push(identifierTypeCode(identifier.type));
    hashes.push(hash);
  }
  const rows = await tx.query<{ type: number; hash: Buffer; person: number }>(
    `select i.type, i.hash, coalesce(p.merged_into, p.id) as person
     from unnest($1::int2[], $2::bytea[]) w(type, hash)
     join person_identifier i on i.type = w.type and i.hash = w.hash
     join person p on p.id = i.person_id`,
    [int2s(types), byteas(hashes)],
    'persons-of',
  );
  for (const row of rows) {
    const key = keyOfHash.get(`${row.type}:${row.hash.toString('latin1')}`);
    if (key !== undefined) found.set(key, brandAs<PersonId>(row.person));
  }
  return found;
};

interface PersonDbRow {
  id: number;
  merged_into: number | null;
  version: number;
  routing_version: number;
  restricted: boolean;
}
const toPerson = (row: PersonDbRow): PersonRow => ({
  id: brandAs<PersonId>(row.id),
  mergedInto: row.merged_into === null ? null : brandAs<PersonId>(row.merged_into),
  version: row.version,
  routingVersion: row.routing_version,
  restricted: row.restricted,
});

const PERSONS =
  'select id, merged_into, version, routing_version, restricted from person where id = any($1) or merged_into = any($1) order by id';

/** Ascending by id: the one order in which persons are ever locked. */
export const lockPersons = async (tx: Transaction, ids: readonly PersonId[]): Promise<PersonRow[]> =>
  ids.length === 0 ? [] : (await tx.query<PersonDbRow>(`${PERSONS} for no key update`, [ids], 'lock-persons')).map(toPerson);

export const identifiersOf = async (
  tx: Transaction,
  vault: Vault,
  ids: readonly PersonId[],
): Promise<Map<PersonId, PersonIdentifier[]>> => {
  const found = new Map<PersonId, PersonIdentifier[]>();
  if (ids.length === 0) return found;
  const rows = await tx.query<{ person_id: number; type: number; hash: Buffer; key_id: number; value: Buffer; status: string | null }>(
    'select person_id, type, hash, key_id, value, status from person_identifier where person_id = any($1) order by person_id, type, since, hash',
    [ids],
    'identifiers-of',
  );
  for (const row of rows) {
    const person = brandAs<PersonId>(row.person_id);
    const list = found.get(person) ?? [];
    const value = vault.unseal(row.key_id, row.value, aad(row.type, row.hash)).toString('utf8');
    list.push({ type: identifierTypeWord(row.type), value, ...(row.status === null ? {} : { status: row.status }) });
    found.set(person, list);
  }
  return found;
};

export const writePersons = (tx: Transaction, vault: Vault, persons: readonly PersonWrite[]): Promise<unknown>[] => {
  const waits: Promise<unknown>[] = [];
  const fresh = persons.filter((p) => p.isNew);
  const known = persons.filter((p) => !p.isNew).sort((a, b) => a.id - b.id);
  const columns = (list: readonly PersonWrite[]) => [
    int8s(list.map((p) => p.id)),
    int4s(list.map((p) => p.version)),
    int4s(list.map((p) => p.routingVersion)),
    bools(list.map((p) => p.restricted)),
  ];
  if (fresh.length > 0) {
    waits.push(
      tx.query(
        `insert into person (id, version, routing_version, restricted) overriding system value
       select * from unnest($1::int8[], $2::int4[], $3::int4[], $4::bool[])`,
        columns(fresh),
        'insert-persons',
      ),
    );
  }
  if (known.length > 0) {
    waits.push(
      tx.query(
        `update person p set version = w.version, routing_version = w.routing_version, restricted = w.restricted
       from unnest($1::int8[], $2::int4[], $3::int4[], $4::bool[]) w(id, version, routing_version, restricted)
       where p.id = w.id`,
        columns(known),
        'update-persons',
      ),
    );
  }
  const learned = persons.flatMap((p) => p.newIdentifiers.map((identifier) => ({ person: p.id, identifier })));
  if (learned.length > 0) waits.push(insertIdentifiers(tx, vault, learned));
  return waits;
};

const insertIdentifiers = (
  tx: Transaction,
  vault: Vault,
  learned: readonly { person: PersonId; identifier: PersonIdentifier }[],
): Promise<unknown> => {
  const types: number[] = [];
  const hashes: Buffer[] = [];
  const persons: number[] = [];
  const keyIds: number[] = [];
  const values: Buffer[] = [];
  const statuses: (string | null)[] = [];
  for (const { person, identifier } of learned) {
    const type = identifierTypeCode(identifier.type);
    const hash = hashOf(vault, identifier);
    const sealed = vault.seal(Buffer.from(identifier.value, 'utf8'), aad(type, hash));
    types.push(type);
    hashes.push(hash);
    persons.push(person);
    keyIds.push(sealed.keyId);
    values.push(sealed.bytes);
    statuses.push(identifier.status ?? null);
  }
  // The person of an identifier changes by merge alone; what may be learned again is its status.
  return tx.query(
    `insert into person_identifier (type, hash, person_id, key_id, value, status)
     select * from unnest($1::int2[], $2::bytea[], $3::int8[], $4::int2[], $5::bytea[], $6::text[])
     on conflict (type, hash) do update set status = coalesce(excluded.status, person_identifier.status)`,
    [int2s(types), byteas(hashes), int8s(persons), int2s(keyIds), byteas(values), texts(statuses)],
    'insert-identifiers',
  );
};

export const mergesInto = async (tx: Transaction, ids: readonly PersonId[]): Promise<StandingMerge[]> =>
  ids.length === 0
    ? []
    : tx.query<StandingMerge>(
        `select from_person as "from", into_person as "into", message_id as "messageId" from person_merge
         where into_person = any($1) and undone_at is null order by id`,
        [ids],
        'merges-into',
      );

/** Links are flat: whoever was merged into the one that goes is from now on merged into the one that stays, and goes back with it. */
export const writeMerges = (tx: Transaction, merges: readonly MergeWrite[]): Promise<unknown>[] =>
  merges.flatMap((merge) => (merge.undo ? undoMerge(tx, merge) : doMerge(tx, merge)));

const doMerge = (tx: Transaction, { from, into, messageId, part }: MergeWrite): Promise<unknown>[] => [
  tx.query('insert into person_merge (from_person, into_person, message_id, part) values ($1, $2, $3, $4)', [from, into, messageId, part]),
  tx.query(
    'update person set merged_into = $2, version = version + 1, routing_version = routing_version + 1 where id = $1 or merged_into = $1',
    [from, into],
  ),
];

const undoMerge = (tx: Transaction, { from, into, following }: Extract<MergeWrite, { undo: true }>): Promise<unknown>[] => [
  tx.query('update person_merge set undone_at = now() where from_person = $1 and into_person = $2 and undone_at is null', [from, into]),
  tx.query(
    `update person set merged_into = case when id = $1 then null else $1::int8 end, version = version + 1, routing_version = routing_version + 1
     where id = $1 or id = any($2::int8[])`,
    [from, following],
  ),
];
