import type { MessageId } from '../../../records/ids.ts';
import { eventually } from '../../support/eventually.ts';
import { movement, report, type Somebody, somebody } from '../../support/example-messages.ts';
import { BY, ExampleSite } from '../../support/example-site.ts';
import { fieldOf } from '../../support/mllp-bytes.ts';
import type { MllpReceiver } from '../../support/mllp-receiver.ts';

/** A patient moves while something for them waits: where does it go? Through real sockets of a real daemon. */

let site: ExampleSite;
beforeEach(async () => {
  site = await ExampleSite.open();
});
afterEach(() => site.close());

const receivedAt = async (who: Somebody, place = 'LEI'): Promise<void> => {
  const reception = await site.take('prison-adt', movement('A01', who, { place }));
  await site.deliveriesBecome(reception.id, ['confirmed']);
};
const transferred = (who: Somebody) => site.take('prison-adt', movement('A02', who, { at: '20260309113000', place: 'MDI', from: 'LEI' }));
const reports = (receiver: MllpReceiver): readonly string[] =>
  receiver.received.filter(({ bytes }) => fieldOf(bytes, 'MSH', 9).startsWith('ORU')).map(({ bytes }) => fieldOf(bytes, 'OBX', 5));

describe('★ A10: the present location is asked again at dispatch', () => {
  it('a result that waited for Leeds goes to Moorland after a transfer, and never to Leeds', async () => {
    const who = somebody(1);
    await receivedAt(who);
    await site.pause('leeds-clinical');
    const result = await site.take('pathology', report(who, { value: '137' }));
    expect((await site.deliveries(result.id)).map(({ destination, state }) => [destination, state])).toEqual([
      ['leeds-clinical', 'waiting'],
    ]);
    await transferred(who);
    await site.resume('leeds-clinical');

    const rows = await site.deliveriesBecome(result.id, ['withdrawn', 'confirmed']);
    expect(rows.find((row) => row.destination === 'leeds-clinical')).toMatchObject({
      state: 'withdrawn',
      withdrawn: 'replaced',
      sentFirst: null,
    });
    expect(rows.find((row) => row.destination === 'moorland-clinical')).toMatchObject({ state: 'confirmed' });
    expect(reports(site.receivers.moorland)).toEqual(['137']);
    expect(reports(site.receivers.leeds)).toEqual([]);
    await site.settled();
  });

  it('the lane that lost its head goes on, and results keep their order at the new place', async () => {
    const who = somebody(2);
    await receivedAt(who);
    await site.pause('leeds-clinical');
    const ids: MessageId[] = [];
    for (const value of ['131', '132', '133']) ids.push((await site.take('pathology', report(who, { value }))).id);
    await transferred(who);
    await site.resume('leeds-clinical');
    for (const id of ids) await site.deliveriesBecome(id, ['withdrawn', 'confirmed']);
    expect(reports(site.receivers.moorland)).toEqual(['131', '132', '133']);
    expect(reports(site.receivers.leeds)).toEqual([]);
    await site.settled();
  });

  it('a stale decision that is still right is sent where it was filed', async () => {
    const who = somebody(3);
    await receivedAt(who);
    await site.pause('leeds-clinical');
    const result = await site.take('pathology', report(who, { value: '138' }));
    // Court and back: the custodian is the same, though the routing was looked at anew.
    await site.take('prison-adt', movement('A21', who, { at: '20260304080000' }));
    await site.resume('leeds-clinical');
    await site.deliveriesBecome(result.id, ['confirmed']);
    expect(reports(site.receivers.leeds)).toEqual(['138']);
    await site.settled();
  });

  it('a result of somebody released meanwhile goes to the practice', async () => {
    const who = somebody(4);
    await receivedAt(who);
    await site.pause('leeds-clinical');
    const result = await site.take('pathology', report(who, { value: '139' }));
    await site.take('prison-adt', movement('A03', who, { at: '20260320093000' }));
    await site.resume('leeds-clinical');
    await eventually(
      () => site.deliveries(result.id),
      (rows) => rows.every(({ state }) => state === 'withdrawn' || state === 'confirmed'),
    );
    expect(reports(site.receivers.leeds)).toEqual([]);
    // Sent as an open result at release, or moved: the practice has it.
    expect(new Set(reports(site.receivers.hillLane))).toEqual(new Set(['139']));
    await site.settled();
  });
});

