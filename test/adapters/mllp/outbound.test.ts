import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { type LateAnswer, MllpDestination, type MllpDestinationSettings } from '../../../adapters/mllp/outbound.ts';
import { encodeFrame } from '../../../formats/mllp/frame.ts';
import { delivery, destinationName, message, noDeadline } from '../support/deliveries.ts';
import { Notebook } from '../support/notebook.ts';
import { ack, ackText, controlIdOf, MockReceiver } from '../support/peers.ts';
import { Gate, until } from '../support/waiting.ts';

/**
 * One test for each behaviour of node-hl7-client's connection that a destination may not have: the rows of the table of measured
 * defects (docs/decisions/0001-mllp-destination.md), in its order.
 */
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const open = async (settings: Partial<MllpDestinationSettings> = {}, receiver = new MockReceiver()) => {
  const port = settings.port ?? (await receiver.listen());
  const notebook = new Notebook();
  const late: LateAnswer[] = [];
  const destination = new MllpDestination(
    destinationName('leeds-clinical'),
    { host: '127.0.0.1', timeout: 5_000, connectTimeout: 2_000, ...settings, port },
    notebook,
    (answer) => late.push(answer),
  );
  stops.push(async () => {
    await receiver.close();
    await destination.close();
  });
  return { destination, receiver, notebook, late };
};

const DELIVERED = { outcome: 'delivered', confirmed: true, receiptCode: 'AA' };

