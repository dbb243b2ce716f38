import { openBackend } from '../../queues/open-backend.ts';
import { BREAKER, RETRY } from '../../queues/outlet.ts';
import { OutletService } from '../../queues/outlet-service.ts';
import { JOB_TIMES } from '../../queues/worker.ts';
import { brandAs, type DestinationName } from '../../records/ids.ts';
import { silent } from '../../records/telemetry.ts';
import { type BackendKind, type DeliveryFixture, openDelivery, TestReceiver } from '../support/delivery.ts';
import { eventually } from '../support/eventually.ts';

const HEALTHY = { paused: false, breakerMs: null, failures: 0 };

describe.each<BackendKind>(['postgres', 'redis'])('the watch over workers, hints in %s', (kind) => {
  let f: DeliveryFixture;
  beforeEach(async () => {
    f = await openDelivery(kind);
  });
  afterEach(() => f.close());

  it('replaces a worker that takes nothing though jobs wait', async () => {
    const told: string[] = [];
    const backend = openBackend(f.backend, silent);
    await backend.prepare();
    const receiver = new TestReceiver();
    const service = new OutletService({
      outlet: {
        ...f.outlet,
        name: brandAs<DestinationName>('clinical'),
        adapter: receiver,
        sendTimeoutMs: 5_000,
        retry: RETRY,
        breaker: BREAKER,
      },
      backend,
      lanes: f.lanes,
      recheck: () => Promise.resolve({ verdict: 'go' }),
      telemetry: { ...silent, warn: (name) => told.push(name) },
      times: JOB_TIMES,
      onHeads: () => {},
      onDue: () => {},
    });
    // The queue sleeps although the destination is not paused: what a lost wake-up looks like from outside.
    await service.queue.pause();
    service.hints.now(await f.file(await f.person()));
    await eventually(
      () => service.waiting(),
      (jobs) => jobs === 1,
    );
    await service.watch(HEALTHY);
    await service.watch(HEALTHY);
    expect(told).toEqual([]);
    await service.watch(HEALTHY);
    expect(told).toEqual(['worker-restarted']);
    await service.queue.resume();
    await eventually(
      () => receiver.arrived.length,
      (n) => n === 1,
    );
    await service.watch(HEALTHY);
    await service.stop(2_000);
    await backend.close();
  });
});
