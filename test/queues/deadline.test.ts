import { Deadline } from '../../queues/deadline.ts';

const SECOND = 1_000;
beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const start = (renew: () => Promise<boolean> = () => Promise.resolve(true)) => {
  let renewals = 0;
  const deadline = new Deadline(30 * SECOND, () => {
    renewals += 1;
    return renew();
  });
  return {
    deadline,
    renewals: () => renewals,
    /** Says every second that it goes on. */
    goOn: async (seconds: number) => {
      for (let n = 0; n < seconds; n += 1) {
        await jest.advanceTimersByTimeAsync(SECOND);
        deadline.goesOn();
      }
      await jest.advanceTimersByTimeAsync(0);
    },
  };
};

describe('the time of one attempt', () => {
  it('ends an attempt that says nothing', async () => {
    const { deadline, renewals } = start();
    let over = false;
    void deadline.over.then(() => {
      over = true;
    });
    await jest.advanceTimersByTimeAsync(30 * SECOND - 1);
    expect(deadline.signal.aborted).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    expect([deadline.signal.aborted, over, renewals()]).toEqual([true, true, 0]);
  });

  it('lets an attempt that goes on last, and renews the claim now and then', async () => {
    const { deadline, renewals, goOn } = start();
    await goOn(600);
    expect(deadline.signal.aborted).toBe(false);
    expect(renewals()).toBeGreaterThanOrEqual(20);
    expect(renewals()).toBeLessThanOrEqual(60);
  });

  it('ends an attempt that stands still after it had gone on', async () => {
    const { deadline, goOn } = start();
    await goOn(100);
    await jest.advanceTimersByTimeAsync(30 * SECOND);
    expect(deadline.signal.aborted).toBe(true);
  });

  it('ends it at once when the claim turns out to be another’s', async () => {
    const { deadline, goOn } = start(() => Promise.resolve(false));
    await goOn(9);
    expect(deadline.signal.aborted).toBe(false);
    await goOn(1);
    expect(deadline.signal.aborted).toBe(true);
  });

  it('never puts off the end without a claim that was renewed, and asks a store that is away again', async () => {
    let away = true;
    const { deadline, renewals, goOn } = start(() => (away ? Promise.reject(new Error('away')) : Promise.resolve(true)));
    await goOn(20);
    expect(renewals()).toBeGreaterThan(3);
    away = false;
    await goOn(20);
    expect(deadline.signal.aborted).toBe(false);
    away = true;
    await goOn(31);
    expect(deadline.signal.aborted).toBe(true);
  });

  it('counts the new time from when the renewal was asked for, so that the claim outlasts it', async () => {
    const { deadline, goOn } = start(() => new Promise((resolve) => setTimeout(() => resolve(true), 15 * SECOND)));
    await goOn(10);
    await jest.advanceTimersByTimeAsync(29 * SECOND);
    expect(deadline.signal.aborted).toBe(false);
    await jest.advanceTimersByTimeAsync(1 * SECOND);
    expect(deadline.signal.aborted).toBe(true);
  });

  it('asks for nothing once the attempt has ended', async () => {
    const { deadline, renewals, goOn } = start();
    deadline.stop();
    await goOn(60);
    expect([deadline.signal.aborted, renewals()]).toEqual([false, 0]);
  });
});
