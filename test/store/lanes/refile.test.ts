import type { DestinationId, DestinationName, PersonId } from '../../../records/ids.ts';
import { brandAs } from '../../../records/ids.ts';
import type { ClaimedHead } from '../../../records/lanes.ts';
import { ensureDestinations } from '../../../store/lanes/destinations.ts';
import { confirmRoute, type Refiled, refile } from '../../../store/lanes/refile.ts';
import { retryTransaction } from '../../../store/retry.ts';
import { delivered, failed, filing, type LaneFixture, openLanes } from '../../support/lanes.ts';

let f: LaneFixture;
let elsewhere: DestinationId;
beforeAll(async () => {
  f = await openLanes();
  const made = await ensureDestinations(f.store.database, [
    { name: brandAs<DestinationName>('moorland'), transport: 'mllp', dedupable: true, advanceConfirmed: false },
  ]);
  elsewhere = [...made.values()][0] ?? f.destination;
});
afterAll(() => f.close());

const only = <T>(items: readonly T[]): T => {
  const [first] = items;
  if (first === undefined || items.length !== 1) throw new RangeError(`expected one, got ${items.length}`);
  return first;
};
const move = (claim: ClaimedHead, person: PersonId): Promise<Refiled> =>
  retryTransaction(f.store.database, (tx) => refile(tx, f.store.vault, claim, [filing(elsewhere, person)]));

describe('★ re-route at dispatch (rulings A10, A11)', () => {
  it('withdraws the head, files it on the new lane and lets the old lane go on, in one transaction', async () => {
    const person = await f.person();
    const head = only(await f.file(person, {}, {}));
    const claim = only(await f.claim(head));
    const moved = await move(claim, person);
    expect(moved.done).toBe(true);
    expect(moved.heads.map((h) => h.destination).sort()).toEqual([f.destination, elsewhere].sort());
    expect(await f.delivery(head.delivery)).toMatchObject({ state: 3, withdrawn: 'replaced' });
    expect(await f.lane(head)).toMatchObject({ head: head.delivery + 1, phase: 1 });
    expect((await f.turn({ results: [delivered(claim)] })).late).toHaveLength(1);
    expect((await f.lanes.checkLanes()).faults).toEqual([]);
  });

  it('does nothing once the claim is no longer ours', async () => {
    const person = await f.person();
    const head = only(await f.file(person));
    const claim = only(await f.claim(head));
    await f.store.database.query('update lane set claimed_until = now() - interval $$1 s$$ where id = $1', [head.lane]);
    await f.lanes.expireClaims();
    expect(await move(claim, person)).toEqual({ done: false, heads: [] });
    expect(await f.delivery(head.delivery)).toMatchObject({ state: 0 });
  });

  it('does nothing where an attempt may have arrived', async () => {
    const person = await f.person();
    const head = only(await f.file(person));
    const claim = only(await f.claim(head));
    await f.turn({ results: [failed(claim, { outcome: 'ambiguous', code: 'answer-timeout', sentBytes: true })] });
    await f.store.database.query('update lane set next_at = now() where id = $1', [head.lane]);
    expect((await move(only(await f.claim(head)), person)).done).toBe(false);
  });

  it('remembers that the route still stands, so that it is not checked at every attempt', async () => {
    const person = await f.person();
    const head = only(await f.file(person));
    await f.store.database.query('update person set routing_version = 7 where id = $1', [person]);
    const claim = only(await f.claim(head));
    expect(only(await f.lanes.load([claim])).stale).toBe(true);
    await retryTransaction(f.store.database, (tx) => confirmRoute(tx, claim, 7));
    expect(only(await f.lanes.load([claim])).stale).toBe(false);
  });

  it('looks at the person who stays when persons were merged', async () => {
    const [person, stays] = [await f.person(), await f.person()];
    const head = only(await f.file(person));
    await f.store.database.query('update person set merged_into = $2 where id = $1', [person, stays]);
    const loaded = only(await f.lanes.load([only(await f.claim(head))]));
    expect(loaded).toMatchObject({ stale: true, person: stays });
  });
});
