import { asksFor } from '../../../adapters/mesh-api/asking.ts';
import { Lost } from '../../../adapters/mesh-api/lost.ts';
import { brandAs, type DeliveryId } from '../../../records/ids.ts';
import type { Fault } from '../../../stand-ins/mesh/faults.ts';
import { type DeliveryDraft, delivery, noDeadline } from '../support/deliveries.ts';
import { contentOf, inPieces, Outgoing, onlyMessage, textOf } from './support/outgoing.ts';

const outgoing = new Outgoing();
afterEach(() => outgoing.close());

const FIVE = { chunkSize: 20_000, compress: 'no' as const };
const bytes = textOf(100_000);
const pieces = inPieces(bytes, 7_000);
const LOST: Fault = { route: 'send', effect: 'reset', after: true };
const NEVER: Fault = { route: 'send', effect: 'reset' };

/** The same delivery at every attempt, with what was noted of it. */
const kept = (draft: DeliveryDraft) => {
  const noted: string[] = [];
  const { id, transportKey } = delivery(draft);
  return {
    noted,
    now: () => {
      const farId = noted.at(-1);
      const again = { ...draft, onFarId: (far: string) => void noted.push(far), ...(farId === undefined ? {} : { farId }) };
      return { ...delivery(again), id, transportKey };
    },
  };
};

describe('what became of a message whose first request had no answer', () => {
  it('was taken: our local id finds it, and it is handed over under the service’s id', async () => {
    const { server, destination, firsts } = await outgoing.start();
    server.inject(LOST);
    const one = kept({ key: 'TC0001' });
    expect(await destination.send(one.now(), noDeadline())).toMatchObject({ outcome: 'ambiguous' });
    const { id } = await onlyMessage(server);
    expect(await destination.resolve(one.now())).toEqual({ known: 'delivered', confirmed: false, receiptCode: 'accepted', farId: id });
    expect(firsts()).toBe(1);
  });

  it('is asked for in version 1, the only one that knows local ids', async () => {
    const { server, destination } = await outgoing.start({ mailbox: { api: 'v2' } });
    server.inject(LOST);
    const one = kept({});
    await destination.send(one.now(), noDeadline());
    expect(await destination.resolve(one.now())).toMatchObject({ known: 'delivered' });
    expect(server.requests().filter(({ route }) => route === 'track-local')).toMatchObject([{ version: 1 }]);
  });

  it('confirms it where the 202 would have', async () => {
    const { server, destination } = await outgoing.start({ settings: { confirmedBy: 'accepted' } });
    server.inject(LOST);
    const one = kept({});
    await destination.send(one.now(), noDeadline());
    expect(await destination.resolve(one.now())).toMatchObject({ known: 'delivered', confirmed: true });
  });

  it('was not taken: said only after the service had time to show it, then sent once more', async () => {
    const { server, destination, firsts, pass } = await outgoing.start({ mailbox: { timeout: 60_000 } });
    server.inject(NEVER);
    const one = kept({});
    await destination.send(one.now(), noDeadline());
    expect(await destination.resolve(one.now())).toEqual({ known: 'unknown' });
    pass(60_000);
    expect(await destination.resolve(one.now())).toEqual({ known: 'unknown' });
    pass(60_000);
    expect(await destination.resolve(one.now())).toEqual({ known: 'not-sent' });
    expect(firsts()).toBe(1);
    expect(await destination.send(one.now(), noDeadline())).toMatchObject({ outcome: 'delivered' });
    await onlyMessage(server);
  });

  it('waits as long in another daemon, which knows nothing of when it was sent', async () => {
    const { another, pass } = await outgoing.start({ mailbox: { timeout: 60_000 } });
    const one = delivery();
    const other = another();
    expect(await other.resolve(one)).toEqual({ known: 'unknown' });
    pass(119_000);
    expect(await other.resolve(one)).toEqual({ known: 'unknown' });
    pass(1_000);
    expect(await other.resolve(one)).toEqual({ known: 'not-sent' });
  });

  it.each(['none', 'ods', 'message'] as const)('cannot be found out where the local id is not ours (%s)', async (localId) => {
    const { server, destination, pass } = await outgoing.start({ settings: { localId, ods: 'X26' } });
    server.inject(LOST);
    const one = kept({});
    await destination.send(one.now(), noDeadline());
    pass(86_400_000);
    expect(await destination.resolve(one.now())).toEqual({ known: 'unknown' });
    expect(server.totals().byRoute['track-local']).toBeUndefined();
  });

  it('is not decided where two have one local id, and on-call is told', async () => {
    const { server, destination, notebook } = await outgoing.start();
    await destination.send(delivery({ key: 'TC0001' }), noDeadline());
    await destination.send(delivery({ key: 'TC0001' }), noDeadline());
    expect(await destination.resolve(delivery({ key: 'TC0001' }))).toEqual({ known: 'unknown' });
    expect(notebook.warnings).toMatchObject([{ name: 'destination.sent-twice' }]);
    expect(server.totals().byRoute.send).toBe(2);
  });

  it('is not settled by an earlier send of the same delivery that failed', async () => {
    const { server, destination } = await outgoing.start({ server: { expiry: 60_000 } });
    const one = kept({ key: 'TC0001' });
    await destination.send(one.now(), noDeadline());
    await server.clock.advance(120_000);
    expect((await onlyMessage(server)).state).toBe('error');
    // A person let it go again, and this time the answer is lost.
    expect(await destination.resolve(one.now())).toEqual({ known: 'unknown' });
  });

  it.each<[string, Fault]>([
    ['is away', { route: 'track-local', effect: 'status', status: 503, times: 0 }],
    ['answers something else', { route: 'track-local', effect: 'status', status: 200, body: 'html', times: 0 }],
  ])('is asked again where the service %s', async (_what, fault) => {
    const { server, destination } = await outgoing.start();
    server.inject(LOST);
    const one = kept({});
    await destination.send(one.now(), noDeadline());
    server.inject(fault);
    await expect(destination.resolve(one.now())).rejects.toThrow();
    server.clearFaults();
    expect(await destination.resolve(one.now())).toMatchObject({ known: 'delivered' });
  });
});

