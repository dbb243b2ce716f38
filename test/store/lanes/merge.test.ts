import type { DestinationName, LaneId, PersonId } from '../../../records/ids.ts';
import { brandAs } from '../../../records/ids.ts';
import type { HeadRef } from '../../../records/lanes.ts';
import { ensureDestinations } from '../../../store/lanes/destinations.ts';
import { mergeLanes, unmergeLanes } from '../../../store/lanes/merge.ts';
import { retryTransaction } from '../../../store/retry.ts';
import { delivered, failed, fileAll, filing, type LaneFixture, openLanes } from '../../support/lanes.ts';

let f: LaneFixture;
beforeAll(async () => {
  f = await openLanes();
});
afterAll(() => f.close());

const only = <T>(items: readonly T[]): T => {
  const [first] = items;
  if (first === undefined || items.length !== 1) throw new RangeError(`expected one, got ${items.length}`);
  return first;
};

const change = (how: typeof mergeLanes, from: PersonId, into: PersonId): Promise<unknown> =>
  retryTransaction(f.store.database, async (tx) => {
    await tx.query('select id from person where id = any($1) order by id for no key update', [[from, into]]);
    return how(tx, from, into);
  });
const merge = (from: PersonId, into: PersonId): Promise<unknown> => change(mergeLanes, from, into);

/** Sends the head and everything that becomes due, and gives the deliveries in the order they left. */
const sendAll = async (...heads: HeadRef[]): Promise<number[]> => {
  const sent: number[] = [];
  const due = [...heads];
  for (let head = due.shift(); head !== undefined; head = due.shift()) {
    const [claim] = await f.claim(head);
    if (claim === undefined) continue;
    sent.push(claim.delivery);
    due.push(...(await f.turn({ results: [delivered(claim)] })).due);
  }
  return sent;
};

const links = async (): Promise<number> => (await f.store.database.query('select 1 from lane_link')).length;

afterEach(async () => {
  expect((await f.lanes.checkLanes()).faults).toEqual([]);
  expect(await links()).toBe(0);
});

describe('lanes of merged persons', () => {
  it('send what both had waiting before anything new', async () => {
    const [from, into] = [await f.person(), await f.person()];
    const [a, b] = [only(await f.file(into, {}, {})), only(await f.file(from, {}, {}))];
    await merge(from, into);
    expect(await f.file(into, {})).toEqual([]);
    const sent = await sendAll(a, b);
    expect(sent).toHaveLength(5);
    expect(sent.indexOf(a.delivery + 1)).toBeGreaterThan(sent.indexOf(a.delivery));
    expect(sent.at(-1)).toBe(Math.max(...sent));
  });

  it('do not move a delivery that is being sent', async () => {
    const [from, into] = [await f.person(), await f.person()];
    const head = only(await f.file(from, {}, {}));
    const claim = only(await f.claim(head));
    await merge(from, into);
    expect(await f.file(into, {})).toEqual([]);
    const next = only((await f.turn({ results: [delivered(claim)], next: 4 })).claimed);
    expect(next.lane).toBe(head.lane);
    const freed = only((await f.turn({ results: [delivered(next)], next: 4 })).claimed);
    expect(freed.lane).not.toBe(head.lane);
    await f.turn({ results: [delivered(freed)] });
  });

  it('wait for a head that is held', async () => {
    const [from, into] = [await f.person(), await f.person()];
    const head = only(await f.file(from));
    const claim = only(await f.claim(head));
    await f.turn({ results: [failed(claim, { outcome: 'permanent', code: 'answer-reject' })] });
    await merge(from, into);
    expect(await f.file(into)).toEqual([]);
    await f.store.database.query('update lane set phase = 1 where id = $1', [head.lane]);
    expect(await sendAll(head)).toHaveLength(2);
  });

  it('leave the other lane alone where the merged person has nothing waiting', async () => {
    const [from, into] = [await f.person(), await f.person()];
    await sendAll(only(await f.file(from)));
    const head = only(await f.file(into));
    await merge(from, into);
    expect(only(await f.file(await f.person())).lane).not.toBe(head.lane);
    await f.file(into);
    expect(await sendAll(head)).toHaveLength(2);
  });

  it('can be merged on while they drain: the chain ends in order', async () => {
    const [a, b, c] = [await f.person(), await f.person(), await f.person()];
    const [ha, hb] = [only(await f.file(a)), only(await f.file(b))];
    await merge(a, b);
    await f.file(b);
    await merge(b, c);
    await f.file(c);
    const sent = await sendAll(hb, ha);
    expect(sent).toHaveLength(4);
    expect(sent.slice(2)).toEqual([...sent.slice(2)].sort((x, y) => x - y));
  });

  it('pass on what waited behind an empty closed lane', async () => {
    const [a, b, c] = [await f.person(), await f.person(), await f.person()];
    const ha = only(await f.file(a));
    await merge(a, b);
    await merge(b, c);
    expect(await f.file(c)).toEqual([]);
    expect(await sendAll(ha)).toHaveLength(2);
  });

  it('part again: both go on behind what was shared', async () => {
    const [from, into] = [await f.person(), await f.person()];
    const head = only(await f.file(into));
    await merge(from, into);
    await f.file(into);
    await change(unmergeLanes, from, into);
    expect(await f.file(from)).toEqual([]);
    expect(await f.file(into)).toEqual([]);
    const sent = await sendAll(head);
    expect(sent).toHaveLength(4);
  });

  it('stay apart by destination', async () => {
    const other = (
      await ensureDestinations(f.store.database, [
        { name: brandAs<DestinationName>('other'), transport: 'folder', dedupable: false, advanceConfirmed: false },
      ])
    )
      .values()
      .next().value;
    if (other === undefined) throw new RangeError('no destination');
    const [from, into] = [await f.person(), await f.person()];
    const here = only(await f.file(from));
    const there = only(await fileAll(f.store.database, f.store.vault, [filing(other, into)]));
    await merge(from, into);
    const behind = await fileAll(f.store.database, f.store.vault, [filing(other, into), filing(f.destination, into)]);
    expect(behind).toEqual([]);
    const lanes = await f.store.database.query<{ lane_id: LaneId }>('select lane_id from delivery where person_id = $1 order by id', [
      into,
    ]);
    expect(lanes.map((row) => row.lane_id)).toEqual([there.lane, there.lane, expect.any(Number)]);
    expect(lanes[2]?.lane_id).not.toBe(here.lane);
    expect(await sendAll(here)).toHaveLength(2);
  });
});
