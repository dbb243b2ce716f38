import { brandAs, type ContentName, type DeliveryId, type Token } from '../../../records/ids.ts';
import type { ClaimedDelivery, ClaimedHead, ClaimRef, HeadResult } from '../../../records/lanes.ts';
import type { Envelope, OutboundDelivery } from '../../../records/ports.ts';
import { releaseDelivery } from '../../../store/lanes/operator.ts';
import { delivered, failed, type LaneFixture, openLanes } from '../../support/lanes.ts';

/** What the far side calls a delivery, and what a transport needs beside its bytes, through the store. */

let f: LaneFixture;
const far = { confirmedBy: 'downloaded' } as const;
beforeEach(async () => {
  f = await openLanes({ transport: 'mesh-api', dedupable: false });
});
afterEach(() => f.close());

const only = <T>(items: readonly T[]): T => {
  const [item] = items;
  if (item === undefined || items.length !== 1) throw new RangeError(`expected one, not ${items.length}`);
  return item;
};
const nurse = { who: 'nurse', why: 'asked the practice' };
const load = async (claim: ClaimedHead): Promise<ClaimedDelivery> => only(await f.lanes.load([claim]));
const open = async (claim: ClaimedHead): Promise<OutboundDelivery> => f.lanes.open(await load(claim), { far });
const turnFar = (...results: Parameters<LaneFixture['turn']>[0]['results'] & object) =>
  f.lanes.turn({ ...f.outlet, far }, { results, again: false, claims: [], next: 0, probe: false });

const accepted = ({ lane, delivery, token }: ClaimRef, farId: string): HeadResult => ({
  lane,
  delivery,
  token,
  kind: 'delivered',
  confirmed: false,
  receiptCode: '202',
  farId,
});

describe('an envelope', () => {
  const envelope: Envelope = {
    patient: { nhsNumber: '9990000018', birthDate: '1980-02-29', familyName: 'O’Brien' },
    headers: { workflowid: 'TOC_FHIR_IP_DISCH', subject: 'x' },
  };

  it('comes out with the payload it was filed with, plain bytes and spliced content alike, and nowhere in clear', async () => {
    const bytes = Buffer.from('MSH|^~\\&|');
    const name = brandAs<ContentName>('ab');
    for (const parts of [[{ kind: 'bytes', bytes }], [{ kind: 'content', name, encoding: 'raw', size: 2 ** 30 }]] as const) {
      const head = only(
        await f.file(await f.person(), { payload: { contentType: 'text/plain', charset: 'utf-8', parts, envelope }, size: 2 ** 30 }),
      );
      const claim = only(await f.claim(head));
      const out = await open(claim);
      expect(out.envelope).toEqual(envelope);
      if (parts[0].kind === 'bytes') expect(out.bytes).toEqual(bytes);
    }
    const rows = await f.store.database.query<{ body: Buffer }>('select body from payload');
    for (const { body } of rows) expect(body.includes('9990000018')).toBe(false);
  });

  it('is empty where the destination asked for none', async () => {
    const claim = only(await f.claim(only(await f.file(await f.person()))));
    expect((await open(claim)).envelope).toEqual({});
  });
});

describe('the far side’s id of a send', () => {
  const sent = async (): Promise<ClaimedHead> => only(await f.claim(only(await f.file(await f.person()))));

  it('is known to the next attempt once it was noted, and to this one at once', async () => {
    const claim = await sent();
    const out = await open(claim);
    expect(out.farId).toBeNull();
    await out.noteFarId('20261123_AAAA');
    expect(out.farId).toBe('20261123_AAAA');
    await turnFar(failed(claim, { outcome: 'transient', code: 'mesh-unavailable', sentBytes: true, receiptCode: '202' }));
    await f.store.database.query("update lane set next_at = now() - interval '1 s'");
    expect((await open(only(await f.claim(claim)))).farId).toBe('20261123_AAAA');
  });

  it('is refused under a claim that has run out and was taken back', async () => {
    const claim = await sent();
    const out = await open(claim);
    await f.store.database.query("update lane set claimed_until = now() - interval '1 s'");
    await f.lanes.expireClaims();
    await expect(out.noteFarId('20261123_LATE')).rejects.toMatchObject({ code: 'claim-expired' });
    expect(await f.store.database.query('select 1 from far_message')).toHaveLength(0);
  });

  it('is forgotten for the next send when a person releases the delivery', async () => {
    const claim = await sent();
    await (await open(claim)).noteFarId('20261123_ONE');
    await turnFar(failed(claim, { outcome: 'permanent', code: 'mesh-refused', sentBytes: true, receiptCode: 'InvalidHeaderChunks' }));
    expect((await releaseDelivery(f.store.database, f.store.vault, claim.delivery, nurse)).outcome).toBe('done');
    const again = await open(only(await f.claim(claim)));
    expect(again.farId).toBeNull();
    await again.noteFarId('20261123_TWO');
    expect(await sends(claim.delivery)).toEqual([
      { far_id: '20261123_ONE', present: false },
      { far_id: '20261123_TWO', present: true },
    ]);
  });

  it('is forgotten when the far side, asked, has never heard of it', async () => {
    const claim = await sent();
    await (await open(claim)).noteFarId('20261123_GONE');
    await turnFar(failed(claim, { outcome: 'ambiguous', code: 'mesh-unknown', sentBytes: true }));
    const asking = only(await f.lanes.ask([claim], 60_000));
    expect((await open({ ...asking, priority: 3, attempts: 0 })).farId).toBe('20261123_GONE');
    await turnFar({ lane: asking.lane, delivery: asking.delivery, token: asking.token, kind: 'unsent' });
    expect((await open(only(await f.claim(claim)))).farId).toBeNull();
  });

  it('is filed with the result, and accepting it is the first receipt; a result handed in twice is one', async () => {
    const claim = await sent();
    const result = accepted(claim, '20261123_BBBB');
    await turnFar(result);
    await f.lanes.turn({ ...f.outlet, far }, { results: [result], again: true, claims: [], next: 0, probe: false });
    expect(await f.store.database.query('select far_id, present, watched, accepted is not null as accepted from far_message')).toEqual([
      { far_id: '20261123_BBBB', present: true, watched: true, accepted: true },
    ]);
    expect(await f.store.database.query('select delivery_id as id, far_id, stage, good, code from receipt')).toEqual([
      { id: claim.delivery, far_id: '20261123_BBBB', stage: 1, good: true, code: '202' },
    ]);
    expect(await f.delivery(claim.delivery)).toMatchObject({ state: 1, receipt_code: '202' });
  });

  it('a result that comes too late is no receipt', async () => {
    const claim = await sent();
    await turnFar(accepted({ ...claim, token: brandAs<Token>(claim.token - 1) }, 'OLD'));
    expect(await f.store.database.query('select 1 from receipt')).toHaveLength(0);
    expect(await f.delivery(claim.delivery)).toMatchObject({ state: 0 });
  });

  it('costs a destination without such ids nothing: no row is made', async () => {
    const claim = await sent();
    await f.turn({ results: [delivered(claim)] });
    expect(await f.store.database.query('select 1 from far_message union all select 1 from receipt')).toHaveLength(0);
  });

  const sends = (delivery: DeliveryId) =>
    f.store.database.query('select far_id, present from far_message where delivery_id = $1 order by id', [delivery]);
});
