import type { PersonId } from '../../../records/ids.ts';
import type { FiledHead } from '../../../records/process.ts';
import { PRIORITY } from '../../../records/states.ts';
import { fileDeliveries } from '../../../store/lanes/file.ts';
import type { Database, Transaction } from '../../../store/pool.ts';
import { isContention, isUnavailable, RetryTransaction } from '../../../store/pool.ts';
import { retryTransaction } from '../../../store/retry.ts';
import type { Vault } from '../../../store/vault.ts';
import { filing } from '../../support/lanes.ts';
import type { Chance } from '../../support/seed.ts';
import type { Far } from './protocol.ts';

export interface ActorParts {
  readonly database: Database;
  readonly vault: Vault;
  readonly draw: Chance;
  readonly far: readonly Far[];
  readonly persons: readonly PersonId[];
  readonly hint: (heads: readonly FiledHead[]) => void;
  readonly did: (what: string, count?: number) => void;
}

const MOST_WAITING = 1_000;

/** The person a delivery was about when it was filed, whoever that one was or will be merged into: what order is judged by. */
export const routeOf = (person: PersonId): string => `person ${person}`;

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Locks the persons and whoever they were merged into; gives each one's surviving person and routing version. */
export const lockSurvivors = async (
  tx: Transaction,
  ids: readonly PersonId[],
): Promise<ReadonlyMap<PersonId, { id: PersonId; version: number }>> => {
  const rows = await tx.query<{ id: PersonId; merged_into: PersonId | null; routing_version: number }>(
    `select id, merged_into, routing_version from person where id = any($1) or id in (select merged_into from person where id = any($1))
     order by id for no key update`,
    [ids],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return new Map(
    ids.map((id) => {
      const row = byId.get(byId.get(id)?.merged_into ?? id);
      if (row === undefined || row.merged_into !== null) throw new RetryTransaction('a merge came between');
      return [id, { id: row.id, version: row.routing_version }];
    }),
  );
};

/** Does the leader's part: persons locked, deliveries filed on the lanes of who survives, hints after the commit. */
export class Filer {
  readonly #parts: ActorParts;
  #stopped = false;

  constructor(parts: ActorParts) {
    this.#parts = parts;
  }

  stop(): void {
    this.#stopped = true;
  }

  async run(): Promise<void> {
    const { draw } = this.#parts;
    for (let n = 0; !this.#stopped; n++) {
      if (n % 20 === 0) await this.#letOthersCatchUp();
      await this.#file();
      await pause(draw.below(8));
    }
  }

  /** Whatever slows the sending, merging ever longer chains of waiting lanes is not what is tested. */
  async #letOthersCatchUp(): Promise<void> {
    while (!this.#stopped) {
      const rows = await this.#parts.database.query<{ n: number }>('select count(*) n from delivery where state = 0').catch(() => []);
      if ((rows[0]?.n ?? 0) < MOST_WAITING) return;
      await pause(100);
    }
  }

  async #file(): Promise<void> {
    const { database, vault, draw, far, persons, hint, did } = this.#parts;
    const wanted = Array.from({ length: 1 + draw.below(4) }, () => ({
      person: draw.pick(persons),
      far: draw.pick(far),
      urgent: draw.happens(0.1),
    }));
    try {
      const heads = await retryTransaction(database, async (tx) => {
        const survivors = await lockSurvivors(
          tx,
          [...new Set(wanted.map((w) => w.person))].sort((a, b) => a - b),
        );
        const filings = wanted.map((w) => {
          const survivor = survivors.get(w.person);
          return filing(w.far.id, survivor?.id ?? w.person, {
            decidedVersion: survivor?.version ?? 0,
            priority: w.urgent ? PRIORITY.urgent : PRIORITY.routine,
            route: routeOf(w.person),
          });
        });
        return fileDeliveries(tx, vault, filings);
      });
      did('filed', wanted.length);
      hint(heads);
    } catch (error) {
      if (isContention(error) || isUnavailable(error)) did('filing given up');
      else throw error;
    }
  }
}
