import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AckCode } from '../../formats/hl7v2/acknowledgement.ts';
import { encodeFrame, FrameDecoder } from '../../formats/mllp/frame.ts';
import { ThroughcareError } from '../../records/faults.ts';
import type { DeliveryId } from '../../records/ids.ts';
import type { OutboundDelivery, SendResult } from '../../records/ports.ts';
import { errnoOf } from '../condition.ts';
import { type Answer, notSent, readAnswer, resultOf, unknown, unsendable } from './answer.ts';
import { type ConnectFailure, connect, type Endpoint } from './connect.ts';
import { type OutgoingHeader, outgoingHeader } from './outgoing-header.ts';
import { isReserved, OutgoingPayload } from './outgoing-payload.ts';

/** Limits of one line. Times in ms. */
export interface LineSettings {
  /** For the answer, from the last byte of the message. */
  readonly timeout: number;
  /** An unused connection is closed after this; 0 = never. */
  readonly idle: number;
  readonly onError: 'hold' | 'retry';
}

/** What a line tells its destination. */
export interface LineEvents {
  connected(): void;
  connectFailed(failure: ConnectFailure): void;
  /** A connection was given up, with the reason as a code. */
  dropped(reason: 'idle' | 'closed-by-receiver' | 'unasked-answer' | 'doubt'): void;
  junk(size: number): void;
  /** An application answer to a message that had its accept answer before (enhanced mode). */
  late(delivery: DeliveryId, code: AckCode, reply: Buffer): void;
}

/** How the waiting for one message ended. */
type Outcome =
  | { readonly kind: 'ack'; readonly code: AckCode; readonly frame: Buffer }
  | { readonly kind: 'unreadable' | 'mismatch'; readonly frame: Buffer }
  /** The connection went; `refused`: TLS says that it never let us in. */
  | { readonly kind: 'lost'; readonly refused: boolean }
  /** The time for an answer is over; where none was asked for, that is well. */
  | { readonly kind: 'silence' }
  | { readonly kind: 'deadline' | 'junk' | 'reserved-bytes' | 'payload-failed' };

interface Waiting {
  readonly controlId: string;
  readonly end: (outcome: Outcome) => void;
}

const NOTHING = Buffer.alloc(0);
const LARGEST_ANSWER = 1_048_576;
const MOST_JUNK = 1_024;
/** After this much rest (ms) the event loop is given one turn before a write, so that a close that has arrived is seen first. */
const RESTED = 20;
/** How long (ms) a receiver that answers failures only has to do so. */
const FAILURE_WINDOW = 1_000;
/** Messages with an accept answer whose application answer is still waited for. */
const MOST_LATE = 256;

/**
 * One connection to a receiver with at most one message on it. Whatever leaves room for doubt (silence, an answer to another
 * message, an answer that cannot be read, a drop) destroys the connection, so that a late answer can never meet a later message.
 * Nothing is kept here: a message lives with its caller until its result.
 */
export class Line {
  readonly #endpoint: () => Promise<Endpoint>;
  readonly #settings: LineSettings;
  readonly #events: LineEvents;
  #socket: Socket | null = null;
  #decoder = new FrameDecoder({ maxSize: LARGEST_ANSWER });
  /** The message on the line, until its outcome. */
  #waiting: Waiting | null = null;
  readonly #late = new Map<string, DeliveryId>();
  #idleTimer: NodeJS.Timeout | null = null;
  #restingSince = 0;

  constructor(endpoint: () => Promise<Endpoint>, settings: LineSettings, events: LineEvents) {
    this.#endpoint = endpoint;
    this.#settings = settings;
    this.#events = events;
  }

