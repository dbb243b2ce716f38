import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { MllpSource, type MllpSourceSettings } from '../../../adapters/mllp/inbound.ts';
import { encodeFrame } from '../../../formats/mllp/frame.ts';
import type { Receipt } from '../../../records/ports.ts';
import { silent } from '../../../records/telemetry.ts';
import { Notebook } from '../support/notebook.ts';
import { portOf, Sender } from '../support/peers.ts';
import { receipt, ScriptedReceiver, sourceName } from '../support/scripted-receiver.ts';
import { Gate, until } from '../support/waiting.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const listen = async (settings: Partial<MllpSourceSettings> = {}) => {
  const receiver = new ScriptedReceiver();
  const notebook = new Notebook();
  const source = new MllpSource(sourceName('prison-adt'), { host: '127.0.0.1', port: 0, ...settings }, receiver, notebook);
  await source.start();
  stops.push(() => source.stop(AbortSignal.timeout(200)));
  const connect = async (halfOpen = false): Promise<Sender> => {
    const sender = await Sender.connect(source.address, undefined, halfOpen);
    stops.unshift(async () => void sender.socket.destroy());
    return sender;
  };
  return { source, receiver, notebook, connect };
};

const frames = (...texts: readonly string[]): Buffer => Buffer.concat(texts.map((text) => encodeFrame(Buffer.from(text))));

