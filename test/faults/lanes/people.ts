import type { DeliveryId, DestinationId, PersonId } from '../../../records/ids.ts';
import { mergeLanes, unmergeLanes } from '../../../store/lanes/merge.ts';
import { confirmDelivery, pauseDestination, releaseDelivery, resumeDestination, withdrawDelivery } from '../../../store/lanes/operator.ts';
import { isContention, isUnavailable } from '../../../store/pool.ts';
import { retryTransaction } from '../../../store/retry.ts';
import { type ActorParts, pause } from './filer.ts';

const REASON = { who: 'on-call', why: 'drawn by lot' };

/** People at work, and the identity side of the leader: holds released, skipped, withdrawn; persons merged, parted, moved; pauses; confirmations. */
export class People {
  readonly #parts: ActorParts & { readonly trouble: boolean };
  readonly #paused = new Set<DestinationId>();
  #settling = false;
  #stopped = false;

  constructor(parts: ActorParts & { readonly trouble: boolean }) {
    this.#parts = parts;
  }

  /** From now on only what lets everything come to its end. */
  settle(): void {
    this.#settling = true;
  }

  stop(): void {
    this.#stopped = true;
  }

  async run(): Promise<void> {
    await Promise.all([this.#work(), this.#receivers()]);
  }

  /** Receivers confirm in their own time, whatever people do. */
  async #receivers(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#confirmSome(this.#settling ? 500 : 20);
      } catch (error) {
        if (!(isContention(error) || isUnavailable(error))) throw error;
      }
      await pause(this.#parts.draw.below(60));
    }
  }

  async #work(): Promise<void> {
    while (!this.#stopped) {
      try {
        if (this.#settling) await this.#finish();
        else await this.#something();
      } catch (error) {
        if (!(isContention(error) || isUnavailable(error))) throw error;
      }
      await pause(this.#settling ? 50 : this.#parts.draw.below(4));
    }
  }

  #something(): Promise<void> {
    const { draw, trouble } = this.#parts;
    const dice = draw.next();
    if (dice < 0.35) return this.#settleOne(4, 'release');
    if (dice < 0.38) return this.#settleOne(4, 'skip');
    if (dice < 0.41) return this.#settleOne(5, 'release');
    if (dice < 0.48) return this.#withdrawAny();
    if (dice < 0.71) return this.#merge();
    if (dice < 0.87) return this.#unmerge();
    if (dice < 0.985) return this.#move();
    return trouble ? this.#pause() : this.#move();
  }

  async #finish(): Promise<void> {
    const { database, vault, far } = this.#parts;
    for (const one of far) await resumeDestination(database, vault, one.name, REASON);
    for (let n = 0; n < 50; n++) await this.#settleOne(4, 'release');
  }

  async #heads(phase: number, limit: number): Promise<DeliveryId[]> {
    const rows = await this.#parts.database.query<{ head: DeliveryId }>(
      'select head from lane where phase = $1 order by random() limit $2',
      [phase, limit],
    );
    return rows.map((row) => row.head);
  }

  async #settleOne(phase: number, how: 'release' | 'skip'): Promise<void> {
    const { database, vault, hint, did } = this.#parts;
    for (const head of await this.#heads(phase, 1)) {
      const result =
        how === 'release'
          ? await releaseDelivery(database, vault, head, REASON)
          : await withdrawDelivery(database, vault, head, 'skipped', REASON);
      if (result.outcome === 'done') did(how);
      hint(result.heads);
    }
  }

  async #withdrawAny(): Promise<void> {
    const { database, vault, hint, did } = this.#parts;
    const rows = await database.query<{ id: DeliveryId }>('select id from delivery where state = 0 order by random() limit 1');
    for (const { id } of rows) {
      const result = await withdrawDelivery(database, vault, id, 'operator', REASON);
      if (result.outcome === 'done') did('withdraw');
      hint(result.heads);
    }
  }

  async #confirmSome(limit: number): Promise<void> {
    const { database, vault, hint, did } = this.#parts;
    await Promise.allSettled(
      (await this.#heads(6, limit)).map(async (head) => {
        const result = await confirmDelivery(database, vault, head, 'AA');
        if (result.outcome === 'done') did('confirm');
        hint(result.heads);
      }),
    );
  }

  async #merge(): Promise<void> {
    const { database, draw, persons, hint, did } = this.#parts;
    const [from, into] = draw.shuffle(persons);
    if (from === undefined || into === undefined) return;
    const heads = await retryTransaction(database, async (tx) => {
      await tx.query('select id from person where id = any($1) order by id for no key update', [[from, into]]);
      const rows = await tx.query('select 1 from person where (id = any($1) and merged_into is not null) or merged_into = $2', [
        [from, into],
        from,
      ]);
      // Merges stay flat here: whoever others were merged into is not merged away.
      if (rows.length > 0) return [];
      await tx.query('update person set merged_into = $2, routing_version = routing_version + 1 where id = $1', [from, into]);
      await tx.query('update person set routing_version = routing_version + 1 where id = $1', [into]);
      did('merge');
      return mergeLanes(tx, from, into);
    });
    hint(heads);
  }

  async #unmerge(): Promise<void> {
    const { database, hint, did } = this.#parts;
    const [pair] = await database.query<{ id: PersonId; merged_into: PersonId }>(
      'select id, merged_into from person where merged_into is not null order by random() limit 1',
    );
    if (pair === undefined) return;
    const heads = await retryTransaction(database, async (tx) => {
      const rows = await tx.query<{ id: PersonId; merged_into: PersonId | null }>(
        'select id, merged_into from person where id = any($1) order by id for no key update',
        [[pair.id, pair.merged_into]],
      );
      if (rows.find((row) => row.id === pair.id)?.merged_into !== pair.merged_into) return [];
      await tx.query('update person set merged_into = null, routing_version = routing_version + 1 where id = $1', [pair.id]);
      await tx.query('update person set routing_version = routing_version + 1 where id = $1', [pair.merged_into]);
      did('unmerge');
      return unmergeLanes(tx, pair.id, pair.merged_into);
    });
    hint(heads);
  }

  /** Custody or registration changed: routes decided before are checked again. */
  async #move(): Promise<void> {
    const { database, draw, persons, did } = this.#parts;
    await database.query('update person set routing_version = routing_version + 1 where id = $1', [draw.pick(persons)]);
    did('move');
  }

  async #pause(): Promise<void> {
    const { database, vault, draw, far, did } = this.#parts;
    const one = draw.pick(far);
    if (this.#paused.has(one.id)) return;
    this.#paused.add(one.id);
    await pauseDestination(database, vault, one.name, REASON);
    did('pause');
    await pause(draw.below(300));
    await resumeDestination(database, vault, one.name, REASON);
    this.#paused.delete(one.id);
  }
}
