import { Leader } from '../../../pipeline/process/leader.ts';
import { LowWater } from '../../../pipeline/process/low-water.ts';
import { brandAs, type MessageId, type Token } from '../../../records/ids.ts';
import { silent } from '../../../records/telemetry.ts';
import { eventually } from '../../support/eventually.ts';

const token = brandAs<Token>(1);

describe('the processing leader', () => {
  it('does not overlook an id that two daemons commit out of order while later ones keep coming', async () => {
    const todo = new Set<number>([1, 2, 4]);
    const handled: number[] = [];
    const leader = new Leader({
      lease: { take: async () => ({ token, clean: true }), renew: async () => true, release: async () => undefined },
      batch: async (_token, low, limit) => {
        const ids = [...todo]
          .filter((id) => id > low)
          .sort((a, b) => a - b)
          .slice(0, limit);
        for (const id of ids) todo.delete(id);
        handled.push(...ids);
        // The other daemon's flush commits only now; its sender, once acknowledged, sends the next message about the same patient.
        if (ids.includes(4)) for (const id of [3, 5]) todo.add(id);
        return { messages: ids.length, last: ids.at(-1) ?? low };
      },
      pending: async () => todo.size > 0,
      first: async () => [...todo].map((id) => brandAs<MessageId>(id)),
      countTry: async () => 1,
      holdAlone: async () => undefined,
      isTransient: () => false,
      isLeaseLost: () => false,
      telemetry: silent,
      now: () => performance.now(),
      limit: 500,
      idleMs: 1,
    });
    leader.start();
    await eventually(() => handled.length === 5);
    await leader.stop();
    expect(handled).toEqual([1, 2, 4, 3, 5]);
  });
});

describe('the low water of the search', () => {
  it('rises only over ids handled so long ago that none below can still be committed', () => {
    let now = 0;
    const water = new LowWater(() => now);
    water.handled(100);
    now = 500;
    water.handled(200);
    now = 1_000;
    water.handled(300);
    now = 29_999;
    expect(water.low).toBe(0);
    now = 30_000;
    expect(water.low).toBe(100);
    now = 31_000;
    expect(water.low).toBe(300);
    water.handled(50);
    now = 62_000;
    expect(water.low).toBe(300);
  });
});