describe('MLLP source: frames and answers', () => {
  it('takes every frame of one packet and answers each, in their order', async () => {
    const { receiver, connect } = await listen();
    const sender = await connect();
    sender.socket.write(frames('one', 'two', 'three'));
    expect(await sender.answered(3)).toEqual(['ack one', 'ack two', 'ack three']);
    expect(receiver.texts).toEqual(['one', 'two', 'three']);
  });

  it('takes the same frames however TCP cuts the bytes', async () => {
    const { receiver, connect } = await listen();
    const sender = await connect();
    let expected = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ minLength: 1, unit: 'grapheme-ascii' }), { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(40), { maxLength: 8 }),
        async (texts, cuts) => {
          const all = frames(...texts);
          receiver.received.length = 0;
          let at = 0;
          for (const cut of cuts) {
            sender.socket.write(all.subarray(at, at + cut));
            at = Math.min(all.length, at + cut);
            await new Promise(setImmediate);
          }
          sender.socket.write(all.subarray(at));
          expected += texts.length;
          await sender.answered(expected);
          expect(receiver.texts).toEqual(texts);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('answers in the order of the frames even when the receiver resolves out of order', async () => {
    const { receiver, connect } = await listen();
    const gates = new Map<string, Gate>();
    receiver.onReceive = async (incoming) => {
      const text = incoming.bytes.toString();
      const gate = new Gate();
      gates.set(text, gate);
      await gate.opened;
      return receipt(`ack ${text}`);
    };
    const sender = await connect();
    sender.socket.write(frames('a', 'b', 'c'));
    await until('three in hand', () => gates.size === 3);
    gates.get('c')?.open();
    gates.get('b')?.open();
    await sleep(30);
    expect(sender.answers).toEqual([]);
    gates.get('a')?.open();
    expect(await sender.answered(3)).toEqual(['ack a', 'ack b', 'ack c']);
  });

  it('writes nothing where no answer is asked for', async () => {
    const { receiver, connect } = await listen();
    receiver.onReceive = (incoming) => receipt(incoming.bytes.toString() === 'quiet' ? null : 'ack');
    const sender = await connect();
    sender.socket.write(frames('quiet', 'loud'));
    expect(await sender.answered(1)).toEqual(['ack']);
  });

  it('tells the receiver which connection a message came on', async () => {
    const { receiver, connect } = await listen();
    const [first, second] = [await connect(), await connect()];
    first.send('1a');
    first.send('1b');
    await first.answered(2);
    second.send('2a');
    await second.answered(1);
    const [a, b, c] = receiver.received.map((incoming) => incoming.connection);
    expect(a).toBe(b);
    expect(c).not.toBe(a);
  });

  it('answers a sender that has closed its own side after its last message', async () => {
    const { connect } = await listen();
    const sender = await connect(true);
    sender.socket.end(frames('first', 'last'));
    expect(await sender.answered(2)).toEqual(['ack first', 'ack last']);
    await until('closed', () => sender.closed);
  });

  it('writes a later application answer behind the accept answer, and says when it cannot', async () => {
    const { receiver, connect } = await listen();
    let later: ((reply: Buffer) => boolean) | undefined;
    const gate = new Gate();
    receiver.onReceive = async (incoming) => {
      later = incoming.later;
      await gate.opened;
      return receipt('CA');
    };
    const sender = await connect();
    sender.send('m');
    await until('in hand', () => later !== undefined);
    // Processing was quicker than the answer at commit.
    expect(later?.(Buffer.from('AA'))).toBe(true);
    gate.open();
    expect(await sender.answered(2)).toEqual(['CA', 'AA']);
    expect(later?.(Buffer.from('AA again'))).toBe(true);
    await sender.answered(3);
    sender.socket.destroy();
    await until('gone', () => later?.(Buffer.from('too late')) === false);
  });
});

describe('MLLP source: what is not a whole message', () => {
  it('answers a frame above the cap, closes, and reads no more of it', async () => {
    const { source, receiver, connect } = await listen({ maxSize: 100_000 });
    receiver.onRefuse = () => receipt('AR too large');
    const sender = await connect();
    const chunk = Buffer.alloc(1_000_000, 'x');
    sender.socket.write(Buffer.from([0x0b]));
    // 100 MB, no faster than the source reads.
    let sent = 0;
    let most = 0;
    while (sent < 100 && !sender.ended && !sender.closed) {
      sender.socket.write(chunk);
      sent += 1;
      most = Math.max(most, source.held);
      await new Promise(setImmediate);
      if (sender.socket.writableNeedDrain)
        await Promise.race([once(sender.socket, 'drain'), once(sender.socket, 'end'), once(sender.socket, 'close')]);
    }
    expect(await sender.answered(1)).toEqual(['AR too large']);
    await until('closed', () => sender.closed || sender.ended);
    expect(receiver.refused).toHaveLength(1);
    expect(receiver.refused[0]).toMatchObject({ reason: 'message-too-large', source: 'prison-adt' });
    expect(receiver.refused[0]?.head.length).toBeLessThanOrEqual(65_536);
    expect(most).toBeLessThanOrEqual(200_000);
    expect(receiver.received).toEqual([]);
  });

  it('answers the good frames before one that is too large first', async () => {
    const { receiver, connect } = await listen({ maxSize: 10 });
    receiver.onRefuse = () => receipt('AR');
    const sender = await connect();
    sender.socket.write(frames('good', 'x'.repeat(50)));
    expect(await sender.answered(2)).toEqual(['ack good', 'AR']);
  });

  it('gives half a frame and silence no answer, keeps its head, and closes', async () => {
    const { receiver, connect } = await listen({ frameTimeout: 80 });
    const sender = await connect();
    sender.socket.write(Buffer.concat([frames('whole'), Buffer.from('\x0bMSH|^~\\&|half')]));
    await until('closed', () => sender.ended);
    expect(sender.answers).toEqual(['ack whole']);
    expect(receiver.texts).toEqual(['whole']);
    expect(receiver.refused).toHaveLength(1);
    expect(receiver.refused[0]).toMatchObject({ reason: 'incomplete-frame' });
    expect(receiver.refused[0]?.head.toString()).toBe('MSH|^~\\&|half');
  });

  it.each([
    ['ended', (sender: Sender) => sender.socket.end()],
    ['reset', (sender: Sender) => sender.socket.resetAndDestroy()],
  ])('keeps half a frame whose connection was %s', async (_how, finish) => {
    const { receiver, connect } = await listen();
    const sender = await connect(true);
    sender.socket.write('\x0bMSH|half');
    await sleep(30);
    finish(sender);
    await until('refused', () => receiver.refused.length === 1);
    expect(receiver.refused[0]).toMatchObject({ reason: 'incomplete-frame' });
    expect(sender.answers).toEqual([]);
  });

  it('cuts off a sender that drips a byte at a time', async () => {
    const { receiver, connect } = await listen({ frameTimeout: 150 });
    const sender = await connect();
    sender.socket.write('\x0bM');
    while (!sender.ended && !sender.closed) {
      sender.socket.write('x');
      await sleep(20);
    }
    expect(receiver.refused[0]).toMatchObject({ reason: 'incomplete-frame' });
  });

  it('counts junk between frames and goes on; a peer of nothing but junk is closed', async () => {
    const { notebook, connect } = await listen();
    const sender = await connect();
    sender.socket.write(Buffer.concat([Buffer.from('GET / HTTP/1.1'), frames('m')]));
    expect(await sender.answered(1)).toEqual(['ack m']);
    expect(notebook.counts.get('source_junk_bytes')).toBe(14);
    sender.socket.write(Buffer.alloc(100_000, 'j'));
    await until('closed', () => sender.ended);
    expect(notebook.counts.get('source_connections_ended{reason=junk}')).toBe(1);
  });
});

describe('MLLP source: the store', () => {
  it('closes without any answer when a message was not taken, after the answers due before it', async () => {
    const { receiver, notebook, connect } = await listen();
    const gate = new Gate();
    receiver.onReceive = async (incoming) => {
      const text = incoming.bytes.toString();
      if (text === 'first') await gate.opened;
      if (text === 'second') throw new Error('no store');
      return receipt(`ack ${text}`);
    };
    const sender = await connect();
    sender.socket.write(frames('first', 'second', 'third'));
    await until('all in hand', () => receiver.received.length === 3);
    gate.open();
    await until('closed', () => sender.ended);
    expect(sender.answers).toEqual(['ack first']);
    expect(notebook.warnings.map((warning) => warning.name)).toEqual(['source.store-unavailable']);
  });

  it('says that the store is away once, and that it is back', async () => {
    const { receiver, notebook, connect } = await listen();
    receiver.onReceive = () => Promise.reject(new Error('no store'));
    for (let i = 0; i < 5; i += 1) {
      const sender = await connect();
      sender.send('m');
      await until('closed', () => sender.ended);
    }
    receiver.onReceive = () => receipt('ack');
    const sender = await connect();
    sender.send('m');
    await sender.answered(1);
    expect(notebook.warnings).toHaveLength(1);
    expect(notebook.events.map((event) => event.name)).toContain('source.store-unavailable.cleared');
  });
});

describe('MLLP source: back-pressure', () => {
  it('has no more frames in hand than allowed, and stops reading meanwhile', async () => {
    const { source, receiver, connect } = await listen({ inFlight: 4 });
    const gate = new Gate();
    receiver.onReceive = async () => {
      await gate.opened;
      return receipt('ack');
    };
    const sender = await connect();
    const body = 'x'.repeat(1_000);
    const total = 20_000;
    for (let i = 0; i < total; i += 1) sender.send(body);
    await until('in hand', () => receiver.received.length === 4);
    await sleep(100);
    expect(receiver.received).toHaveLength(4);
    // Of 20 MB, no more was read than one chunk of the socket holds.
    expect(source.held).toBeLessThan(200_000);
    gate.open();
    await sender.answered(total);
    expect(receiver.mostInHand).toBe(4);
    expect(source.held).toBe(0);
  });

  it('lets go of what it held of a connection that was reset with frames waiting', async () => {
    const { source, receiver, notebook, connect } = await listen({ inFlight: 2 });
    const gate = new Gate();
    receiver.onReceive = async () => {
      await gate.opened;
      return receipt('ack');
    };
    const sender = await connect();
    sender.socket.write(frames(...Array.from({ length: 20 }, () => 'x'.repeat(500))));
    await until('in hand', () => receiver.received.length === 2 && source.held === 10_000);
    sender.socket.resetAndDestroy();
    await until('only what is in hand', () => source.held === 1_000);
    gate.open();
    await until('gone', () => notebook.gauges.get('source_connections') === 0);
    expect(source.held).toBe(0);
    // What had not been begun has no answer, so its sender sends it again.
    expect(receiver.received).toHaveLength(2);
  });

  it('closes a peer that never reads its answers, and reads no more from it meanwhile', async () => {
    const { receiver, notebook, connect } = await listen({ frameTimeout: 200 });
    receiver.onReceive = () => receipt(Buffer.alloc(200_000, 'a'));
    const sender = await connect();
    sender.socket.pause();
    for (let i = 0; i < 2_000; i += 1) sender.send('m');
    await until('cut off', () => notebook.counts.get('source_connections_ended{reason=slow-receiver}') === 1);
    expect(receiver.received.length).toBeLessThan(2_000);
  });

  it('never lets half frames of many connections block each other', async () => {
    const { source, receiver, connect } = await listen({ maxHeld: 150_000, inFlight: 2 });
    const senders = await Promise.all(Array.from({ length: 8 }, () => connect()));
    const whole = frames('y'.repeat(60_000));
    let most = 0;
    for (const sender of senders) sender.socket.write(whole.subarray(0, 40_000));
    await until('limit reached', () => source.held >= 150_000);
    for (const sender of senders) sender.socket.write(whole.subarray(40_000));
    await until('all answered', () => {
      most = Math.max(most, source.held);
      return senders.every((sender) => sender.answers.length === 1);
    });
    expect(receiver.received).toHaveLength(8);
    expect(most).toBeLessThan(8 * 60_000);
    expect(source.held).toBe(0);
  });
});

describe('MLLP source: connections', () => {
  it('closes an idle connection, and not one that is waiting for its answer', async () => {
    const { receiver, notebook, connect } = await listen({ idle: 120 });
    const gate = new Gate<Receipt>();
    receiver.onReceive = () => gate.opened;
    const [idle, busy] = [await connect(), await connect()];
    busy.send('m');
    await until('idle closed', () => idle.ended);
    expect(busy.ended).toBe(false);
    gate.open(receipt('ack'));
    expect(await busy.answered(1)).toEqual(['ack']);
    expect(notebook.counts.get('source_connections_ended{reason=idle}')).toBe(1);
  });

  it('closes connections over the limit at once and counts them; those within it go on', async () => {
    const { notebook, connect } = await listen({ maxConnections: 2 });
    const [one, two] = [await connect(), await connect()];
    const three = await connect();
    await until('third closed', () => three.closed);
    for (const sender of [one, two]) {
      sender.send('m');
      await sender.answered(1);
    }
    expect(notebook.counts.get('source_connections_ended{reason=too-many}')).toBe(1);
    one.socket.destroy();
    await until('place free', () => notebook.gauges.get('source_connections') === 1);
    const four = await connect();
    four.send('m');
    await four.answered(1);
  });

  it('serves its senders beside 5,000 idle connections, at no more than a fraction of cost more', async () => {
    const { connect } = await listen({ maxConnections: 6_000 });
    const sender = await connect();
    let answered = 0;
    const cost = async (messages: number): Promise<number> => {
      const before = process.cpuUsage();
      for (let i = 0; i < messages; i += 1) {
        sender.send('m');
        answered += 1;
        while (sender.answers.length < answered) await once(sender.socket, 'data');
      }
      const used = process.cpuUsage(before);
      return used.user + used.system;
    };
    await cost(500);
    const alone = await cost(1_000);
    for (let at = 0; at < 5_000; at += 250) await Promise.all(Array.from({ length: 250 }, () => connect()));
    await cost(100);
    const beside = await cost(1_000);
    // CPU of both sides, so a busy machine does not matter; without care each message would pay for every connection.
    expect(beside / alone).toBeLessThan(5);
  });

  it('says plainly that the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    stops.push(async () => void other.close());
    await once(other, 'listening');
    const taken = other.address();
    const port = taken !== null && typeof taken === 'object' ? taken.port : 0;
    const source = new MllpSource(sourceName('prison-adt'), { host: '127.0.0.1', port }, new ScriptedReceiver(), silent);
    await expect(source.start()).rejects.toThrow(
      `source prison-adt: cannot listen on 127.0.0.1:${port}: another program listens there already`,
    );
  });
});

