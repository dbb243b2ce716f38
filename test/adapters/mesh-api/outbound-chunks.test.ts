import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { SEND_STEPS } from '../../../adapters/mesh-api/attempt.ts';
import { readFarName } from '../../../adapters/mesh-api/far-name.ts';
import { ThroughcareError } from '../../../records/faults.ts';
import type { Fault } from '../../../stand-ins/mesh/faults.ts';
import { delivery, noDeadline } from '../support/deliveries.ts';
import { contentOf, inPieces, Outgoing, onlyMessage, textOf } from './support/outgoing.ts';

const outgoing = new Outgoing();
afterEach(() => outgoing.close());

const FIVE = { chunkSize: 20_000, compress: 'no' as const };
const bytes = textOf(100_000);
const pieces = inPieces(bytes, 7_000);

describe('MESH rule 4.4 a message in chunks', () => {
  it.each([
    ['plain', 'no'],
    ['each compressed by itself', 'yes'],
  ] as const)('assurance 501: is sent in order, %s, and is whole for the recipient', async (_how, compress) => {
    const { server, send, chunks, looks } = await outgoing.start({ settings: { ...FIVE, compress } });
    const result = await send({ pieces });
    const message = await onlyMessage(server);
    expect(result).toEqual({ outcome: 'delivered', confirmed: false, receiptCode: '202', farId: message.id });
    expect(chunks()).toEqual([1, 2, 3, 4, 5]);
    expect(message).toMatchObject({ state: 'accepted', totalChunks: 5 });
    expect(await contentOf(server, message.id, 5, compress === 'yes')).toEqual(bytes);
    expect(looks()).toBe(1);
  });

  it('commits the id before the second chunk leaves, and once', async () => {
    const { server, send, chunks } = await outgoing.start({ settings: FIVE });
    const noted: [string, readonly number[]][] = [];
    const result = await send({ pieces, onFarId: (farId) => void noted.push([farId, chunks()]) });
    const { id } = await onlyMessage(server);
    expect(noted.map(([farId, sent]) => [readFarName(farId), sent])).toEqual([[{ id, begun: { count: 5, gzip: false } }, [1]]]);
    expect(result).toMatchObject({ farId: id });
  });

  it('names each step at which a daemon may die', async () => {
    const { send, notebook } = await outgoing.start({ settings: { chunkSize: 40_000, compress: 'no' } });
    await send({ pieces });
    const steps = notebook.events.filter(({ name }) => name === 'destination.mesh-step').map(({ facts }) => facts.step);
    expect(steps).toEqual(['first', 'taken', 'noted', 'chunk', 'chunk', 'whole']);
    expect([...new Set(steps)]).toEqual(SEND_STEPS);
  });

  it('does not note what is taken with its first request: the result says it', async () => {
    const { send } = await outgoing.start();
    const noted: string[] = [];
    expect(await send({ onFarId: (farId) => void noted.push(farId) })).toMatchObject({ outcome: 'delivered' });
    expect(noted).toEqual([]);
  });

  it('waits for a store that is away before it sends on', async () => {
    const { server, send } = await outgoing.start({ settings: FIVE });
    let away = 2;
    const onFarId = () => {
      away -= 1;
      if (away >= 0) throw new ThroughcareError('store-unavailable', 'away');
    };
    expect(await send({ pieces, onFarId })).toMatchObject({ outcome: 'delivered' });
    expect(away).toBe(-1);
    await onlyMessage(server);
  });

  it('sends nothing more where the claim is another’s by now', async () => {
    const { send, chunks } = await outgoing.start({ settings: FIVE });
    const onFarId = () => {
      throw new ThroughcareError('claim-expired', 'late');
    };
    expect(await send({ pieces, onFarId })).toMatchObject({ outcome: 'ambiguous', code: 'mesh-unknown', sentBytes: true });
    expect(chunks()).toEqual([1]);
  });
});

