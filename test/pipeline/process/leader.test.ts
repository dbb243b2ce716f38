import { Leader, type LeaderParts } from '../../../pipeline/process/leader.ts';
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
      first: async () => [...todo].map((id) => ({ id: brandAs<MessageId>(id), tries: 0 })),
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

/** A store in memory: messages that are decided by `decide`, and what the leader did with them. */
class FakeStore {
  readonly todo = new Set<number>();
  readonly decided: number[] = [];
  readonly held: string[] = [];
  readonly batches: (readonly number[])[] = [];
  readonly tries = new Map<number, number>();
  taken = 0;
  mayTake = true;
  clean = true;
  /** Throws for a message that cannot be decided; a batch with such a one fails whole. */
  decide: (id: number) => void = () => undefined;
  /** Throws at the beginning of a batch. */
  begin: () => void = () => undefined;
  readonly errors: string[] = [];
  /** Set apart from the tokens of earlier leases. */
  token = 0;

  constructor(...ids: readonly number[]) {
    for (const id of ids) this.todo.add(id);
  }

  #first(low: number, limit: number): number[] {
    return [...this.todo]
      .filter((id) => id > low)
      .sort((a, b) => a - b)
      .slice(0, limit);
  }

  leader(limit = 100): Leader {
    const parts: LeaderParts = {
      lease: {
        take: async () => {
          if (!this.mayTake) return null;
          this.taken += 1;
          this.token += 1;
          return { token: brandAs<Token>(this.token), clean: this.clean };
        },
        renew: async () => true,
        release: async () => undefined,
      },
      batch: async (_token, low, most) => {
        this.begin();
        const ids = this.#first(low, most);
        this.batches.push(ids);
        for (const id of ids) this.decide(id);
        for (const id of ids) this.todo.delete(id);
        this.decided.push(...ids);
        return { messages: ids.length, last: ids.at(-1) ?? low };
      },
      pending: async () => this.todo.size > 0,
      first: async (most) => this.#first(0, most).map((id) => ({ id: brandAs<MessageId>(id), tries: this.tries.get(id) ?? 0 })),
      countTry: async (_token, ids) => {
        for (const id of ids) this.tries.set(id, (this.tries.get(id) ?? 0) + 1);
        return Math.max(...ids.map((id) => this.tries.get(id) ?? 0));
      },
      holdAlone: async (_token, id, reason) => {
        this.todo.delete(id);
        this.held.push(`${id} ${reason}`);
      },
      isTransient: (error) => error instanceof Error && error.message === 'away',
      isLeaseLost: (error) => error instanceof Error && error.message === 'lease lost',
      telemetry: { ...silent, error: (name) => void this.errors.push(name) },
      now: () => performance.now(),
      limit,
      idleMs: 1,
    };
    return new Leader(parts);
  }
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const failing =
  (...bad: readonly number[]) =>
  (id: number): void => {
    if (bad.includes(id)) throw new Error('cannot be decided');
  };

describe('★ one poisonous message', () => {
  it.each([1, 37, 64, 100])('at place %i is held alone; its neighbours are decided, in order', async (bad) => {
    const store = new FakeStore(...range(1, 100));
    store.decide = failing(bad);
    const leader = store.leader();
    leader.start();
    await eventually(() => store.todo.size === 0);
    await leader.stop();
    expect(store.held).toEqual([`${bad} internal`]);
    expect(store.decided).toEqual(range(1, 100).filter((id) => id !== bad));
  });

  it('does not hide another one behind it', async () => {
    const store = new FakeStore(...range(1, 50));
    store.decide = failing(7, 8, 50);
    const leader = store.leader();
    leader.start();
    await eventually(() => store.todo.size === 0);
    await leader.stop();
    expect(store.held).toEqual(['7 internal', '8 internal', '50 internal']);
    expect(store.decided).toEqual(range(1, 50).filter((id) => ![7, 8, 50].includes(id)));
  });

  it('that ended three leaders before is held as poison by the next, before it is tried', async () => {
    const store = new FakeStore(1, 2, 3);
    store.clean = false;
    store.tries.set(2, 3);
    const tried: number[] = [];
    store.decide = (id) => void tried.push(id);
    const leader = store.leader();
    leader.start();
    await eventually(() => store.todo.size === 0);
    await leader.stop();
    expect(store.held).toEqual(['2 poison']);
    expect(tried).toEqual([1, 3]);
  });

  it('is counted before each try after a death, so that a fourth leader will know', async () => {
    const store = new FakeStore(5, 6);
    store.clean = false;
    const seen: (number | undefined)[] = [];
    store.decide = (id) => void seen.push(store.tries.get(id));
    const leader = store.leader();
    leader.start();
    await eventually(() => store.todo.size === 0);
    await leader.stop();
    expect(seen).toEqual([1, 1]);
    expect(store.held).toEqual([]);
  });
});