describe('MLLP source: stopping', () => {
  it('takes no new connection, finishes what is in hand, lets the answer leave, then closes', async () => {
    const { source, receiver, connect } = await listen();
    const gate = new Gate<Receipt>();
    receiver.onReceive = () => gate.opened;
    const sender = await connect();
    sender.send('m');
    await until('in hand', () => receiver.received.length === 1);
    let stopped = false;
    const stopping = source.stop(AbortSignal.timeout(20_000)).then(() => {
      stopped = true;
    });
    await expect(Sender.connect(source.address)).rejects.toThrow('ECONNREFUSED');
    sender.send('after the stop');
    await sleep(30);
    expect(stopped).toBe(false);
    gate.open(receipt('ack m'));
    expect(await sender.answered(1)).toEqual(['ack m']);
    await stopping;
    // Read by nobody, so its sender sends it again.
    expect(receiver.texts).toEqual(['m']);
  });

  it('does not wait beyond its deadline', async () => {
    const { source, receiver, connect } = await listen();
    receiver.onReceive = () => new Promise(() => {});
    const sender = await connect();
    sender.send('m');
    await until('in hand', () => receiver.received.length === 1);
    await source.stop(AbortSignal.timeout(50));
    await until('closed', () => sender.closed);
    expect(sender.answers).toEqual([]);
  });

  it('does not call a frame cut off by its own stop a fault of the sender', async () => {
    const { source, receiver, connect } = await listen();
    const sender = await connect();
    sender.socket.write('\x0bMSH|half');
    await sleep(30);
    await source.stop(AbortSignal.timeout(5_000));
    expect(receiver.refused).toEqual([]);
    expect(portOf(source.address)).toBeGreaterThan(0);
  });
});