describe('MLLP destination: acknowledgements', () => {
  it('takes an acknowledgement split anywhere, also between 0x1C and 0x0D', async () => {
    const { destination, receiver } = await open();
    let cut = 1;
    receiver.onMessage = ({ socket, bytes }) => {
      const answer = ack('AA', controlIdOf(bytes));
      const at = cut;
      socket.write(answer.subarray(0, at));
      setTimeout(() => socket.write(answer.subarray(at)), 4);
    };
    const size = ack('AA', 'TC0000000000').length;
    for (const place of [1, 2, 20, size - 3, size - 2, size - 1]) {
      cut = place;
      expect(await destination.send(delivery(), noDeadline())).toMatchObject(DELIVERED);
    }
    expect(receiver.connections).toBe(1);
  });

  it('counts the first of two acknowledgements in one packet, and lets the second answer nothing', async () => {
    const { destination, receiver, notebook } = await open();
    receiver.onMessage = ({ socket, bytes }) => {
      const id = controlIdOf(bytes);
      socket.write(Buffer.concat([ack('AA', id), ack('AA', id)]));
    };
    expect(await destination.send(delivery(), noDeadline())).toMatchObject(DELIVERED);
    expect(await destination.send(delivery(), noDeadline())).toMatchObject(DELIVERED);
    // The connection that said too much was not used again.
    expect(receiver.connections).toBe(2);
    expect(notebook.counts.get('destination_connections_dropped{reason=unasked-answer}')).toBe(2);
  });

  it('takes one acknowledgement and waits for the rest of the next, which comes in a later packet', async () => {
    const { destination, receiver, late } = await open();
    receiver.onMessage = ({ socket, bytes }) => {
      const id = controlIdOf(bytes);
      const second = ack('AA', id);
      socket.write(Buffer.concat([ack('CA', id), second.subarray(0, 30)]));
      setTimeout(() => socket.write(second.subarray(30)), 20);
    };
    const sent = delivery();
    expect(await destination.send(sent, noDeadline())).toMatchObject({ outcome: 'delivered', confirmed: false, receiptCode: 'CA' });
    await until('the whole second answer', () => late.length === 1);
    expect(late[0]).toMatchObject({ delivery: sent.id, code: 'AA' });
    expect(late[0]?.reply.toString()).toBe(ackText('AA', sent.transportKey));
  });

  it.each([
    ['AE', 'answer-error'],
    ['CE', 'answer-error'],
    ['AR', 'answer-reject'],
    ['CR', 'answer-reject'],
  ])('makes %s a permanent %s of this message, and keeps the connection', async (code, fault) => {
    const { destination, receiver } = await open();
    receiver.onMessage = ({ socket, bytes }) => void socket.write(ack(code, controlIdOf(bytes)));
    const result = await destination.send(delivery(), noDeadline());
    expect(result).toMatchObject({ outcome: 'permanent', code: fault, sentBytes: true, transport: false, receiptCode: code });
    await destination.send(delivery(), noDeadline());
    expect(receiver.connections).toBe(1);
  });

  it.each(['AE', 'CE'])('tries again on %s where the destination says so', async (code) => {
    const { destination, receiver } = await open({ onError: 'retry' });
    receiver.onMessage = ({ socket, bytes }) => void socket.write(ack(code, controlIdOf(bytes)));
    expect(await destination.send(delivery(), noDeadline())).toMatchObject({ outcome: 'transient', code: 'answer-busy', transport: false });
    receiver.onMessage = ({ socket, bytes }) => void socket.write(ack('AR', controlIdOf(bytes)));
    expect(await destination.send(delivery(), noDeadline())).toMatchObject({ outcome: 'permanent', code: 'answer-reject' });
  });

  it('takes CA as handed over, and the AA that follows as no answer to the next message', async () => {
    const { destination, receiver, notebook, late } = await open();
    receiver.onMessage = ({ socket, bytes }) => {
      const id = controlIdOf(bytes);
      socket.write(ack('CA', id));
      setTimeout(() => socket.write(ack('AA', id)), 30);
    };
    for (let i = 0; i < 3; i += 1)
      expect(await destination.send(delivery(), noDeadline())).toMatchObject({ outcome: 'delivered', confirmed: false, receiptCode: 'CA' });
    await until('three late answers', () => late.length === 3);
    expect(receiver.connections).toBe(1);
    expect(notebook.counts.get('destination_late_answers{code=AA}')).toBe(3);
  });

  it('says so when a receiver that had answered CA refuses the message later', async () => {
    const { destination, receiver, notebook, late } = await open();
    receiver.onMessage = ({ socket, bytes }) =>
      void socket.write(Buffer.concat([ack('CA', controlIdOf(bytes)), ack('AE', controlIdOf(bytes))]));
    const sent = delivery();
    await destination.send(sent, noDeadline());
    await until('late refusal', () => late.length === 1);
    expect(notebook.warnings).toEqual([
      { name: 'destination.late-refusal', facts: { destination: 'leeds-clinical', id: sent.id, code: 'AE' } },
    ]);
  });

  it('never takes an acknowledgement of another message for this one', async () => {
    const { destination, receiver } = await open();
    receiver.onMessage = ({ socket }) => void socket.write(ack('AA', 'SOMETHING-ELSE'));
    expect(await destination.send(delivery(), noDeadline())).toMatchObject({
      outcome: 'ambiguous',
      code: 'answer-mismatch',
      sentBytes: true,
      transport: true,
    });
    receiver.onMessage = ({ socket }) => void socket.write(ack('AA', ''));
    expect(await destination.send(delivery(), noDeadline())).toMatchObject({ code: 'answer-mismatch' });
    expect(receiver.connections).toBe(2);
  });

  it('gives up a connection on which the receiver speaks unasked', async () => {
    const { destination, receiver, notebook } = await open();
    const first = delivery({ key: 'TC1' });
    await destination.send(first, noDeadline());
    // An answer to the message that is to come, before it was sent: it must not count.
    receiver.sockets[0]?.write(ack('AA', 'TC2'));
    await until('dropped', () => notebook.counts.get('destination_connections_dropped{reason=unasked-answer}') === 1);
    receiver.onMessage = ({ socket, bytes }) => void socket.write(ack('AR', controlIdOf(bytes)));
    expect(await destination.send(delivery({ key: 'TC2' }), noDeadline())).toMatchObject({ code: 'answer-reject' });
  });

  it.each([
    ['text that is not HL7', encodeFrame(Buffer.from('OK'))],
    ['an HL7 message without MSA', encodeFrame(Buffer.from('MSH|^~\\&|R|RF|S|SF|20260302||ADT^A01|1|P|2.4\r'))],
    ['an unknown code', ack('ZZ', 'TC1')],
    ['an empty frame', Buffer.from([0x0b, 0x1c, 0x0d])],
    ['a commit block of MLLP release 2', Buffer.from([0x0b, 0x06, 0x1c, 0x0d])],
    ['binary', encodeFrame(Buffer.from([0, 255, 128, 7, 77, 83, 72]))],
  ])('believes nothing in an answer that is %s, and gives the connection up', async (_what, answer) => {
    const { destination, receiver } = await open();
    receiver.onMessage = ({ socket }) => void socket.write(answer);
    const sent = await destination.send(delivery({ key: 'TC1' }), noDeadline());
    expect(sent).toMatchObject({ outcome: 'ambiguous', code: 'answer-unreadable', sentBytes: true, transport: true });
    receiver.onMessage = ({ socket, bytes }) => void socket.write(ack('AA', controlIdOf(bytes)));
    expect(await destination.send(delivery({ key: 'TC1' }), noDeadline())).toMatchObject(DELIVERED);
    expect(receiver.connections).toBe(2);
  });

  it('tells an answer without a frame from no answer', async () => {
    const { destination, receiver } = await open({ timeout: 60 });
    receiver.onMessage = ({ socket, bytes }) => void socket.write(ackText('AA', controlIdOf(bytes)));
    expect(await destination.send(delivery(), noDeadline())).toMatchObject({ outcome: 'ambiguous', code: 'answer-unreadable' });
  });

  it('takes the answers of receivers with other separators, line ends, marks and blank lines', async () => {
    const { destination, receiver } = await open();
    const dialects = [
      (id: string) => `MSH#*%!$#R#RF#S#SF#20260302##ACK#1#P#2.4\rMSA#AA#${id}\r`,
      (id: string) => `MSH|^~\\&|R|RF|S|SF|20260302||ACK|1|P|2.4\r\nMSA|AA|${id}\r\n`,
      (id: string) => `MSH|^~\\&|R|RF|S|SF|20260302||ACK|1|P|2.4\n\nMSA|AA|${id}|fine\n`,
      (id: string) => `\ufeffMSH|^~\\&|R|RF|S|SF|20260302||ACK|1|P|2.4|||||||UNICODE UTF-8\rSFT|x\rMSA|AA|${id}|é\r`,
    ];
    for (const dialect of dialects) {
      receiver.onMessage = ({ socket, bytes }) => void socket.write(encodeFrame(Buffer.from(dialect(controlIdOf(bytes)))));
      expect(await destination.send(delivery(), noDeadline())).toMatchObject(DELIVERED);
    }
    expect(receiver.connections).toBe(1);
  });

  it('comes to a result, and to a positive one only on an acknowledgement of this message, whatever is answered', async () => {
    const { destination, receiver } = await open({ timeout: 40 });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), fc.boolean(), async (noise, framed) => {
        const answer = framed ? encodeFrame(Buffer.from(noise)) : Buffer.from(noise);
        receiver.onMessage = ({ socket }) => void socket.write(answer);
        const result = await destination.send(delivery({ key: 'TC1' }), noDeadline());
        expect(result.outcome).toBe('ambiguous');
      }),
      { numRuns: 30 },
    );
  });
});

