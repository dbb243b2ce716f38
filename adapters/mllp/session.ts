import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { encodeFrame, FrameDecoder, type FrameEvent } from '../../formats/mllp/frame.ts';
import type { FaultCode } from '../../records/faults.ts';
import type { SourceName } from '../../records/ids.ts';
import type { Receipt, Receiver } from '../../records/ports.ts';
import type { Allowance, Holder } from './allowance.ts';
import { type AnswerSlot, Answers } from './answers.ts';

/** Limits of one connection. Times in ms, sizes in bytes. */
export interface SessionLimits {
  readonly maxSize: number;
  readonly inFlight: number;
  readonly frameTimeout: number;
  /** 0 = none. */
  readonly idle: number;
}

/** What a connection tells its source. */
export interface SessionEvents {
  junk(size: number): void;
  /** The receiver did not take a message or refusal. */
  storeFailed(error: unknown): void;
  stored(): void;
  /** Why a connection was ended by us, as a code. */
  ended(why: 'idle' | 'incomplete-frame' | 'message-too-large' | 'junk' | 'slow-receiver' | 'store-unavailable'): void;
  /** The connection is closed and nothing of it is in hand any more. */
  gone(session: Session): void;
}

/** What was read and waits its turn: a whole frame, one above the cap, or half a one whose rest will not come. */
type Arrival = Exclude<FrameEvent, { readonly kind: 'junk' }> | { readonly kind: 'cut'; readonly head: Buffer; readonly size: number };

/** Slowest sender that is let finish a frame, bytes per ms: one that drips a byte at a time does not hold a place for hours. */
const SLOWEST = 1_024 / 1_000;
/** Most bytes outside frames before the peer is taken for something that does not speak MLLP. */
const MOST_JUNK = 65_536;
/** How long (ms) after our end a peer may take to end, too; cut off at once, it could lose the last answer to a reset. */
const LINGER = 2_000;

/**
 * One connection of an MLLP source. Frames go to the receiver up to `inFlight` at once; answers leave in the order of the
 * frames, whatever the order in which the receiver resolves. Reading stops while that many are in hand, while the peer does
 * not read its answers, and while all connections together hold too much.
 *
 * Where the receiver rejects (the store took nothing), the connection is closed after the answers due before it and nothing
 * else is written: a sender that gets no answer sends the same message again, on every engine in use; one that gets AE
 * often sets the message aside and goes on with the next, which loses the order.
 */
export class Session implements Holder {
  readonly id: string;
  readonly #source: SourceName;
  readonly #socket: Socket;
  readonly #receiver: Receiver;
  readonly #limits: SessionLimits;
  readonly #allowance: Allowance;
  readonly #events: SessionEvents;
  readonly #decoder: FrameDecoder;
  readonly #answers = new Answers();
  #waiting: Arrival[] = [];
  /** `open` reads; `draining` reads no more and answers what is in hand; `lingering` has said its end; `closed`. */
  #state: 'open' | 'draining' | 'lingering' | 'closed' = 'open';
  /** Receipts not settled, whether or not their connection still lives. */
  #unsettled = 0;
  #paused = false;
  #held = 0;
  #inHand = 0;
  #lastData = performance.now();
  #frameSince = 0;
  #stalledSince = 0;
  #lingerSince = 0;
  /** The peer has said all it will say; it may still read. */
  #peerDone = false;