describe('after a leader died', () => {
  it('what was never suspected is tried together, and decided in order all the same', async () => {
    const store = new FakeStore(...range(1, 120));
    store.clean = false;
    store.tries.set(60, 1);
    const leader = store.leader();
    leader.start();
    await eventually(() => store.todo.size === 0);
    await leader.stop();
    expect(store.decided).toEqual(range(1, 120));
    expect(store.batches.filter((ids) => ids.length > 0).length).toBeLessThan(10);
    expect(store.batches).toContainEqual([60]);
    expect([...store.tries]).toEqual(expect.arrayContaining(range(1, 120).map((id) => [id, id === 60 ? 2 : 1])));
  });

  it.each([1, 30, 50, 51])('the message at place %i that ended it is found by letting few others die with it', async (bad) => {
    const store = new FakeStore(...range(1, 60));
    store.clean = false;
    let deaths = 0;
    // A death, as far as a test can die: nothing of what was begun goes on, and the next leader begins anew.
    store.decide = (id) => {
      if (id !== bad) return;
      deaths += 1;
      throw new Error('away');
    };
    const leader = store.leader();
    leader.start();
    await eventually(() => store.todo.size === 0);
    await leader.stop();
    expect(store.held).toEqual([`${bad} poison`]);
    expect(deaths).toBe(3);
    expect([...store.tries.values()].every((tries, place) => tries <= 3 || place + 1 === bad)).toBe(true);
    expect(store.decided).toEqual(range(1, 60).filter((id) => id !== bad));
  });

  it('one of those tried together that cannot be decided is held alone', async () => {
    const store = new FakeStore(...range(1, 60));
    store.clean = false;
    store.decide = failing(20, 55);
    const leader = store.leader();
    leader.start();
    await eventually(() => store.todo.size === 0);
    await leader.stop();
    expect(store.held).toEqual(['20 internal', '55 internal']);
    expect(store.decided).toEqual(range(1, 60).filter((id) => id !== 20 && id !== 55));
  });
});

describe('a leader', () => {
  it('★ that lost its lease stops deciding, and holds nothing for it', async () => {
    const store = new FakeStore(...range(1, 5));
    store.begin = () => {
      store.mayTake = false;
      throw new Error('lease lost');
    };
    const leader = store.leader();
    leader.start();
    await eventually(() => store.taken === 1 && !leader.leading);
    store.begin = () => undefined;
    // Another daemon holds it now: nothing is decided here, however often it is woken.
    for (let times = 0; times < 5; times += 1) leader.wake(true);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(store.decided).toEqual([]);
    expect(store.held).toEqual([]);
    // That this happens is no error.
    expect(store.errors).toEqual([]);

    store.mayTake = true;
    await eventually(() => store.todo.size === 0);
    await leader.stop();
    expect(store.decided).toEqual(range(1, 5));
  });

  it('tries again after a store that was away, blames no message, and says so', async () => {
    const store = new FakeStore(...range(1, 5));
    let away = 3;
    store.begin = () => {
      if (away-- > 0) throw new Error('away');
    };
    const leader = store.leader();
    leader.start();
    await eventually(() => store.todo.size === 0);
    await leader.stop();
    expect(store.decided).toEqual(range(1, 5));
    expect(store.held).toEqual([]);
    expect(store.errors).toContain('leader-interrupted');
  });

  it('that goes away while it searches for a poisonous message holds none', async () => {
    const store = new FakeStore(...range(1, 8));
    store.decide = failing(3);
    let batches = 0;
    store.begin = () => {
      batches += 1;
      if (batches === 2) throw new Error('away');
    };
    const leader = store.leader();
    leader.start();
    await eventually(() => store.todo.size === 0);
    await leader.stop();
    expect(store.held).toEqual(['3 internal']);
    expect(store.decided).toEqual([1, 2, 4, 5, 6, 7, 8]);
  });

  it('decides a message released with an old id, once it is woken', async () => {
    const store = new FakeStore(...range(10, 20));
    const leader = store.leader();
    leader.start();
    await eventually(() => store.todo.size === 0);
    store.todo.add(3);
    leader.wake(true);
    await eventually(() => store.todo.size === 0);
    await leader.stop();
    expect(store.decided).toEqual([...range(10, 20), 3]);
  });

  it('finishes the batch in hand when it is stopped, and begins no other', async () => {
    const store = new FakeStore(...range(1, 1000));
    const leader = store.leader(10);
    leader.start();
    await eventually(() => store.decided.length >= 10, Boolean, { every: 1 });
    await leader.stop();
    const { length } = store.decided;
    expect(length % 10).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(store.decided).toHaveLength(length);
  });
});
