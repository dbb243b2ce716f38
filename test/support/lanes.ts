import type {
  DeliveryId,
  DestinationId,
  DestinationName,
  DirectoryVersion,
  MappingVersion,
  MessageId,
  PersonId,
  Token,
} from '../../records/ids.ts';
import { brandAs } from '../../records/ids.ts';
import type { ClaimedHead, HeadRef, HeadResult, LaneOutlet, LaneStore, Turn, TurnOutcome } from '../../records/lanes.ts';
import type { FiledHead, Filing } from '../../records/process.ts';
import { PRIORITY } from '../../records/states.ts';
import { ROLES } from '../../routing/roles.ts';
import { HotBytes } from '../../store/hot-bytes.ts';
import { type DestinationSettings, ensureDestinations } from '../../store/lanes/destinations.ts';
import { fileDeliveries } from '../../store/lanes/file.ts';
import { createLaneStore } from '../../store/lanes/lane-store.ts';
import type { Database } from '../../store/pool.ts';
import { retryTransaction } from '../../store/retry.ts';
import type { Vault } from '../../store/vault.ts';
import { type TestDatabase, testDatabase } from './database.ts';

/** A store with persons and destinations, and short ways to file, claim and finish. */

const noContent = {
  // biome-ignore lint/correctness/useYield: nothing is stored here
  async *read(): AsyncIterable<Buffer> {
    throw new RangeError('no content in this test');
  },
};

export const enterTestDaemon = async (database: Database, host = 'test-host', pid = process.pid): Promise<number> =>
  (
    await database.query<{ id: number }>('insert into daemon (boot, host, pid) values (gen_random_uuid(), $1, $2) returning id', [
      host,
      pid,
    ])
  )[0]?.id ?? 0;

export const makePersons = async (database: Database, count: number): Promise<PersonId[]> =>
  (await database.query<{ id: PersonId }>('insert into person (version) select 0 from generate_series(1, $1) returning id', [count])).map(
    (row) => row.id,
  );

let drawn = 0;

export const filing = (destination: DestinationId, person: PersonId, change: Partial<Filing> = {}): Filing => {
  drawn += 1;
  const key = change.transportKey ?? brandAs<Filing['transportKey']>(`K${process.pid.toString(36)}${drawn.toString(36)}`.toUpperCase());
  const bytes = Buffer.from(`payload ${key}`, 'utf8');
  return {
    destinationId: destination,
    personId: person,
    messageId: brandAs<MessageId>(drawn),
    part: 1,
    itemId: null,
    recordId: null,
    route: 'results',
    role: 'custodian',
    transportKey: key,
    priority: PRIORITY.routine,
    decidedVersion: 0,
    mappingVersion: brandAs<MappingVersion>('ab12'),
    directoryVersion: brandAs<DirectoryVersion>('cd34'),
    payload: { contentType: 'text/plain', charset: 'utf-8', parts: [{ kind: 'bytes', bytes }] },
    size: bytes.length,
    ...change,
  };
};

export const fileAll = (database: Database, vault: Vault, filings: readonly Filing[]): Promise<FiledHead[]> =>
  retryTransaction(database, async (tx) => {
    await tx.query('select id from person where id = any($1) order by id for no key update', [filings.map((f) => f.personId)]);
    return fileDeliveries(tx, vault, filings);
  });

export interface LaneFixture {
  readonly store: TestDatabase;
  readonly lanes: LaneStore;
  readonly daemon: number;
  readonly outlet: LaneOutlet;
  readonly destination: DestinationId;
  person(): Promise<PersonId>;
  file(person: PersonId, ...changes: Partial<Filing>[]): Promise<FiledHead[]>;
  claim(...heads: HeadRef[]): Promise<readonly ClaimedHead[]>;
  turn(turn: Partial<Turn>): Promise<TurnOutcome>;
  lane(head: { readonly lane: number }): Promise<Record<string, unknown>>;
  delivery(id: DeliveryId): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

export const testOutlet = (destination: DestinationId): LaneOutlet => ({
  destination,
  claimTtlMs: 60_000,
  retry: { firstMs: 1_000, mostMs: 60_000, factor: 2 },
  asks: 3,
});

export const delivered = (claim: HeadRef & { readonly token: Token }, confirmed = true): HeadResult => ({
  lane: claim.lane,
  delivery: claim.delivery,
  token: claim.token,
  kind: 'delivered',
  confirmed,
  receiptCode: 'AA',
});

export const failed = (
  claim: HeadRef & { readonly token: Token },
  change: Partial<Extract<HeadResult, { kind: 'failed' }>> = {},
): HeadResult => ({
  lane: claim.lane,
  delivery: claim.delivery,
  token: claim.token,
  kind: 'failed',
  outcome: 'transient',
  code: 'connection-refused',
  sentBytes: false,
  ...change,
});

export const openLanes = async (settings: Partial<DestinationSettings> = {}): Promise<LaneFixture> => {
  const store = await testDatabase();
  const name = brandAs<DestinationName>('clinical');
  const ids = await ensureDestinations(store.database, [
    { name, transport: 'mllp', dedupable: true, advanceConfirmed: false, ...settings },
  ]);
  const destination = ids.get(settings.name ?? name);
  if (destination === undefined) throw new RangeError('no destination');
  const daemon = await enterTestDaemon(store.database);
  const lanes = createLaneStore({
    database: store.database,
    vault: store.vault,
    content: noContent,
    filed: new HotBytes(),
    roles: ROLES,
    daemon,
  });
  const outlet = testOutlet(destination);
  const turn = (change: Partial<Turn>): Promise<TurnOutcome> =>
    lanes.turn(outlet, { results: [], again: false, claims: [], next: 0, probe: false, ...change });
  const first = async <R extends object>(text: string, id: number): Promise<R> => {
    const row = (await store.database.query<R>(text, [id]))[0];
    if (row === undefined) throw new RangeError('no row');
    return row;
  };
  return {
    store,
    lanes,
    daemon,
    outlet,
    destination,
    turn,
    person: async () => (await makePersons(store.database, 1))[0] ?? brandAs<PersonId>(0),
    file: (person, ...changes) =>
      fileAll(
        store.database,
        store.vault,
        (changes.length === 0 ? [{}] : changes).map((change) => filing(destination, person, change)),
      ),
    claim: async (...heads) => (await turn({ claims: heads })).claimed,
    lane: (head) => first('select * from lane where id = $1', head.lane),
    delivery: (id) => first('select * from delivery where id = $1', id),
    close: () => store.close(),
  };
};
