import { eventually } from '../support/eventually.ts';
import { movement, report, somebody } from '../support/example-messages.ts';
import { ExampleSite } from '../support/example-site.ts';

/** The pages of a running daemon, by HTTP, as the person on call opens them. */

let site: ExampleSite;
beforeAll(async () => {
  site = await ExampleSite.open();
});
afterAll(() => site.close());

interface Board {
  readonly queues: readonly {
    readonly name: string;
    readonly hasWorkers: boolean;
    readonly readOnlyMode: boolean;
    readonly jobs: readonly { readonly data: { readonly deliveries: readonly number[]; readonly priority: string } }[];
  }[];
}
const board = async (status: string): Promise<Board> => {
  const reply = await fetch(`${site.daemon.console}/queues/api/queues?activeQueue=leeds-clinical&status=${status}&page=1`);
  // The shape is Bull Board's own; what of it matters is asserted.
  return (await reply.json()) as Board;
};

describe('/queues', () => {
  it('shows each queue with its worker, and the jobs that ran by the deliveries they sent', async () => {
    const taken = await site.take('prison-adt', movement('A01', somebody(71)));
    const [delivery] = await site.deliveriesBecome(taken.id, ['confirmed']);
    const { queues } = await eventually(
      () => board('completed'),
      ({ queues: [first] }) => (first?.jobs.length ?? 0) > 0,
    );
    expect(queues.map(({ name, hasWorkers, readOnlyMode }) => [name, hasWorkers, readOnlyMode])).toEqual(
      ['leeds-clinical', 'moorland-clinical', 'gp-hill-lane', 'gp-quay'].map((name) => [name, true, true]),
    );
    expect(queues[0]?.jobs[0]?.data).toEqual({ deliveries: [delivery?.id], lanes: [delivery?.lane], priority: 'routine' });
  });

  it('shows what waits for its next try as delayed, and lets nobody change anything', async () => {
    site.receivers.leeds.script = () => ({ do: 'close' });
    const who = somebody(71);
    const taken = await site.take('pathology', report(who));
    const [delivery] = await eventually(
      () => site.deliveries(taken.id),
      ([row]) => (row?.attempts ?? 0) > 1,
    );
    expect(delivery).toMatchObject({ lastOutcome: 'ambiguous', lastCode: 'connection-lost' });
    const put = await fetch(`${site.daemon.console}/queues/api/queues/leeds-clinical/pause`, { method: 'PUT' });
    expect(put.status).toBe(405);
    site.receivers.leeds.script = () => ({ do: 'answer' });
    const [done] = await site.deliveriesBecome(taken.id, ['confirmed']);
    expect(done).toMatchObject({ lastOutcome: 'delivered', lastCode: null, receiptCode: 'AA' });
    expect(done?.attempts).toBeGreaterThan(2);
  });
});

describe('the log of a first start', () => {
  it('says where the console is, and speaks of no wipe', () => {
    const lines = site.log.map((line): { event: string; address?: string } => JSON.parse(line));
    const started = lines.find(({ event }) => event === 'daemon.started');
    expect(started?.address).toContain(site.daemon.console.replace('http://', ''));
    expect(lines.map(({ event }) => event)).not.toContain('hints-wiped');
  });
});

describe('a message hold', () => {
  it('names the source its message came by, and is found by it', async () => {
    const held = await site.take('prison-adt', movement('A01', somebody(72)).replaceAll('A01', 'A60'));
    const found = await site.daemon.operations.listHolds({ source: held.source, all: false, limit: 10 });
    expect(found).toEqual([expect.objectContaining({ message: held.id, source: 'prison-adt', destination: null })]);
    const elsewhere = (await site.daemon.operations.listHolds({ all: false, limit: 10 })).filter(({ source }) => source === 'pathology');
    expect(elsewhere).toEqual([]);
  });
});