describe('★ A12: a new edition of the directory', () => {
  const TO_MOORLAND = (yaml: string) => yaml.replace('default: leeds-clinical', 'default: moorland-clinical');

  it('has what waits for an organisation it changed routed again before it is sent', async () => {
    const who = somebody(7);
    await receivedAt(who);
    await site.pause('leeds-clinical');
    const result = await site.take('pathology', report(who, { value: '142' }));
    // The healthcare unit of Leeds is reached through Moorland's system from now on.
    await site.reload('directory.yaml', TO_MOORLAND);
    await site.resume('leeds-clinical');
    await site.deliveriesBecome(result.id, ['withdrawn', 'confirmed']);
    expect([reports(site.receivers.leeds), reports(site.receivers.moorland)]).toEqual([[], ['142']]);
    await site.settled();
  });

  it('leaves what it does not concern as it was decided', async () => {
    const [here, there] = [somebody(8), somebody(9)];
    await receivedAt(here);
    await receivedAt(there, 'MDI');
    await site.pause('leeds-clinical');
    await site.pause('moorland-clinical');
    for (const [who, value] of [
      [here, '143'],
      [there, '144'],
    ] as const)
      await site.take('pathology', report(who, { value }));
    const versions = async () =>
      (
        await site.db.database.query<{ stale: boolean }>(
          `select p.routing_version <> d.decided_version as stale from delivery d join person p on p.id = d.person_id
           join destination n on n.id = d.destination_id where d.state = 0 order by n.name`,
        )
      ).map(({ stale }) => stale);
    expect(await versions()).toEqual([false, false]);
    await site.reload('directory.yaml', (yaml) => yaml.replace('name: HMP Leeds healthcare', 'name: HMP Leeds health centre'));
    expect(await versions()).toEqual([true, false]);
    await site.resume('leeds-clinical');
    await site.resume('moorland-clinical');
    await site.settled();
    expect([reports(site.receivers.leeds), reports(site.receivers.moorland)]).toEqual([['143'], ['144']]);
  });
});

describe('★ A11: what may have arrived is not sent elsewhere', () => {
  it('an attempt without an answer holds it as moved-in-doubt; a person decides', async () => {
    const who = somebody(5);
    await receivedAt(who);
    site.receivers.leeds.script = () => ({ do: 'reset' });
    const result = await site.take('pathology', report(who, { value: '140' }));
    await eventually(() => reports(site.receivers.leeds).length > 0, Boolean, { what: 'an attempt' });
    await site.pause('leeds-clinical');
    // No claim is under way any more: the last attempt has ended.
    await eventually(
      () => site.deliveries(result.id),
      ([row]) => row?.phase !== 'sending',
    );
    await transferred(who);
    site.receivers.leeds.script = () => ({ do: 'answer' });
    const sentBefore = reports(site.receivers.leeds).length;
    await site.resume('leeds-clinical');

    const [held] = await site.deliveriesBecome(result.id, ['held']);
    const [hold] = await site.daemon.operations.listHolds({ code: 'moved-in-doubt', all: false, limit: 10 });
    expect(hold).toMatchObject({ delivery: held?.id, destination: 'leeds-clinical' });
    expect(reports(site.receivers.leeds)).toHaveLength(sentBefore);
    expect(reports(site.receivers.moorland)).toEqual([]);
    // Held is a state of its own: both lines balance with it.
    await site.settled();

    if (hold === undefined) throw new Error('no hold');
    expect(await site.daemon.operations.withdrawHold(hold.id, BY)).toEqual({ outcome: 'done' });
    await site.deliveriesBecome(result.id, ['withdrawn']);
    await site.settled();
  });

  it('an attempt that the receiver refused in so many words may be moved', async () => {
    const who = somebody(6);
    await receivedAt(who);
    site.receivers.leeds.script = () => ({ do: 'answer', code: 'AR' });
    const result = await site.take('pathology', report(who, { value: '141' }));
    const [held] = await site.deliveriesBecome(result.id, ['held']);
    expect(held).toMatchObject({ destination: 'leeds-clinical', lastCode: 'answer-reject' });
    await transferred(who);
    const [hold] = await site.daemon.operations.listHolds({ code: 'answer-reject', all: false, limit: 10 });
    if (hold === undefined) throw new Error('no hold');
    expect(await site.daemon.operations.releaseHold(hold.id, BY)).toEqual({ outcome: 'done' });
    await site.deliveriesBecome(result.id, ['withdrawn', 'confirmed']);
    expect(reports(site.receivers.moorland)).toEqual(['141']);
    await site.settled();
  });
});