describe('what became of a message in chunks', () => {
  it('was begun, its answer lost: found by local id, noted, and gone on with', async () => {
    const { server, destination, another, firsts, chunks } = await outgoing.start({ settings: { ...FIVE, compress: 'yes' } });
    server.inject(LOST);
    const one = kept({ pieces });
    expect(await destination.send(one.now(), noDeadline())).toMatchObject({ outcome: 'ambiguous' });
    const next = another({ chunkSize: 30_000, compress: 'no' });
    expect(await next.resolve(one.now())).toEqual({ known: 'begun' });
    expect(one.noted).toHaveLength(1);
    expect(await next.send(one.now(), noDeadline())).toMatchObject({ outcome: 'delivered' });
    const message = await onlyMessage(server);
    expect(await contentOf(server, message.id, 5, true)).toEqual(bytes);
    expect([firsts(), chunks()]).toEqual([1, [1, 2, 3, 4, 5]]);
  });

  it('had sent some chunks when its daemon died: gone on with by the next', async () => {
    const { server, destination, another, firsts } = await outgoing.start({ settings: FIVE });
    server.inject({ route: 'send-chunk', chunk: 3, effect: 'status', status: 500 });
    const one = kept({ pieces });
    await destination.send(one.now(), noDeadline());
    const next = another();
    expect(await next.resolve(one.now())).toEqual({ known: 'begun' });
    expect(await next.send(one.now(), noDeadline())).toMatchObject({ outcome: 'delivered' });
    await onlyMessage(server);
    expect(firsts()).toBe(1);
  });

  it('had sent them all when its daemon died: handed over without another byte', async () => {
    const { server, destination, another, chunks } = await outgoing.start({ settings: FIVE });
    const one = kept({ pieces });
    await destination.send(one.now(), noDeadline());
    const { id } = await onlyMessage(server);
    expect(await another().resolve(one.now())).toEqual({ known: 'delivered', confirmed: false, receiptCode: 'accepted', farId: id });
    expect(chunks()).toEqual([1, 2, 3, 4, 5]);
  });

  it('could not note its id while the store was away: this daemon still knows it, and notes it when it can', async () => {
    const { server, destination, firsts } = await outgoing.start({ settings: { ...FIVE, localId: 'none' } });
    const deadline = new AbortController();
    const away = delivery({
      pieces,
      onFarId: () => {
        deadline.abort();
        throw new Error('away');
      },
    });
    expect(await destination.send(away, deadline.signal)).toMatchObject({ outcome: 'ambiguous', code: 'mesh-unknown' });
    const noted: string[] = [];
    const back = { ...away, noteFarId: async (farId: string) => void noted.push(farId) };
    expect(await destination.resolve(back)).toEqual({ known: 'begun' });
    expect(noted).toHaveLength(1);
    expect(await destination.send({ ...back, farId: noted[0] ?? null }, noDeadline())).toMatchObject({ outcome: 'delivered' });
    await onlyMessage(server);
    expect(firsts()).toBe(1);
  });

  it('is not taken for whole because the service does not know of it', async () => {
    const { destination } = await outgoing.start({ settings: FIVE });
    expect(await destination.resolve(delivery({ pieces, farId: 'UNHEARD 5 plain' }))).toEqual({ known: 'begun' });
    expect(await destination.resolve(delivery({ farId: 'UNHEARD' }))).toEqual({ known: 'unknown' });
  });
});

describe('how often it is asked', () => {
  it('is often enough to cover the time the service may need', () => {
    // 0.8, 1.6 … 102 s: the ninth time lies 204 s behind the first, the eighth 102 s.
    expect(asksFor({ first: 1_000, most: 300_000, factor: 2 }, 120_000)).toBe(9);
    expect(asksFor({ first: 10, most: 10, factor: 1 }, 40)).toBe(6);
    expect(asksFor({ first: 60_000, most: 60_000, factor: 1 }, 1_000)).toBe(3);
    expect(asksFor({ first: 10, most: 10, factor: 1 }, 10_000_000)).toBe(100);
  });

  it('forgets the oldest of very many', () => {
    let now = 0;
    const lost = new Lost(1_000, () => now);
    const id = (n: number) => brandAs<DeliveryId>(n);
    for (let n = 0; n < 10_001; n += 1) lost.begun(id(n), `far ${n}`);
    expect([lost.farId(id(0)), lost.farId(id(1)), lost.farId(id(10_000))]).toEqual([null, 'far 1', 'far 10000']);
    now = 1_000;
    expect([lost.settled(id(1)), lost.settled(id(0))]).toEqual([true, false]);
    now = 2_000;
    expect(lost.settled(id(0))).toBe(true);
  });
});