describe('MESH rule 4.3 a chunk that has to be sent again is read again', () => {
  it.each<[string, Fault]>([
    ['the connection breaks before it is taken', { route: 'send-chunk', chunk: 3, effect: 'reset' }],
    ['it is taken and the connection breaks', { route: 'send-chunk', chunk: 3, effect: 'reset', after: true }],
    ['it is taken and 500 is answered', { route: 'send-chunk', chunk: 3, effect: 'status', status: 502, after: true }],
    ['it is taken and never answered', { route: 'send-chunk', chunk: 3, effect: 'silence' }],
    ['the gateway is away for a while', { route: 'send-chunk', chunk: 3, effect: 'status', status: 503, body: 'xml', times: 2 }],
    ['too many requests', { route: 'send-chunk', chunk: 3, effect: 'rate-limit', retryAfter: 1 }],
  ])('%s: one message, whole', async (_what, fault) => {
    const { server, send, firsts, chunks } = await outgoing.start({ settings: { ...FIVE, compress: 'yes' }, mailbox: { timeout: 2_000 } });
    server.inject(fault);
    expect(await send({ pieces })).toMatchObject({ outcome: 'delivered' });
    const message = await onlyMessage(server);
    expect(await contentOf(server, message.id, 5, true)).toEqual(bytes);
    expect(firsts()).toBe(1);
    expect(chunks().filter((chunk) => chunk !== 3)).toEqual([1, 2, 4, 5]);
    expect(chunks().filter((chunk) => chunk === 3).length).toBeGreaterThan(1);
  });

  it('is taken in its middle, by a gateway that breaks it off', async () => {
    const { server, send } = await outgoing.start({ settings: { chunkSize: 12 * 1024 * 1024, compress: 'no' } });
    const large = randomBytes(30 * 1024 * 1024);
    server.inject({ route: 'send-chunk', chunk: 2, effect: 'reset' });
    expect(await send({ pieces: inPieces(large) })).toMatchObject({ outcome: 'delivered' });
    const { id } = await onlyMessage(server);
    expect((await contentOf(server, id, 3, false)).equals(large)).toBe(true);
  });

  it('the last chunk is taken and its answer lost: found out by asking', async () => {
    const { server, send, firsts } = await outgoing.start({ settings: FIVE });
    server.inject({ route: 'send-chunk', chunk: 5, effect: 'reset', after: true });
    const result = await send({ pieces });
    const message = await onlyMessage(server);
    expect(result).toMatchObject({ outcome: 'delivered', farId: message.id });
    expect([firsts(), message.state]).toEqual([1, 'accepted']);
  });

  it.each<[string, Fault, object]>([
    [
      'the service stays away',
      { route: 'send-chunk', effect: 'status', status: 503, times: 0 },
      { outcome: 'transient', code: 'mesh-unavailable' },
    ],
    ['500', { route: 'send-chunk', effect: 'status', status: 500, times: 0 }, { outcome: 'transient', code: 'mesh-unavailable' }],
    [
      'nobody is let in',
      { route: 'send-chunk', effect: 'status', status: 403, times: 0 },
      { outcome: 'transient', code: 'mesh-unauthorised' },
    ],
    [
      'the message is gone',
      { route: 'send-chunk', effect: 'status', status: 404, text: 'Not Found' },
      { outcome: 'permanent', code: 'mesh-refused' },
    ],
    [
      'it is refused',
      { route: 'send-chunk', effect: 'status', status: 417, event: 'SEND', code: 'InvalidHeaderChunks' },
      { outcome: 'permanent', code: 'mesh-refused' },
    ],
  ])('%s: the attempt ends', async (_what, fault, result) => {
    const { server, send } = await outgoing.start({ settings: FIVE });
    server.inject(fault);
    const ended = await send({ pieces });
    expect(ended).toMatchObject({ ...result, sentBytes: true });
    // The message may be whole for all we know: nothing says that it was turned away.
    expect('receiptCode' in ended).toBe(ended.outcome === 'permanent');
    expect((await onlyMessage(server)).state).toBe('uploading');
  });
});

describe('going on with what an earlier attempt began', () => {
  const broken = async (compress: 'yes' | 'no' = 'no') => {
    const site = await outgoing.start({ settings: { ...FIVE, compress } });
    site.server.inject({ route: 'send-chunk', chunk: 4, effect: 'status', status: 500 });
    let farId = '';
    const result = await site.send({
      pieces,
      onFarId: (noted) => {
        farId = noted;
      },
    });
    expect(result).toMatchObject({ outcome: 'transient', code: 'mesh-unavailable' });
    return { ...site, farId };
  };

  it.each(['no', 'yes'] as const)('another daemon begins with chunk 2 of the same message (compressed: %s)', async (compress) => {
    const { server, another, farId, firsts, chunks } = await broken(compress);
    const result = await another().send(delivery({ pieces, farId }), noDeadline());
    const message = await onlyMessage(server);
    expect(result).toMatchObject({ outcome: 'delivered', farId: message.id });
    expect(chunks()).toEqual([1, 2, 3, 4, 2, 3, 4, 5]);
    expect(firsts()).toBe(1);
    expect(await contentOf(server, message.id, 5, compress === 'yes')).toEqual(bytes);
  });

  it('cuts and compresses as the first attempt did, whatever the settings are by now', async () => {
    const { server, another, farId } = await broken('yes');
    const changed = another({ chunkSize: 7_000, compress: 'no' });
    expect(await changed.send(delivery({ pieces, farId }), noDeadline())).toMatchObject({ outcome: 'delivered' });
    const message = await onlyMessage(server);
    expect(await contentOf(server, message.id, 5, true)).toEqual(bytes);
  });

  it('a message that turns out to be whole is not sent on', async () => {
    const { server, send, another, chunks } = await outgoing.start({ settings: FIVE });
    let farId = '';
    await send({
      pieces,
      onFarId: (noted) => {
        farId = noted;
      },
    });
    expect(await another().send(delivery({ pieces, farId }), noDeadline())).toMatchObject({ outcome: 'delivered' });
    expect(chunks()).toEqual([1, 2, 3, 4, 5, 2]);
    await onlyMessage(server);
  });

  it('is held where the payload cannot have been cut so', async () => {
    const { another, chunks } = await broken();
    const odd = another();
    expect(await odd.send(delivery({ bytes: Buffer.from('abc'), farId: 'ID 5 plain' }), noDeadline())).toMatchObject({
      outcome: 'permanent',
      code: 'mesh-refused',
    });
    expect(chunks()).toEqual([1, 2, 3, 4]);
  });
});

