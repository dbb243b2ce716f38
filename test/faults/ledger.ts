import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeliveryId, TransportKey } from '../../records/ids.ts';
import { OUTCOME } from '../../records/states.ts';
import { conservation } from '../../store/conservation.ts';
import { readKeyFile } from '../../store/keys.ts';
import { releaseDelivery } from '../../store/lanes/operator.ts';
import { unsealPayload } from '../../store/lanes/payload.ts';
import { type ConnectionTarget, type Database, openDatabase } from '../../store/pool.ts';
import { openVault, type Vault } from '../../store/vault.ts';
import type { Claim, DeliveryRow, Evidence, FiledFile, JournalRow } from './evidence.ts';
import type { Destination } from './site.ts';

/** Every claim is noted with its time by the database itself, in the transaction that gives it. */
const NOTE_CLAIMS = `
create schema if not exists fault_log;
create table if not exists fault_log.claim (n bigint generated always as identity primary key,
  lane bigint not null, delivery bigint not null, token bigint not null, daemon int not null, at timestamptz not null, until timestamptz not null);
create or replace function fault_log.note() returns trigger language plpgsql as $$
begin
  insert into fault_log.claim (lane, delivery, token, daemon, at, until)
    values (new.id, new.head, new.token, new.claimed_by, clock_timestamp(), new.claimed_until);
  return null;
end $$;
create or replace trigger fault_log after update on throughcare.lane for each row
  when (new.phase = 2 and new.token is distinct from old.token) execute function fault_log.note()`;

/** What is not at rest, and who must be asked. */
export interface Unfinished {
  readonly unprocessed: number;
  readonly waiting: number;
  readonly held: readonly { readonly delivery: DeliveryId; readonly destination: Destination; readonly code: string | null }[];
}

/** The store of a run, looked into from outside with its own keys. */
export class Ledger {
  readonly #database: Database;
  readonly #vault: Vault;
  #closed = false;

  private constructor(database: Database, vault: Vault) {
    this.#database = database;
    this.#vault = vault;
  }

  /** For a store whose daemons have been ready once. From here on every claim is noted. */
  static async open(target: ConnectionTarget, data: string): Promise<Ledger> {
    const keys = await readKeyFile(data);
    if (keys === undefined) throw new Error(`no key file in ${data}`);
    const database = openDatabase(target, { max: 2 });
    const vault = await openVault(database, keys);
    for (const statement of NOTE_CLAIMS.split(/;\n(?=create)/)) await database.query(statement);
    return new Ledger(database, vault);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#database.close();
  }

  /** Drops BullMQ's tables. */
  async dropQueues(): Promise<void> {
    await this.#database.query('drop schema throughcare_queue cascade', [], { timeout: 2_000 });
  }

  async unfinished(): Promise<Unfinished> {
    const [counts] = await this.#database.query<{ unprocessed: number; waiting: number }>(
      `select (select count(*) from message_todo) as unprocessed, (select count(*) from delivery where state = 0) as waiting`,
    );
    const held = await this.#database.query<Unfinished['held'][number]>(
      `select d.id as delivery, n.name as destination, (select h.reason from hold h where h.delivery_id = d.id and h.done is null) as code
       from lane l join delivery d on d.id = l.head join destination n on n.id = l.destination_id where l.phase = 4 order by d.id`,
    );
    return { unprocessed: counts?.unprocessed ?? 0, waiting: counts?.waiting ?? 0, held };
  }

  /** What the person on call does with a file of which nobody knows whether it was taken: looks, and has it sent again. */
  async release(delivery: DeliveryId): Promise<void> {
    await releaseDelivery(this.#database, this.#vault, delivery, { who: 'on-call', why: 'looked into the folder' });
  }

  async read(): Promise<Pick<Evidence, 'journal' | 'deliveries' | 'claims' | 'laneFaults' | 'imbalances'>> {
    return {
      journal: await this.#journal(),
      deliveries: await this.#deliveries(),
      claims: await this.#database.query<Claim>(
        `select c.lane, c.delivery, c.token, d.pid, (extract(epoch from c.at) * 1000)::float8 as at, (extract(epoch from c.until) * 1000)::float8 as until
         from fault_log.claim c join daemon d on d.id = c.daemon order by c.n`,
      ),
      laneFaults: (await this.#database.query<{ lane: number; fault: string }>('select lane, fault from lane_faults()')).map(
        ({ lane, fault }) => `${lane}: ${fault}`,
      ),
      imbalances: await this.#imbalances(),
    };
  }

  async #journal(): Promise<JournalRow[]> {
    const rows = await this.#database.query<{
      id: number;
      controlId: string | null;
      digest: Buffer;
      keyId: number;
      body: Buffer | null;
      duplicateOf: number | null;
      outcome: number | null;
      reason: string | null;
    }>(
      `select m.id, m.control_id as "controlId", m.digest, m.key_id as "keyId", m.body, m.duplicate_of as "duplicateOf", o.outcome, o.reason
       from message m left join message_outcome o on o.message_id = m.id order by m.id`,
    );
    return rows.map(({ digest, keyId, body, outcome, ...row }) => ({
      ...row,
      bytes: body === null ? null : this.#vault.unseal(keyId, body, digest),
      state: outcome === null ? 'unprocessed' : OUTCOME.word(outcome),
    }));
  }

  async #deliveries(): Promise<DeliveryRow[]> {
    const rows = await this.#database.query<
      Omit<DeliveryRow, 'payload' | 'key'> & { key: TransportKey; keyId: number; form: number; body: Buffer }
    >(
      `select d.id, d.message_id as message, d.lane_id as lane, n.name as destination, d.transport_key as key, p.key_id as "keyId", p.form, p.body,
         case d.state when 1 then 'handed-over' when 2 then 'confirmed' when 3 then 'withdrawn'
           else case when l.head = d.id and l.phase = 4 then 'held' when l.head = d.id and l.phase in (2, 5) then 'sending' else 'waiting' end end as view
       from delivery d join destination n on n.id = d.destination_id join lane l on l.id = d.lane_id join payload p on p.delivery_id = d.id order by d.id`,
    );
    return rows.map(({ keyId, form, body, ...row }) => {
      const { parts } = unsealPayload(this.#vault, row.key, { keyId, form, body });
      return { ...row, payload: Buffer.concat(parts.map((part) => (part.kind === 'bytes' ? part.bytes : Buffer.alloc(0)))) };
    });
  }

  /** Both conservation lines, where they do not balance or show anything under way. */
  async #imbalances(): Promise<string[]> {
    const { messages, deliveries } = await conservation(this.#database);
    const wrong = [
      ...messages.filter((line) => !line.balances || line.unprocessed + line.unexplained > 0),
      ...deliveries.filter((line) => !line.balances || line.waiting + line.sending > 0),
    ];
    return wrong.map((line) => JSON.stringify(line));
  }
}

/** Everything in the folder of a folder destination. */
export async function readFolder(folder: string): Promise<FiledFile[]> {
  const names = await readdir(folder);
  return Promise.all(
    names.map(async (name) => {
      const file = join(folder, name);
      const [bytes, { ctimeNs }] = await Promise.all([readFile(file), stat(file, { bigint: true })]);
      return { name, bytes, named: ctimeNs };
    }),
  );
}