describe('MLLP destination: one in flight, none queued', () => {
  it('sends the second message only after the first is answered', async () => {
    const { destination, receiver } = await open();
    const gates: Gate[] = [];
    receiver.onMessage = ({ socket, bytes }) => {
      const gate = new Gate();
      gates.push(gate);
      void gate.opened.then(() => socket.write(ack('AA', controlIdOf(bytes))));
    };
    const results = ['TC1', 'TC2', 'TC3'].map((key) => destination.send(delivery({ key }), noDeadline()));
    for (let n = 1; n <= 3; n += 1) {
      await until(`message ${n}`, () => gates.length === n);
      await sleep(15);
      expect(receiver.ids).toHaveLength(n);
      gates[n - 1]?.open();
    }
    for (const result of await Promise.all(results)) expect(result).toMatchObject(DELIVERED);
    expect(receiver.ids).toEqual(['TC1', 'TC2', 'TC3']);
    expect(receiver.connections).toBe(1);
  });

  it('ends an attempt without answer after its time, and sends the next on a new connection', async () => {
    const { destination, receiver } = await open({ timeout: 50 });
    receiver.onMessage = () => {};
    expect(await destination.send(delivery(), noDeadline())).toMatchObject({
      outcome: 'ambiguous',
      code: 'answer-timeout',
      sentBytes: true,
      transport: true,
    });
    receiver.onMessage = ({ socket, bytes }) => void socket.write(ack('AA', controlIdOf(bytes)));
    expect(await destination.send(delivery(), noDeadline())).toMatchObject(DELIVERED);
    expect(receiver.connections).toBe(2);
  });

  it('never lets the late answer to one message meet the next', async () => {
    const { destination, receiver } = await open({ timeout: 50 });
    receiver.onMessage = ({ socket, bytes }) => {
      // The answer to the first comes when the second, sent again under the same key, is on the wire.
      setTimeout(() => socket.write(ack('AA', controlIdOf(bytes))), 80);
    };
    const first = delivery({ key: 'TC1' });
    expect(await destination.send(first, noDeadline())).toMatchObject({ code: 'answer-timeout' });
    receiver.onMessage = () => {};
    expect(await destination.send(delivery({ key: 'TC1' }), noDeadline())).toMatchObject({ code: 'answer-timeout' });
  });

  it('calls a drop between message and answer unknown, and sends the next on a new connection', async () => {
    const { destination, receiver } = await open();
    for (const drop of ['end', 'resetAndDestroy'] as const) {
      receiver.onMessage = ({ socket }) => void socket[drop]();
      expect(await destination.send(delivery(), noDeadline())).toMatchObject({
        outcome: 'ambiguous',
        code: 'connection-lost',
        sentBytes: true,
        transport: true,
      });
    }
    receiver.onMessage = ({ socket, bytes }) => void socket.write(ack('AA', controlIdOf(bytes)));
    expect(await destination.send(delivery(), noDeadline())).toMatchObject(DELIVERED);
    expect(receiver.connections).toBe(3);
  });

  it('never writes to a connection that the receiver closed while it was unused', async () => {
    const { destination, receiver } = await open();
    for (let i = 0; i < 5; i += 1) {
      expect(await destination.send(delivery(), noDeadline())).toMatchObject(DELIVERED);
      const socket = receiver.sockets.at(-1);
      socket?.end();
      if (socket !== undefined && !socket.closed) await once(socket, 'close');
    }
    expect(receiver.heard).toHaveLength(5);
    expect(receiver.connections).toBe(5);
  });

  it('keeps nothing for a receiver that is away: the caller has every message back, and none is sent later', async () => {
    const gone = new MockReceiver();
    const port = await gone.listen();
    await gone.close();
    const receiver = new MockReceiver();
    const { destination, notebook } = await open({ port }, receiver);
    for (let i = 0; i < 4; i += 1)
      expect(await destination.send(delivery(), noDeadline())).toMatchObject({
        outcome: 'transient',
        code: 'connection-refused',
        sentBytes: false,
        transport: true,
      });
    // Told once, not at every attempt.
    expect(notebook.warnings).toEqual([
      { name: 'destination.unreachable', facts: { destination: 'leeds-clinical', code: 'connection-refused', cause: 'ECONNREFUSED' } },
    ]);
    await receiver.listen(port);
    await sleep(60);
    expect(receiver.connections).toBe(0);
    expect(await destination.send(delivery({ key: 'TC9' }), noDeadline())).toMatchObject(DELIVERED);
    expect(receiver.ids).toEqual(['TC9']);
    expect(notebook.events.map((event) => event.name)).toEqual(['destination.unreachable.cleared']);
  });

  it('keeps a healthy connection beyond its connect time', async () => {
    const { destination, receiver } = await open({ connectTimeout: 60 });
    for (let i = 0; i < 4; i += 1) {
      expect(await destination.send(delivery(), noDeadline())).toMatchObject(DELIVERED);
      await sleep(50);
    }
    expect(receiver.connections).toBe(1);
  });

  it('ends an attempt at its deadline, destroys the connection, and has sent nothing it denies', async () => {
    const { destination, receiver } = await open();
    receiver.onMessage = () => {};
    const result = await destination.send(delivery(), AbortSignal.timeout(50));
    expect(result).toMatchObject({ outcome: 'ambiguous', code: 'answer-timeout', sentBytes: true });
    await until('closed', () => receiver.sockets[0]?.closed === true);
    expect(await destination.send(delivery(), AbortSignal.abort())).toMatchObject({ outcome: 'transient', sentBytes: false });
    expect(receiver.heard).toHaveLength(1);
  });

  it('gives a message back unsent whose turn does not come before its deadline', async () => {
    const { destination, receiver } = await open();
    const gate = new Gate();
    receiver.onMessage = ({ socket, bytes }) => void gate.opened.then(() => socket.write(ack('AA', controlIdOf(bytes))));
    const first = destination.send(delivery({ key: 'TC1' }), noDeadline());
    expect(await destination.send(delivery({ key: 'TC2' }), AbortSignal.timeout(40))).toEqual({
      outcome: 'transient',
      code: 'send-failed',
      sentBytes: false,
      transport: false,
    });
    gate.open();
    expect(await first).toMatchObject(DELIVERED);
    expect(receiver.ids).toEqual(['TC1']);
  });

  it('waits for the answer on the line when it is closed, and takes no new work', async () => {
    const { destination, receiver } = await open();
    const gate = new Gate();
    receiver.onMessage = ({ socket, bytes }) => void gate.opened.then(() => socket.write(ack('AA', controlIdOf(bytes))));
    const sending = destination.send(delivery(), noDeadline());
    await until('on the line', () => receiver.heard.length === 1);
    const closing = destination.close();
    expect(await destination.send(delivery(), noDeadline())).toMatchObject({ outcome: 'transient', sentBytes: false });
    gate.open();
    expect(await sending).toMatchObject(DELIVERED);
    await closing;
    await until('closed', () => receiver.sockets[0]?.closed === true);
  });

  it('closes a connection that is not used, and opens it again when needed', async () => {
    const { destination, receiver } = await open({ idle: 40 });
    await destination.send(delivery(), noDeadline());
    await until('closed', () => receiver.sockets[0]?.closed === true);
    expect(await destination.send(delivery(), noDeadline())).toMatchObject(DELIVERED);
    expect(receiver.connections).toBe(2);
  });
});

