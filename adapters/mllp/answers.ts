/** The answer to one frame, in the place the frame had on its connection. */
export interface AnswerSlot {
  /** `open` until the receiver has settled it; `written` once its turn has come. */
  state: 'open' | 'ready' | 'failed' | 'written';
  /** Null where none is asked for. */
  reply: Buffer | null;
  /** Bytes of the frame. */
  readonly size: number;
  /** Application answers that came before this one could be written. */
  readonly later: Buffer[];
}

/** Keeps the answers of one connection in the order of its frames, whatever the order in which they are ready. */
export class Answers {
  readonly #queue: AnswerSlot[] = [];

  /** Frames not answered yet. */
  get size(): number {
    return this.#queue.length;
  }

  open(size: number): AnswerSlot {
    const slot: AnswerSlot = { state: 'open', reply: null, size, later: [] };
    this.#queue.push(slot);
    return slot;
  }

  /** Takes out the answers whose turn has come, up to the first that is open, or that failed. */
  due(): { readonly replies: readonly Buffer[]; readonly failed: boolean } {
    const replies: Buffer[] = [];
    for (let head = this.#queue[0]; head !== undefined && head.state !== 'open'; head = this.#queue[0]) {
      this.#queue.shift();
      if (head.state === 'failed') return { replies, failed: true };
      head.state = 'written';
      if (head.reply !== null) replies.push(head.reply);
      replies.push(...head.later);
    }
    return { replies, failed: false };
  }

  clear(): void {
    this.#queue.length = 0;
  }
}
