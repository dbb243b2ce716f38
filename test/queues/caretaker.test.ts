import { silent } from '../../records/telemetry.ts';
import { type BackendKind, type DeliveryFixture, openDelivery, TestReceiver } from '../support/delivery.ts';
import { eventually } from '../support/eventually.ts';

const OFTEN = { lookMs: 50, reconcileMs: 200 };

describe.each<BackendKind>(['postgres', 'redis'])('who looks through the lanes, hints in %s', (kind) => {
  let f: DeliveryFixture;
  beforeEach(async () => {
    f = await openDelivery(kind);
  });
  afterEach(() => f.close());

  it('is another daemon within a few intervals of the end of the one that did', async () => {
    const holder = async (): Promise<number | null | undefined> =>
      (await f.store.database.query<{ holder: number | null }>("select holder from lease where name = 'reconcile'"))[0]?.holder;
    const first = await f.start(new TestReceiver(), {}, { careTimes: OFTEN });
    const before = await eventually(holder, (daemon) => daemon != null, { what: 'the first look' });
    // Its lease is not given back when it stops: to the others it is as gone as one that was killed.
    await first.stop(1_000);
    const reasons: unknown[] = [];
    const telemetry = {
      ...silent,
      event: (name: string, fields?: Readonly<Record<string, unknown>>) => {
        if (name === 'reconciled') reasons.push(fields?.reason);
      },
    };
    await f.start(new TestReceiver(), {}, { careTimes: OFTEN, telemetry });
    await eventually(
      () => reasons,
      (seen) => seen.includes('interval'),
      { within: 5_000, what: 'a look by the second daemon' },
    );
    expect(await holder()).not.toBe(before);
  });
});