describe('MLLP destination: what is sent', () => {
  it('sends the payload byte for byte, whatever its character set, line ends and blanks', async () => {
    const { destination, receiver } = await open();
    const payloads = [
      Buffer.from(`${message('TC1').slice(0, -1)}  \r`, 'latin1'),
      Buffer.from(message('TC2', { text: 'Zoë Müller €' }), 'utf8'),
      Buffer.from(message('TC3', { text: 'Zo\xeb M\xfcller' }), 'latin1'),
      Buffer.from(message('TC4', { version: '2.9' }).replaceAll('\r', '\r\n')),
    ];
    for (const bytes of payloads) expect(await destination.send(delivery({ bytes }), noDeadline())).toMatchObject(DELIVERED);
    expect(receiver.heard.map((heard) => heard.bytes)).toEqual(payloads);
  });

  it('hands back the receiver’s own bytes', async () => {
    const { destination, receiver } = await open();
    const answer = (id: string) => Buffer.from(`${ackText('AE', id)}ERR|||207|E||||na\xefve\r`, 'latin1');
    receiver.onMessage = ({ socket, bytes }) => void socket.write(encodeFrame(answer(controlIdOf(bytes))));
    const sent = delivery();
    expect(await destination.send(sent, noDeadline())).toMatchObject({ reply: answer(sent.transportKey) });
  });

  it('streams a payload of 10 MB no faster than it is read', async () => {
    const { destination, receiver } = await open();
    const piece = Buffer.alloc(65_536, 'A');
    let asked = 0;
    const head = Buffer.from(message('TC10'));
    const pieces = async function* () {
      // The header in two pieces: the control id is in the second.
      yield head.subarray(0, 30);
      yield head.subarray(30);
      for (; asked < 160; asked += 1) yield piece;
    };
    receiver.onConnect = (socket) => {
      socket.pause();
      setTimeout(() => {
        expect(asked).toBeLessThan(160);
        socket.resume();
      }, 100);
    };
    const size = head.length + 160 * piece.length;
    expect(await destination.send(delivery({ key: 'TC10', pieces, size }), noDeadline())).toMatchObject(DELIVERED);
    expect(receiver.heard[0]?.bytes).toHaveLength(size);
    expect(receiver.heard[0]?.bytes.subarray(0, head.length)).toEqual(head);
  });

  it('never closes the frame of a payload that was cut short', async () => {
    const { destination, receiver } = await open();
    const failing = async function* () {
      yield Buffer.from(message('TC1'));
      throw new Error('the store is away');
    };
    const short = { outcome: 'ambiguous', code: 'connection-lost', sentBytes: true, transport: false };
    expect(await destination.send(delivery({ key: 'TC1', pieces: failing, size: 5_000 }), noDeadline())).toMatchObject(short);
    expect(
      await destination.send(delivery({ key: 'TC2', pieces: [Buffer.from(message('TC2'))], size: 5_000 }), noDeadline()),
    ).toMatchObject(short);
    await until('closed', () => receiver.sockets.every((socket) => socket.closed));
    expect(receiver.heard).toEqual([]);
  });

  it.each([
    ['AR', { outcome: 'permanent', code: 'answer-reject', sentBytes: true }],
    ['AA', { outcome: 'ambiguous', code: 'answer-unreadable', sentBytes: true }],
  ])('weighs an %s that comes before the message is whole', async (code, expected) => {
    const { destination, receiver } = await open();
    const pieces = async function* () {
      yield Buffer.from(message('TC1'));
      await until('its beginning there', () => receiver.bytes > 0);
      receiver.sockets[0]?.write(ack(code, 'TC1'));
      await sleep(30);
      yield Buffer.from('NTE|2||more\r');
    };
    expect(await destination.send(delivery({ key: 'TC1', pieces, size: 1_000 }), noDeadline())).toMatchObject(expected);
    // Half a frame lies on it: it is of no more use.
    await until('closed', () => receiver.sockets[0]?.closed === true);
    expect(receiver.heard).toEqual([]);
  });

  it('sends nothing when the payload cannot be read at all', async () => {
    const { destination, receiver } = await open();
    // biome-ignore lint/correctness/useYield: it fails before it can.
    const failing = async function* (): AsyncGenerator<Buffer> {
      throw new Error('the store is away');
    };
    expect(await destination.send(delivery({ pieces: failing, size: 10 }), noDeadline())).toMatchObject({
      outcome: 'transient',
      sentBytes: false,
      transport: false,
    });
    expect(receiver.connections).toBe(0);
  });

  it.each([
    ['the end of a frame', 'a\x1c\rb'],
    ['the beginning of a frame', 'a\x0bb'],
  ])('never sends a payload that holds %s', async (_what, text) => {
    const { destination, receiver } = await open();
    const bytes = Buffer.from(message('TC1', { text }));
    expect(await destination.send(delivery({ bytes }), noDeadline())).toMatchObject({
      outcome: 'permanent',
      code: 'reserved-bytes',
      sentBytes: false,
    });
    expect(receiver.bytes).toBe(0);
    const pieces = [Buffer.from(message('TC2')), Buffer.from(text)];
    expect(await destination.send(delivery({ pieces }), noDeadline())).toMatchObject({
      outcome: 'permanent',
      code: 'reserved-bytes',
      sentBytes: true,
    });
    await until('closed', () => receiver.sockets[0]?.closed === true);
    expect(receiver.heard).toEqual([]);
  });

  it.each([
    ['no HL7', Buffer.from('hello'), 'not-hl7'],
    ['no control id', Buffer.from(message('')), 'no-control-id'],
  ])('never sends what has %s', async (_what, bytes, code) => {
    const { destination, receiver } = await open();
    expect(await destination.send(delivery({ bytes }), noDeadline())).toMatchObject({ outcome: 'permanent', code, sentBytes: false });
    expect(receiver.connections).toBe(0);
  });

  it('does not wait for an answer that the message says it does not want', async () => {
    const { destination, receiver } = await open();
    receiver.onMessage = () => {};
    const bytes = Buffer.from(message('TC1', { acceptAck: 'NE', applicationAck: 'NE' }));
    const quiet = { outcome: 'delivered', confirmed: false, receiptCode: 'no-answer-asked' };
    expect(await destination.send(delivery({ bytes }), noDeadline())).toMatchObject(quiet);
    expect(await destination.send(delivery({ bytes }), noDeadline())).toMatchObject(quiet);
    await until('both there', () => receiver.heard.length === 2);
    expect(receiver.connections).toBe(1);
  });

  it('takes silence as well where only failures are to be answered, and a failure as one', async () => {
    const { destination, receiver } = await open({ timeout: 50 });
    const bytes = Buffer.from(message('TC1', { acceptAck: 'ER', applicationAck: 'NE' }));
    receiver.onMessage = () => {};
    expect(await destination.send(delivery({ bytes }), noDeadline())).toMatchObject({ outcome: 'delivered', confirmed: false });
    receiver.onMessage = ({ socket }) => void socket.write(ack('CE', 'TC1'));
    expect(await destination.send(delivery({ bytes }), noDeadline())).toMatchObject({ outcome: 'permanent', code: 'answer-error' });
  });
});

