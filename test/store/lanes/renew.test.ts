import { type LaneFixture, openLanes } from '../../support/lanes.ts';

let f: LaneFixture;
beforeEach(async () => {
  f = await openLanes();
});
afterEach(() => f.close());

const TTL = 60_000;
const claimOne = async () => {
  const heads = await f.file(await f.person(), {});
  const [claim] = await f.claim(...heads);
  if (claim === undefined) throw new RangeError('no claim');
  return claim;
};
const leftMs = async (lane: number): Promise<number> => {
  const [row] = await f.store.database.query<{ left: number }>(
    'select (extract(epoch from claimed_until - clock_timestamp()) * 1000)::float8 as left from lane where id = $1',
    [lane],
  );
  return row?.left ?? Number.NaN;
};

describe('renewing a claim', () => {
  it('gives the whole time again', async () => {
    const claim = await claimOne();
    await f.store.database.query("update lane set claimed_until = clock_timestamp() + interval '1 s' where id = $1", [claim.lane]);
    expect(await f.lanes.renew(claim, TTL)).toBe(true);
    expect(await leftMs(claim.lane)).toBeGreaterThan(TTL / 2);
  });

  it('is refused under a token that has passed on', async () => {
    const claim = await claimOne();
    await f.store.database.query("update lane set claimed_until = clock_timestamp() - interval '1 s' where id = $1", [claim.lane]);
    await f.lanes.expireClaims();
    expect(await f.lanes.renew(claim, TTL)).toBe(false);
  });

  it('is refused once the result is filed', async () => {
    const claim = await claimOne();
    await f.turn({ results: [{ ...claim, kind: 'delivered', confirmed: true, receiptCode: 'AA' }] });
    expect(await f.lanes.renew(claim, TTL)).toBe(false);
  });
});
