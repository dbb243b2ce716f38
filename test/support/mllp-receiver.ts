import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { fieldOf, frame, plainAck, takeFrames } from './mllp-bytes.ts';

/** What a far side may do with one message. */
export type Behaviour =
  | {
      readonly do: 'answer';
      readonly code?: string;
      readonly afterMs?: number;
      readonly controlId?: string;
      /** A second answer, this long after the first: what became of it (enhanced mode). */
      readonly later?: { readonly code: string; readonly afterMs: number };
    }
  /** Answers CA, and the code once its promise is kept (enhanced mode). */
  | { readonly do: 'accept'; readonly afterwards: Promise<string> }
  /** Answers with these bytes, in a frame unless `bare`. */
  | { readonly do: 'say'; readonly bytes: Buffer | string; readonly bare?: boolean }
  | { readonly do: 'nothing' }
  | { readonly do: 'close' }
  /** Takes it, answers nothing and resets: the sender cannot know. */
  | { readonly do: 'reset' };

export interface Received {
  readonly bytes: Buffer;
  /** MSH-10 */
  readonly controlId: string;
  /** Which connection brought it, from 1. */
  readonly connection: number;
  /** Milliseconds, by the monotonic clock. */
  readonly at: number;
  readonly answeredAt: number | undefined;
}

/** A far side for tests: does what its script says and records every message whole, in the order it came. */
export class MllpReceiver {
  readonly received: Received[] = [];
  /** Decides for each message; by default it is answered AA. */
  script: (message: Received) => Behaviour = () => ({ do: 'answer' });
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #connections = 0;

  private constructor(tls: TlsOptions | undefined) {
    const serve = (socket: Socket): void => this.#serve(socket);
    this.#server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
    this.#server.on('tlsClientError', () => undefined);
  }

  static async listen(port = 0, tls?: TlsOptions): Promise<MllpReceiver> {
    const receiver = new MllpReceiver(tls);
    await new Promise<void>((resolve, reject) => {
      receiver.#server.once('error', reject);
      receiver.#server.listen(port, '127.0.0.1', resolve);
    });
    return receiver;
  }

  get port(): number {
    // A server listening on TCP has an address with a port.
    return (this.#server.address() as AddressInfo).port;
  }
  /** Connections accepted since the start. */
  get connections(): number {
    return this.#connections;
  }
  get open(): number {
    return this.#sockets.size;
  }

  /** Resets every open connection; new ones are taken. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    this.#connections += 1;
    const connection = this.#connections;
    let pending: Buffer[] = [];
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      pending.push(chunk);
      // Joined only where a frame may end: a message of megabytes comes in hundreds of pieces.
      if (!chunk.includes(0x1c) && chunk[0] !== 0x0d) return;
      const { frames, rest } = takeFrames(Buffer.concat(pending));
      pending = [rest];
      for (const bytes of frames) this.#take(socket, bytes, connection);
    });
  }

  #take(socket: Socket, bytes: Buffer, connection: number): void {
    const message = { bytes, controlId: fieldOf(bytes, 'MSH', 10), connection, at: performance.now(), answeredAt: undefined };
    const index = this.received.push(message) - 1;
    const behaviour = this.script(message);
    const reply = (out: Buffer | string): void => {
      this.received[index] = { ...message, answeredAt: performance.now() };
      if (socket.writable) socket.write(out);
    };
    switch (behaviour.do) {
      case 'answer': {
        const out = frame(plainAck(bytes, behaviour.code ?? 'AA', behaviour.controlId));
        const { later } = behaviour;
        if (later !== undefined) setTimeout(() => reply(frame(plainAck(bytes, later.code))), (behaviour.afterMs ?? 0) + later.afterMs);
        if (behaviour.afterMs === undefined) reply(out);
        else setTimeout(() => reply(out), behaviour.afterMs);
        return;
      }
      case 'accept':
        reply(frame(plainAck(bytes, 'CA')));
        void behaviour.afterwards.then((code) => reply(frame(plainAck(bytes, code))));
        return;
      case 'say':
        reply(behaviour.bare === true ? behaviour.bytes : frame(behaviour.bytes));
        return;
      case 'nothing':
        return;
      case 'close':
        socket.end();
        return;
      case 'reset':
        socket.resetAndDestroy();
    }
  }
}