describe('MLLP destination: connections', () => {
  it('gives each lane its own connection', async () => {
    const { destination, receiver } = await open({ connections: 3 });
    for (let round = 0; round < 2; round += 1)
      for (const lane of [3, 4, 5]) await destination.send(delivery({ lane, key: `L${lane}` }), noDeadline());
    const byConnection = new Map<number, Set<string>>();
    for (const heard of receiver.heard)
      byConnection.set(heard.connection, (byConnection.get(heard.connection) ?? new Set()).add(controlIdOf(heard.bytes)));
    expect([...byConnection.values()].map((keys) => [...keys])).toEqual([['L3'], ['L4'], ['L5']]);
  });

  it('opens no connection before it is needed', async () => {
    const { destination, receiver } = await open({ connections: 4 });
    await sleep(20);
    expect(receiver.connections).toBe(0);
    await destination.send(delivery({ lane: 8 }), noDeadline());
    expect(receiver.connections).toBe(1);
  });

  it('lets one slow patient stall no other, not even one of the same connection', async () => {
    const { destination, receiver } = await open({ connections: 2 });
    const gate = new Gate();
    receiver.onMessage = ({ socket, bytes }) => {
      const id = controlIdOf(bytes);
      if (id === 'SLOW') void gate.opened.then(() => socket.write(ack('AA', id)));
      else socket.write(ack('AA', id));
    };
    const slow = destination.send(delivery({ lane: 2, key: 'SLOW' }), noDeadline());
    await until('slow one there', () => receiver.ids.includes('SLOW'));
    for (const lane of [4, 5, 6, 7]) expect(await destination.send(delivery({ lane }), noDeadline())).toMatchObject(DELIVERED);
    gate.open();
    expect(await slow).toMatchObject(DELIVERED);
  });

  it('keeps a lane to its connection where the receiver works on after CA', async () => {
    const { destination, receiver } = await open({ connections: 2 });
    receiver.onMessage = ({ socket, bytes }) => void socket.write(ack('CA', controlIdOf(bytes)));
    await destination.send(delivery({ lane: 2, key: 'A' }), noDeadline());
    const gate = new Gate();
    receiver.onMessage = ({ socket, bytes }) => void gate.opened.then(() => socket.write(ack('CA', controlIdOf(bytes))));
    const first = destination.send(delivery({ lane: 2, key: 'B' }), noDeadline());
    const second = destination.send(delivery({ lane: 4, key: 'C' }), noDeadline());
    await until('first there', () => receiver.ids.includes('B'));
    await sleep(20);
    expect(receiver.ids).not.toContain('C');
    gate.open();
    await Promise.all([first, second]);
    expect(new Set(receiver.heard.map((heard) => heard.connection))).toEqual(new Set([1]));
  });

  it('cannot ask a receiver what became of a message, and says so', async () => {
    const { destination } = await open();
    expect(destination.dedupable).toBe(true);
    expect(await destination.resolve()).toEqual({ known: 'unknown' });
  });

  it('takes ports up to 65535', async () => {
    const receiver = new MockReceiver();
    for (let port = 65_535; port > 65_400; port -= 1) {
      try {
        await receiver.listen(port);
        break;
      } catch {
        // Taken; the next one.
      }
    }
    const { destination } = await open({ port: receiver.port }, receiver);
    expect(await destination.send(delivery(), noDeadline())).toMatchObject(DELIVERED);
  });
});