  /** Sends one message and waits for its answer. The caller sees to it that there is one at a time. Never rejects. */
  async send(delivery: OutboundDelivery, deadline: AbortSignal): Promise<SendResult> {
    const payload = new OutgoingPayload(delivery);
    try {
      const head = await payload.head();
      const header = outgoingHeader(head);
      if (header.controlId === '') return unsendable('no-control-id');
      if (isReserved(head)) return unsendable('reserved-bytes');
      const socket = await this.#ready(deadline);
      if ('code' in socket) return notSent(socket.code, true);
      return await this.#exchange(socket, delivery, payload, head, header, deadline);
    } catch (error) {
      // Nothing has left yet: an exchange does not throw.
      return error instanceof ThroughcareError ? unsendable(error.code) : notSent('send-failed', false);
    } finally {
      await payload.close();
    }
  }

  /** A connection that can be written to. */
  async #ready(deadline: AbortSignal): Promise<Socket | ConnectFailure> {
    if (this.#socket !== null && performance.now() - this.#restingSince > RESTED) await nextTurn();
    if (this.#socket !== null) return this.#socket;
    const socket = await this.#connect(deadline);
    if ('code' in socket) this.#events.connectFailed(socket);
    else this.#adopt(socket);
    return socket;
  }

  async #connect(deadline: AbortSignal): Promise<Socket | ConnectFailure> {
    try {
      return await connect(await this.#endpoint(), deadline);
    } catch (error) {
      // Certificate files that cannot be read, or are none.
      return { code: 'tls-failed', cause: errnoOf(error) };
    }
  }

  #adopt(socket: Socket): void {
    this.#socket = socket;
    this.#decoder = new FrameDecoder({ maxSize: LARGEST_ANSWER });
    let heard = false;
    let alert = false;
    socket.on('data', (chunk: Buffer) => {
      heard = true;
      if (this.#socket === socket) this.#read(socket, chunk);
    });
    // TLS 1.3 tells a client only after its handshake that its certificate is not wanted; nothing was read then.
    socket.on('error', (error) => {
      alert = !heard && /^ERR_SSL_.*ALERT/.test(errnoOf(error));
    });
    const gone = () => {
      if (this.#socket !== socket) return;
      if (this.#waiting === null) this.#drop('closed-by-receiver');
      else this.#waiting.end({ kind: 'lost', refused: alert });
    };
    socket.on('end', gone);
    socket.on('close', gone);
    this.#events.connected();
  }

  #read(socket: Socket, chunk: Buffer): void {
    for (const event of this.#decoder.push(chunk)) {
      // An event before this one gave the connection up.
      if (this.#socket !== socket) return;
      if (event.kind === 'junk') this.#events.junk(event.size);
      else if (event.kind === 'frame') this.#judge(event.bytes, readAnswer(event.bytes));
      else this.#judge(event.head, { kind: 'unreadable' });
    }
    if (this.#socket !== socket || this.#decoder.stray() <= MOST_JUNK) return;
    if (this.#waiting === null) this.#drop('unasked-answer');
    else this.#waiting.end({ kind: 'junk' });
  }

  #judge(frame: Buffer, answer: Answer): void {
    const waiting = this.#waiting;
    if (answer.kind === 'ack') {
      if (answer.controlId === waiting?.controlId) {
        waiting.end({ kind: 'ack', code: answer.code, frame });
        return;
      }
      const late = this.#late.get(answer.controlId);
      if (late !== undefined) {
        this.#late.delete(answer.controlId);
        this.#events.late(late, answer.code, frame);
        return;
      }
    }
    if (waiting === null) this.#drop('unasked-answer');
    else waiting.end({ kind: answer.kind === 'ack' ? 'mismatch' : 'unreadable', frame });
  }

  #exchange(
    socket: Socket,
    delivery: OutboundDelivery,
    payload: OutgoingPayload,
    head: Buffer,
    header: OutgoingHeader,
    deadline: AbortSignal,
  ): Promise<SendResult> {
    return new Promise((done) => {
      let whole = false;
      let timer: NodeJS.Timeout | undefined;
      const overdue = () => waiting.end({ kind: 'deadline' });
      const waiting: Waiting = {
        controlId: header.controlId,
        end: (outcome) => {
          if (this.#waiting !== waiting) return;
          this.#waiting = null;
          clearTimeout(timer);
          deadline.removeEventListener('abort', overdue);
          done(this.#conclude(outcome, header, delivery.id, whole));
        },
      };
      this.#waiting = waiting;
      if (deadline.aborted) {
        // Connected too late: not a byte of it is written.
        this.#waiting = null;
        done(notSent('send-failed', true));
        return;
      }
      deadline.addEventListener('abort', overdue, { once: true });
      const written = () => {
        whole = true;
        if (this.#waiting !== waiting) return;
        if (header.answer === 'none') socket.write(NOTHING, () => waiting.end({ kind: 'silence' }));
        else {
          const time = header.answer === 'failure' ? Math.min(FAILURE_WINDOW, this.#settings.timeout) : this.#settings.timeout;
          timer = setTimeout(() => waiting.end({ kind: 'silence' }), time);
        }
      };
      if (payload.isWhole) {
        socket.write(encodeFrame(head));
        written();
        return;
      }
      void payload
        .writeTo(socket, head, () => this.#waiting === waiting)
        .then((end) => {
          if (end === 'whole') written();
          else if (end !== 'given-up') waiting.end({ kind: end });
        });
    });
  }

  /** What the end of the waiting means. `whole`: the message had been written to its last byte. */
  #conclude(outcome: Outcome, header: OutgoingHeader, delivery: DeliveryId, whole: boolean): SendResult {
    this.#rest();
    const result = this.#resultOf(outcome, header, whole);
    const answered = outcome.kind === 'ack' || (outcome.kind === 'silence' && header.answer !== 'always');
    if (!whole || !answered) this.#drop('doubt');
    else if (result.outcome === 'delivered' && !result.confirmed) this.#expectLate(header.controlId, delivery);
    return result;
  }

  #resultOf(outcome: Outcome, header: OutgoingHeader, whole: boolean): SendResult {
    switch (outcome.kind) {
      case 'ack': {
        const result = resultOf(outcome.code, outcome.frame, this.#settings.onError);
        // A receiver may refuse a message it has not read to its end, but it cannot have accepted it.
        return result.outcome === 'delivered' && !whole ? unknown('answer-unreadable', outcome.frame) : result;
      }
      case 'unreadable':
        return unknown('answer-unreadable', outcome.frame);
      case 'mismatch':
        return unknown('answer-mismatch', outcome.frame);
      case 'lost':
        return outcome.refused ? notSent('tls-failed', true) : unknown('connection-lost');
      case 'silence':
        if (header.answer !== 'always') return { outcome: 'delivered', confirmed: false, receiptCode: 'no-answer-asked' };
        return unknown(this.#decoder.stray() + this.#decoder.pending() > 0 ? 'answer-unreadable' : 'answer-timeout');
      case 'deadline':
        return unknown('answer-timeout');
      case 'junk':
        return unknown('answer-unreadable');
      case 'reserved-bytes':
        return unsendable('reserved-bytes', true);
      case 'payload-failed':
        // Its end was never written, so the receiver has no message; but bytes have left.
        return { outcome: 'ambiguous', code: 'connection-lost', sentBytes: true, transport: false };
      default:
        return outcome satisfies never;
    }
  }

  #expectLate(controlId: string, delivery: DeliveryId): void {
    this.#late.set(controlId, delivery);
    if (this.#late.size <= MOST_LATE) return;
    for (const oldest of this.#late.keys()) {
      this.#late.delete(oldest);
      return;
    }
  }

  #rest(): void {
    this.#restingSince = performance.now();
    if (this.#settings.idle === 0) return;
    if (this.#idleTimer !== null) this.#idleTimer.refresh();
    else {
      this.#idleTimer = setTimeout(() => {
        if (this.#waiting === null) this.#drop('idle');
      }, this.#settings.idle).unref();
    }
  }

  #drop(reason: Parameters<LineEvents['dropped']>[0]): void {
    const socket = this.#socket;
    if (socket === null) return;
    this.#socket = null;
    this.#late.clear();
    socket.destroy();
    this.#events.dropped(reason);
  }

  /** Closes an unused line. */
  close(): void {
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    this.#drop('idle');
  }
}
