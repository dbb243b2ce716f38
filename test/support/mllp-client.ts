import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { eventually } from './eventually.ts';
import { fieldOf, frame, takeFrames } from './mllp-bytes.ts';

export interface Answer {
  readonly bytes: Buffer;
  /** MSA-1 */
  readonly code: string;
  /** MSA-2 */
  readonly controlId: string;
}

/** A sender for tests: writes what it is told, in any pieces, and keeps every answer in the order it came. */
export class MllpClient {
  readonly answers: Answer[] = [];
  readonly #socket: Socket;
  #pending: Buffer = Buffer.alloc(0);
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#closed = true;
    });
    socket.on('data', (chunk: Buffer) => {
      const { frames, rest } = takeFrames(Buffer.concat([this.#pending, chunk]));
      this.#pending = rest;
      for (const bytes of frames) this.answers.push({ bytes, code: fieldOf(bytes, 'MSA', 1), controlId: fieldOf(bytes, 'MSA', 2) });
    });
  }

  /** Rejects when the connection is refused or, with `tls`, the handshake fails. */
  static open(port: number, tls?: ConnectionOptions): Promise<MllpClient> {
    return new Promise((resolve, reject) => {
      const socket = tls === undefined ? connect(port, '127.0.0.1') : connectTls({ port, host: '127.0.0.1', ...tls });
      socket.once('error', reject);
      socket.once(tls === undefined ? 'connect' : 'secureConnect', () => resolve(new MllpClient(socket)));
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Writes bytes as they are: half a frame, junk, several frames at once. */
  write(bytes: Buffer | string): void {
    this.#socket.write(bytes);
  }
  /** Writes bytes and waits until the far side has read most of them, or has gone. */
  async drained(bytes: Buffer): Promise<void> {
    if (this.#socket.write(bytes) || this.#closed) return;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        this.#socket.off('drain', go).off('close', go);
        resolve();
      };
      this.#socket.on('drain', go).on('close', go);
    });
  }
  /** Writes a frame in pieces of `size` bytes, each in a packet of its own. */
  async writeInPieces(message: Buffer | string, size: number): Promise<void> {
    const bytes = frame(message);
    this.#socket.setNoDelay(true);
    for (let at = 0; at < bytes.length; at += size) {
      await new Promise<void>((resolve) => this.#socket.write(bytes.subarray(at, at + size), () => setImmediate(resolve)));
    }
  }
  /** Sends one message and waits for the next answer. Rejects when the connection ends first. */
  send(message: Buffer | string, within = 20_000): Promise<Answer> {
    const already = this.answers.length;
    this.#socket.write(frame(message));
    return this.answer(already, within);
  }
  /** The answer of that index, once it has come. Rejects at once when the connection ends without it. */
  async answer(index: number, within = 20_000): Promise<Answer> {
    const settled = (): boolean => this.#closed || this.answers[index] !== undefined;
    await eventually(settled, Boolean, { within, every: 2, what: `answer ${index + 1}` });
    const answer = this.answers[index];
    if (answer === undefined) throw new Error('the connection was closed');
    return answer;
  }
  /** Resolves when the far side has closed the connection. */
  async whenClosed(within = 20_000): Promise<void> {
    await eventually(
      () => this.#closed,
      (closed) => closed,
      { within, what: 'the end of the connection' },
    );
  }
  end(): void {
    this.#socket.end();
  }
  destroy(): void {
    this.#socket.destroy();
  }
}
