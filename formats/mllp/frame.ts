/**
 * MLLP release 1: a frame is 0x0B, content, 0x1C 0x0D. The decoder takes bytes as TCP cuts them; any cutting gives the same events.
 */
const START = 0x0b;
const END = 0x1c;
const CR = 0x0d;
const LF = 0x0a;

/** How much of a frame above the cap is kept for the journal. */
export const HEAD_SIZE = 64 * 1024;

export type FrameEvent =
  /** Content between the frame characters. */
  | { readonly kind: 'frame'; readonly bytes: Buffer }
  /** Bytes outside frames, one event a run, told when the next frame begins (or by `end`); also a half frame given up for a new one. */
  | { readonly kind: 'junk'; readonly size: number }
  /** The frame has passed the cap. `size` is what had come when it did; the rest is skipped up to the frame's end. */
  | { readonly kind: 'too-large'; readonly head: Buffer; readonly size: number };

/** A sender that gave up half-way begins anew inside its own frame: 0x0B before MSH is no content of any field. */
const RESTART = Buffer.from('\x0bMSH', 'latin1');

const FIRST_ROOM = 8 * 1024;

/**
 * States: *outside* → 0x0B → *inside* → 0x1C 0x0D → outside (frame); inside → content above the cap → *skipping* → 0x1C 0x0D → outside.
 * Holds at most twice the content so far (never above the cap), copies each byte at most a few times, whatever the chunks.
 */
export class FrameDecoder {
  private readonly maxSize: number;
  private state: 'outside' | 'inside' | 'skipping' = 'outside';
  /** Content of the frame begun in earlier chunks. */
  private room = Buffer.alloc(0);
  private size = 0;
  /** The last byte of the chunk before was 0x1C, inside a frame: the next one decides what it was. */
  private endSeen = false;
  private junk = 0;

  /** `maxSize`: content bytes a frame may have. */
  constructor(options: { readonly maxSize: number }) {
    this.maxSize = options.maxSize;
  }

  /** Bytes of a half frame seen so far, its start character included; 0 between frames. */
  pending(): number {
    return this.state === 'outside' ? 0 : 1 + this.size + (this.endSeen ? 1 : 0);
  }

  /** Bytes outside frames since the last frame (line ends not counted). */
  stray(): number {
    return this.junk;
  }

  /** First bytes of the half frame, for the journal. */
  head(): Buffer {
    return Buffer.from(this.room.subarray(0, Math.min(this.size, HEAD_SIZE)));
  }

  push(chunk: Buffer): FrameEvent[] {
    const events: FrameEvent[] = [];
    let at = 0;
    while (at < chunk.length) at = this.state === 'outside' ? this.outside(chunk, at, events) : this.inside(chunk, at, events);
    return events;
  }

  /** The connection has ended: tells a last run of junk. A half frame is what `pending` says. */
  end(): FrameEvent[] {
    const events: FrameEvent[] = [];
    this.tellJunk(events);
    return events;
  }

  private outside(chunk: Buffer, at: number, events: FrameEvent[]): number {
    const start = chunk.indexOf(START, at);
    const until = start < 0 ? chunk.length : start;
    // Many senders end a frame with CR LF; line ends between frames are no sign of trouble.
    for (let i = at; i < until; i++) if (chunk[i] !== CR && chunk[i] !== LF) this.junk++;
    if (start < 0) return chunk.length;
    this.tellJunk(events);
    this.state = 'inside';
    this.size = 0;
    this.endSeen = false;
    return start + 1;
  }

  private inside(chunk: Buffer, at: number, events: FrameEvent[]): number {
    if (this.endSeen) {
      this.endSeen = false;
      if (chunk[at] === CR) return this.close(undefined, events, at + 1);
      this.keep(END_BYTE, events);
    }
    for (let from = at; ; ) {
      const end = chunk.indexOf(END, from);
      if (end < 0) {
        this.keep(chunk.subarray(at), events);
        return chunk.length;
      }
      if (end + 1 === chunk.length) {
        this.keep(chunk.subarray(at, end), events);
        this.endSeen = true;
        return chunk.length;
      }
      if (chunk[end + 1] === CR) return this.close(chunk.subarray(at, end), events, end + 2);
      from = end + 1;
    }
  }

  /** Adds content to a frame that goes on in a later chunk. */
  private keep(bytes: Buffer, events: FrameEvent[]): void {
    const size = this.size + bytes.length;
    if (this.state === 'inside' && size > this.maxSize) this.refuse(bytes, events);
    if (this.state === 'inside') {
      if (size > this.room.length) this.grow(size);
      bytes.copy(this.room, this.size);
    }
    this.size = size;
  }

  private grow(size: number): void {
    const room = Buffer.allocUnsafeSlow(Math.min(this.maxSize, Math.max(FIRST_ROOM, size, this.room.length * 2)));
    this.room.copy(room, 0, 0, this.size);
    this.room = room;
  }

  private refuse(bytes: Buffer, events: FrameEvent[]): void {
    const kept = this.room.subarray(0, Math.min(this.size, HEAD_SIZE));
    const head = Buffer.concat([kept, bytes.subarray(0, Math.min(HEAD_SIZE, this.maxSize + 1) - kept.length)]);
    events.push({ kind: 'too-large', head, size: this.maxSize + 1 });
    this.state = 'skipping';
    this.room = Buffer.alloc(0);
  }

  /** The end characters have come; `last` is the content of this chunk. */
  private close(last: Buffer | undefined, events: FrameEvent[], next: number): number {
    if (this.state === 'inside') {
      const whole = this.size === 0 && last !== undefined;
      if (!whole && last !== undefined) this.keep(last, events);
      else if (whole && last.length > this.maxSize) this.refuse(last, events);
      if (this.state === 'inside') this.tellFrame(whole ? last : this.room.subarray(0, this.size), events);
    }
    this.state = 'outside';
    this.room = Buffer.alloc(0);
    this.size = 0;
    return next;
  }

  private tellFrame(content: Buffer, events: FrameEvent[]): void {
    const restart = content.lastIndexOf(RESTART);
    if (restart < 0) events.push({ kind: 'frame', bytes: content });
    else events.push({ kind: 'junk', size: restart + 1 }, { kind: 'frame', bytes: content.subarray(restart + 1) });
  }

  private tellJunk(events: FrameEvent[]): void {
    if (this.junk > 0) events.push({ kind: 'junk', size: this.junk });
    this.junk = 0;
  }
}

const END_BYTE = Buffer.from([END]);
const START_BYTE = Buffer.from([START]);
const TRAILER = Buffer.from([END, CR]);

/** A message in its frame. */
export const encodeFrame = (bytes: Buffer): Buffer => Buffer.concat([START_BYTE, bytes, TRAILER]);
