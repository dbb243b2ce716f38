import { brandAs, type MessageId } from '../../records/ids.ts';
import type { ClaimedHead, HeadResult } from '../../records/lanes.ts';
import { OUTCOME, type Outcome } from '../../records/states.ts';
import { createFates } from '../../store/fates.ts';
import { releaseDelivery, withdrawDelivery } from '../../store/lanes/operator.ts';
import { failed, type LaneFixture, openLanes } from '../support/lanes.ts';

/** What became of a message that was taken from a folder, for the sender who waits for SENT or FAILED. */

let f: LaneFixture;
beforeEach(async () => {
  f = await openLanes({ transport: 'mesh-api', dedupable: false });
  await f.store.database.query("insert into source (name) values ('drop')");
});
afterEach(() => f.close());

const far = { confirmedBy: 'downloaded' } as const;
const nurse = { who: 'nurse', why: 'asked' };
const only = <T>(items: readonly T[]): T => {
  const [item] = items;
  if (item === undefined || items.length !== 1) throw new RangeError(`expected one, not ${items.length}`);
  return item;
};

let ids = 1_000;
const message = async (outcome: Outcome | null, reason: string | null = null, duplicateOf: number | null = null): Promise<MessageId> => {
  ids += 1;
  await f.store.database.query("insert into message (id, source_id, digest, size, key_id, duplicate_of) values ($1, 1, '', 0, 1, $2)", [
    ids,
    duplicateOf,
  ]);
  if (outcome !== null)
    await f.store.database.query(
      'insert into message_outcome (message_id, source_id, day, outcome, reason, parts, deliveries) values ($1, 1, now(), $2, $3, 1, 0)',
      [ids, OUTCOME.code(outcome), reason],
    );
  return brandAs<MessageId>(ids);
};
const claimed = async (messageId: MessageId): Promise<ClaimedHead> =>
  only(await f.claim(only(await f.file(await f.person(), { messageId }))));
const file = (...results: HeadResult[]) => f.lanes.turn({ ...f.outlet, far }, { results, again: false, claims: [], next: 0, probe: false });
const accepted = ({ lane, delivery, token }: ClaimedHead, farId: string): HeadResult => ({
  lane,
  delivery,
  token,
  kind: 'delivered',
  confirmed: false,
  receiptCode: '202',
  farId,
});
const fate = async (id: MessageId) => (await createFates(f.store.database).of([id])).get(id);

it('is open while nothing is decided, or something is still to be sent', async () => {
  expect(await fate(await message(null))).toEqual({ fate: 'open' });
  const waiting = await message('processed');
  await claimed(waiting);
  expect(await fate(waiting)).toEqual({ fate: 'open' });
});

it('is sent with the far side’s id once it was handed over, and so for the same message dropped again', async () => {
  const id = await message('processed');
  await file(accepted(await claimed(id), 'F1'));
  expect(await fate(id)).toMatchObject({ fate: 'sent', farId: 'F1' });
  expect(await fate(await message('duplicate', null, id))).toMatchObject({ fate: 'sent', farId: 'F1' });
});

it('is sent where the rules want it nowhere', async () => {
  expect(await fate(await message('processed'))).toMatchObject({ fate: 'sent', farId: null });
  expect(await fate(await message('ignored', 'not-wanted'))).toMatchObject({ fate: 'sent' });
});

it('failed where it was rejected, by that code', async () => {
  expect(await fate(await message('rejected', 'no-forward'))).toMatchObject({ fate: 'failed', code: 'no-forward', receiptCode: null });
});

it('is open while it is held, and failed by the hold’s code once a person has withdrawn it', async () => {
  const id = await message('processed');
  const claim = await claimed(id);
  await file(failed(claim, { outcome: 'permanent', code: 'recipient-unknown', sentBytes: true, receiptCode: '12' }));
  expect(await fate(id)).toEqual({ fate: 'open' });
  await withdrawDelivery(f.store.database, f.store.vault, claim.delivery, 'operator', nurse);
  expect(await fate(id)).toMatchObject({ fate: 'failed', code: 'recipient-unknown', receiptCode: '12' });
});

it('is open again while it is sent a second time, and sent under the second id', async () => {
  const id = await message('processed');
  const claim = await claimed(id);
  await file(accepted(claim, 'F1'));
  await f.store.database.query("select far_hold($1, 'not-collected', true)", [claim.delivery]);
  const released = await releaseDelivery(f.store.database, f.store.vault, claim.delivery, nurse);
  expect(await fate(id)).toEqual({ fate: 'open' });
  await file(accepted(only(await f.claim(only(released.heads))), 'F2'));
  expect(await fate(id)).toMatchObject({ fate: 'sent', farId: 'F2' });
});

it('of a message nobody knows is not told', async () => {
  expect(await fate(brandAs<MessageId>(9))).toBeUndefined();
  expect((await createFates(f.store.database).of([])).size).toBe(0);
});