describe('stopping in the middle', () => {
  it('ends between chunks when the time is over, and goes on later', async () => {
    const { server, destination, another, chunks } = await outgoing.start({ settings: FIVE });
    const deadline = new AbortController();
    let farId = '';
    const draft = {
      pieces,
      onFarId: (noted: string) => {
        farId = noted;
        deadline.abort();
      },
    };
    expect(await destination.send(delivery(draft), deadline.signal)).toMatchObject({
      outcome: 'transient',
      sentBytes: true,
      transport: false,
    });
    expect(chunks()).toEqual([1]);
    expect(await another().send(delivery({ pieces, farId }), noDeadline())).toMatchObject({ outcome: 'delivered' });
    await onlyMessage(server);
  });

  it('lets the chunk that is on its way end when the daemon stops, and begins no other', async () => {
    const { server, destination, chunks } = await outgoing.start({ settings: FIVE });
    server.inject({ route: 'send-chunk', chunk: 2, effect: 'slow-first-byte', milliseconds: 300 });
    const sending = destination.send(delivery({ pieces }), noDeadline());
    while (!chunks().includes(2)) await new Promise((wait) => setTimeout(wait, 5));
    await destination.close();
    expect(await sending).toMatchObject({ outcome: 'transient', code: 'send-failed', sentBytes: true });
    expect(chunks()).toEqual([1, 2]);
  });
});

describe('assurance 501: a message beyond 200 MB, compressed in chunks', () => {
  it('is read straight through once, in pieces, and says that it goes on', async () => {
    const { server, destination } = await outgoing.start({ settings: { compress: 'yes' } });
    const piece = textOf(1024 * 1024);
    const count = 210;
    let readings = 0;
    let read = 0;
    const hash = createHash('sha256');
    const whole = async function* () {
      readings += 1;
      for (let n = 0; n < count; n += 1) {
        read += 1;
        hash.update(piece);
        yield piece;
      }
    };
    let steps = 0;
    const result = await destination.send(delivery({ pieces: whole, size: count * piece.length }), noDeadline(), () => {
      steps += 1;
    });
    expect(result).toMatchObject({ outcome: 'delivered' });
    expect([readings, read]).toEqual([1, count]);
    expect(steps).toBeGreaterThan(count / 10);
    const message = await onlyMessage(server);
    expect(message.totalChunks).toBe(11);
    const arrived = createHash('sha256');
    for (let chunk = 1; chunk <= 11; chunk += 1) {
      const body = (await server.body(message.id, chunk)) ?? Buffer.alloc(0);
      arrived.update(gunzipSync(body));
    }
    expect(arrived.digest('hex')).toBe(hash.digest('hex'));
  }, 60_000);
});

describe('memory', () => {
  it('reads no more of a large payload than the connection takes', async () => {
    const idle = createServer((request, response) => {
      if (request.url?.endsWith('/outbox') === true) request.pause();
      else response.end();
    });
    await new Promise<void>((listening) => idle.listen(0, '127.0.0.1', listening));
    const { server } = await outgoing.start({ server: { tls: false } });
    const { destination } = outgoing.on(
      server,
      { compress: 'no', chunkSize: 90 * 1024 * 1024 },
      { url: `http://127.0.0.1:${(idle.address() as AddressInfo).port}`, timeout: 2_000 },
    );
    let read = 0;
    const whole = async function* () {
      for (;;) {
        read += 1;
        yield Buffer.alloc(1024 * 1024);
      }
    };
    const result = await destination.send(delivery({ pieces: whole, size: 500 * 1024 * 1024 }), noDeadline());
    // Nobody read on: the connection stood still with what its buffers hold.
    expect(result).toMatchObject({ outcome: 'transient', code: 'mesh-unavailable', sentBytes: true });
    expect(read).toBeLessThan(20);
    await new Promise((closed) => {
      idle.close(closed);
      idle.closeAllConnections();
    });
  });
});
