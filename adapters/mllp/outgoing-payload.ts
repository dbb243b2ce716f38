import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { OutboundDelivery } from '../../records/ports.ts';
import { hasHeader } from './outgoing-header.ts';

const START = Buffer.from([0x0b]);
const END = Buffer.from([0x1c, 0x0d]);

/** MLLP content may hold neither of its frame characters: they would end the message early, or begin another in it. */
export const isReserved = (bytes: Buffer): boolean => bytes.includes(0x1c) || bytes.includes(0x0b);

/** A payload on its way: whole in memory when small, else read and written piece by piece. */
export class OutgoingPayload {
  readonly #delivery: OutboundDelivery;
  readonly #pieces: AsyncIterator<Buffer> | null;

  constructor(delivery: OutboundDelivery) {
    this.#delivery = delivery;
    this.#pieces = delivery.bytes === null ? delivery.stream()[Symbol.asyncIterator]() : null;
  }

  get isWhole(): boolean {
    return this.#pieces === null;
  }

  /** The payload, or as much of its beginning as holds the MSH segment. Rejects when the payload cannot be read. */
  async head(): Promise<Buffer> {
    if (this.#delivery.bytes !== null) return this.#delivery.bytes;
    let head: Buffer = Buffer.alloc(0);
    while (this.#pieces !== null && !hasHeader(head)) {
      const piece = await this.#pieces.next();
      if (piece.done === true) break;
      head = head.length === 0 ? piece.value : Buffer.concat([head, piece.value]);
    }
    return head;
  }

  /**
   * Writes `head` and the rest in one frame, no faster than the receiver reads. The frame is closed only when every byte of the
   * payload was written, so that a receiver never sees a message cut short as a whole one. Never rejects.
   */
  async writeTo(socket: Socket, head: Buffer, goOn: () => boolean): Promise<'whole' | 'given-up' | 'reserved-bytes' | 'payload-failed'> {
    try {
      socket.write(START);
      socket.write(head);
      let size = head.length;
      while (this.#pieces !== null) {
        if (socket.writableNeedDrain) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
        if (!goOn()) return 'given-up';
        const piece = await this.#pieces.next();
        if (piece.done === true) break;
        if (!goOn()) return 'given-up';
        if (isReserved(piece.value)) return 'reserved-bytes';
        size += piece.value.length;
        socket.write(piece.value);
      }
      if (!goOn()) return 'given-up';
      if (size !== this.#delivery.size) return 'payload-failed';
      socket.write(END);
      return 'whole';
    } catch {
      return goOn() ? 'payload-failed' : 'given-up';
    }
  }

  async close(): Promise<void> {
    await this.#pieces?.return?.().catch(() => {});
  }
}
