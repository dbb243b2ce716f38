import { setTimeout as sleep } from 'node:timers/promises';
import type { FiledHead } from '../../../records/process.ts';
import type { Fault } from '../../../stand-ins/mesh/faults.ts';
import { type DeliveryFixture, openDelivery } from '../../support/delivery.ts';
import { eventually } from '../../support/eventually.ts';
import { makePersons } from '../../support/lanes.ts';
import { contentOf, Outgoing, onlyMessage, type Settings, textOf } from './support/outgoing.ts';

/** Sending to MESH as the daemon does: lanes in the store, claims, questions, and daemons that die. */

const outgoing = new Outgoing();
let f: DeliveryFixture;
beforeEach(async () => {
  f = await openDelivery('postgres', { transport: 'mesh-api', dedupable: false });
});
afterEach(async () => {
  await f.close();
  await outgoing.close();
});

const RETRY = { firstMs: 50, mostMs: 50, factor: 1 };
const OUTLET = { far: { confirmedBy: 'downloaded' }, retry: RETRY, claimTtlMs: 4_000, sendTimeoutMs: 2_500, asks: 1_000 } as const;
/** Claims that ran out are looked for often. */
const CARE = { careTimes: { lookMs: 100, reconcileMs: 300 } };
const FIVE = { chunkSize: 20_000, compress: 'no' } as const;
const bytes = textOf(100_000);

const start = (settings: Partial<Settings> = FIVE) => outgoing.start({ settings, mailbox: { timeout: 3_000 } });
const file = async (service: Awaited<ReturnType<DeliveryFixture['start']>>): Promise<FiledHead[]> => {
  const [person] = await makePersons(f.store.database, 1);
  if (person === undefined) throw new RangeError('no person');
  const parts = [{ kind: 'bytes', bytes }] as const;
  return f.fileAndHint(service, person, { payload: { contentType: 'text/plain', charset: 'utf-8', parts }, size: bytes.length });
};
const handedOver = () =>
  eventually(
    () => f.states(),
    (states) => states['1'] === 1,
    { within: 20_000, what: 'the hand-over' },
  );
const farIds = async (): Promise<(string | null)[]> =>
  (await f.store.database.query<{ far_id: string | null }>('select far_id from far_message where present')).map((row) => row.far_id);

describe('sending to MESH over the lanes of the store', () => {
  it('MESH rule 4.1 a lost answer to the first request: asked for, found, handed over; one request, one message', async () => {
    const { server, destination, firsts } = await start();
    server.inject({ route: 'send', effect: 'reset', after: true });
    await file(await f.start(destination, OUTLET));
    await handedOver();
    const message = await onlyMessage(server);
    expect([firsts(), await farIds()]).toEqual([1, [message.id]]);
    expect(await contentOf(server, message.id, 5, false)).toEqual(bytes);
  });

  it('a first request the service never got is sent again once that is known, and not before', async () => {
    const { server, destination, firsts, pass } = await start({ ...FIVE, chunkSize: 1024 * 1024 });
    server.inject({ route: 'send', effect: 'reset' });
    await file(await f.start(destination, OUTLET));
    await eventually(
      () => server.totals().byRoute['track-local'] ?? 0,
      (asked) => asked >= 3,
    );
    expect(firsts()).toBe(1);
    pass(60_000);
    await handedOver();
    await onlyMessage(server);
    expect(firsts()).toBe(2);
    const asked = server.requests().map(({ route }) => route);
    expect(asked.indexOf('track-local')).toBeGreaterThan(asked.indexOf('send'));
    expect(asked.indexOf('track-local')).toBeLessThan(asked.lastIndexOf('send'));
  });

  it('is held where nobody can know, and not sent again by itself', async () => {
    const { server, destination, firsts } = await start({ ...FIVE, localId: 'none' });
    server.inject({ route: 'send', effect: 'reset', after: true });
    await file(await f.start(destination, { ...OUTLET, asks: 3 }));
    const held = await eventually(
      () => f.store.database.query<{ reason: string }>('select reason from hold where done is null'),
      (rows) => rows.length > 0,
    );
    expect(held).toMatchObject([{ reason: 'mesh-unknown' }]);
    await sleep(500);
    expect(firsts()).toBe(1);
  });

  it('goes on under the same id after chunks failed, attempt by attempt', async () => {
    const { server, destination, firsts } = await start();
    server.inject({ route: 'send-chunk', chunk: 2, effect: 'status', status: 500, times: 1 });
    server.inject({ route: 'send-chunk', chunk: 4, effect: 'status', status: 500, times: 2 });
    await file(await f.start(destination, OUTLET));
    await handedOver();
    const message = await onlyMessage(server);
    expect(await contentOf(server, message.id, 5, false)).toEqual(bytes);
    expect([firsts(), await farIds()]).toEqual([1, [message.id]]);
  });

  it.each<[string, Fault]>([
    ['after the first request, before its id is noted', { route: 'send', effect: 'silence' }],
    ['after its id is noted', { route: 'send-chunk', chunk: 2, effect: 'reset' }],
    ['between chunks', { route: 'send-chunk', chunk: 3, effect: 'silence' }],
    ['after the last chunk, before the result is filed', { route: 'send-chunk', chunk: 5, effect: 'silence' }],
  ])('a daemon that dies %s: another ends it, one first request, one message', async (_when, fault) => {
    const { server, destination, another, firsts } = await start();
    const injected = server.inject(fault);
    const first = await f.start(destination, OUTLET, CARE);
    await file(first);
    await eventually(
      () => injected.hits,
      (hits) => hits === 1,
      { within: 20_000 },
    );
    // Its result is not filed, and nothing more leaves: what a kill leaves behind.
    const stopped = [first.stop(0), destination.close()];
    await f.start(another(), OUTLET, CARE);
    await handedOver();
    const message = await onlyMessage(server);
    expect(message.state).toBe('accepted');
    expect(await contentOf(server, message.id, 5, false)).toEqual(bytes);
    expect([firsts(), await farIds()]).toEqual([1, [message.id]]);
    await Promise.allSettled(stopped);
  });

  it('a daemon that dies before the first request: sent once that is known', async () => {
    const { server, destination, another, firsts, pass } = await start();
    const injected = server.inject({ route: 'handshake', effect: 'silence' });
    const first = await f.start(destination, OUTLET, CARE);
    await file(first);
    await eventually(
      () => injected.hits,
      (hits) => hits === 1,
      { within: 20_000 },
    );
    const stopped = [first.stop(0), destination.close()];
    await f.start(another(), OUTLET, CARE);
    await eventually(
      () => server.totals().byRoute['track-local'] ?? 0,
      (asked) => asked >= 3,
      { within: 20_000 },
    );
    expect(firsts()).toBe(0);
    pass(60_000);
    await handedOver();
    await onlyMessage(server);
    expect(firsts()).toBe(1);
    await Promise.allSettled(stopped);
  });
});