  constructor(
    id: string,
    source: SourceName,
    socket: Socket,
    receiver: Receiver,
    limits: SessionLimits,
    allowance: Allowance,
    events: SessionEvents,
  ) {
    this.id = id;
    this.#source = source;
    this.#socket = socket;
    this.#receiver = receiver;
    this.#limits = limits;
    this.#allowance = allowance;
    this.#events = events;
    this.#decoder = new FrameDecoder({ maxSize: limits.maxSize });
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('drain', () => this.#drained());
    socket.on('end', () => this.#peerEnded());
    // The reason of an error adds nothing: what was not answered is sent again.
    socket.on('error', () => {});
    socket.on('close', () => this.#closed());
  }

  // ── reading

  #read(chunk: Buffer): void {
    if (this.#state !== 'open') return;
    this.#lastData = performance.now();
    const events = this.#decoder.push(chunk);
    if (events.length > 0) this.#frameSince = 0;
    for (const event of events) {
      if (event.kind === 'junk') this.#events.junk(event.size);
      else {
        if (event.kind === 'frame') this.#inHand += event.bytes.length;
        this.#waiting.push(event);
      }
    }
    if (this.#frameSince === 0 && this.#decoder.pending() > 0) this.#frameSince = this.#lastData;
    this.#pump();
    if (this.#decoder.stray() > MOST_JUNK) this.#end('junk');
  }

  /** Starts what may be started, then reads on or not. */
  #pump(): void {
    while (
      this.#waiting.length > 0 &&
      this.#answers.size < this.#limits.inFlight &&
      this.#state === 'open' &&
      !this.#socket.writableNeedDrain
    ) {
      const event = this.#waiting.shift();
      if (event?.kind === 'frame') this.#take(event.bytes);
      else if (event !== undefined) this.#refuse(event.kind === 'cut' ? 'incomplete-frame' : 'message-too-large', event.head, event.size);
    }
    this.#balance();
    if (this.#peerDone && this.#waiting.length === 0 && this.#answers.size === 0) this.drain();
  }

  /** Accounts for what is held and pauses or resumes the socket. */
  #balance(): void {
    const held = this.#state === 'open' ? this.#decoder.pending() + this.#inHand : this.#inHand;
    if (held !== this.#held) {
      const before = this.#held;
      this.#held = held;
      this.#allowance.change(this, before, held);
    }
    if (this.#state !== 'open') return;
    const full = this.#waiting.length > 0 || this.#answers.size >= this.#limits.inFlight || this.#socket.writableNeedDrain;
    const pause = full || !this.#allowance.mayRead(this);
    if (pause === this.#paused) return;
    this.#paused = pause;
    if (pause) this.#socket.pause();
    else {
      // The silence was ours: the sender's time begins again.
      this.#lastData = performance.now();
      if (this.#frameSince > 0) this.#frameSince = this.#lastData;
      this.#socket.resume();
    }
  }

  wake(): void {
    this.#balance();
  }

  // ── receiving

  #take(bytes: Buffer): void {
    const slot = this.#answers.open(bytes.length);
    const later = (reply: Buffer): boolean => this.#later(slot, reply);
    void this.#settle(slot, () => this.#receiver.receive({ source: this.#source, bytes, connection: this.id, later }));
  }

  /** Journals what could not be taken as a message; it is the last thing read on this connection. */
  #refuse(reason: FaultCode & ('message-too-large' | 'incomplete-frame'), head: Buffer, size: number): void {
    // Half a frame gets no answer, whatever the receiver says: its sender has not finished asking.
    const answered = reason === 'message-too-large';
    const slot = this.#answers.open(0);
    void this.#settle(slot, async () => {
      const receipt = await this.#receiver.refuse({ source: this.#source, reason, head, size, connection: this.id });
      return answered ? receipt : { ...receipt, reply: null };
    });
    this.#end(reason);
  }

  async #settle(slot: AnswerSlot, ask: () => Promise<Receipt>): Promise<void> {
    this.#unsettled += 1;
    try {
      slot.reply = (await ask()).reply;
      slot.state = 'ready';
      this.#events.stored();
    } catch (error) {
      slot.state = 'failed';
      this.#events.storeFailed(error);
    }
    this.#unsettled -= 1;
    this.#inHand -= slot.size;
    this.#flush();
    if (this.#state === 'closed' && this.#unsettled === 0) this.#events.gone(this);
  }

  // ── answering

  /** Writes the answers whose turn has come. */
  #flush(): void {
    const writable = this.#state === 'open' || this.#state === 'draining';
    const { replies, failed } = this.#answers.due();
    if (writable) this.#write(replies);
    if (failed) {
      this.#abandon();
      return;
    }
    if (this.#state === 'draining' && this.#answers.size === 0) this.#linger();
    else this.#pump();
  }

  #write(replies: readonly Buffer[]): void {
    if (replies.length === 0) return;
    if (replies.length > 1) this.#socket.cork();
    for (const reply of replies) this.#socket.write(encodeFrame(reply));
    if (replies.length > 1) this.#socket.uncork();
    this.#lastData = performance.now();
    if (this.#socket.writableNeedDrain && this.#stalledSince === 0) this.#stalledSince = this.#lastData;
  }

  #later(slot: AnswerSlot, reply: Buffer): boolean {
    if (this.#state === 'closed' || this.#state === 'lingering' || !this.#socket.writable) return false;
    if (slot.state === 'written') this.#write([reply]);
    else slot.later.push(reply);
    return true;
  }

  #drained(): void {
    this.#stalledSince = 0;
    this.#pump();
  }

  // ── ending

  /** Reads no more; what is in hand is answered first. */
  #end(why: Parameters<SessionEvents['ended']>[0]): void {
    if (this.#state !== 'open') return;
    this.#events.ended(why);
    this.drain();
  }

  /** Stops reading, lets what is in hand finish, then closes. What was read and not begun is dropped: it has no answer. */
  drain(): void {
    if (this.#state !== 'open') return;
    this.#state = 'draining';
    this.#dropWaiting();
    this.#balance();
    if (this.#answers.size === 0) this.#linger();
  }

  #dropWaiting(): void {
    for (const event of this.#waiting) if (event.kind === 'frame') this.#inHand -= event.bytes.length;
    this.#waiting = [];
  }

  /** Closes after what was written; what is still in hand is committed or not, and has no answer. */
  #abandon(): void {
    this.#answers.clear();
    if (this.#state === 'closed' || this.#state === 'lingering') return;
    this.#events.ended('store-unavailable');
    if (this.#state === 'open') {
      this.drain();
      return;
    }
    this.#linger();
  }

  /** Says our end and throws away what still comes, so that the last answer is not lost to a reset. */
  #linger(): void {
    this.#state = 'lingering';
    this.#lingerSince = performance.now();
    this.#socket.end();
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #peerEnded(): void {
    this.#peerDone = true;
    if (this.#state !== 'open') return;
    const size = this.#decoder.pending();
    if (size > 0) this.#waiting.push({ kind: 'cut', head: this.#decoder.head(), size });
    this.#pump();
  }

  /** Journals half a frame whose rest will not come. */
  #refuseCut(): void {
    this.#refuse('incomplete-frame', this.#decoder.head(), this.#decoder.pending());
  }

  #closed(): void {
    this.#dropWaiting();
    // Half a frame of a connection that we ended is no fault of its sender.
    if (this.#state === 'open' && this.#decoder.pending() > 0) this.#refuseCut();
    for (const event of this.#decoder.end()) if (event.kind === 'junk') this.#events.junk(event.size);
    this.#state = 'closed';
    this.#balance();
    this.#allowance.leave(this);
    if (this.#unsettled === 0) this.#events.gone(this);
  }

  /** Looks at the clock; the source calls it for all connections, which costs less than timers of their own. */
  sweep(now: number): void {
    if (this.#state === 'lingering') {
      if (now - this.#lingerSince > LINGER) this.destroy();
      return;
    }
    if (this.#stalledSince > 0 && now - this.#stalledSince > this.#limits.frameTimeout) {
      this.#events.ended('slow-receiver');
      this.destroy();
      return;
    }
    if (this.#state !== 'open' || this.#paused) return;
    const pending = this.#decoder.pending();
    if (pending > 0) {
      const { frameTimeout } = this.#limits;
      if (now - this.#lastData > frameTimeout || now - this.#frameSince > frameTimeout + pending / SLOWEST) this.#refuseCut();
    } else if (this.#limits.idle > 0 && this.#answers.size === 0 && now - this.#lastData > this.#limits.idle) this.#end('idle');
  }
}
