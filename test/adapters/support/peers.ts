import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { encodeFrame, FrameDecoder } from '../../../formats/mllp/frame.ts';
import { until } from './waiting.ts';

export const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1));

/** A legacy sender: writes what the test says and keeps the answers. */
export class Sender {
  readonly socket: Socket;
  readonly answers: string[] = [];
  ended = false;
  closed = false;
  readonly #decoder = new FrameDecoder({ maxSize: 10_000_000 });

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      for (const event of this.#decoder.push(chunk)) if (event.kind === 'frame') this.answers.push(event.bytes.toString('latin1'));
    });
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
    });
  }

  static async connect(address: string, tls?: ConnectionOptions, halfOpen = false): Promise<Sender> {
    const to = { host: '127.0.0.1', port: portOf(address), allowHalfOpen: halfOpen };
    const socket = tls === undefined ? connect(to) : connectTls({ ...to, ...tls });
    await once(socket, tls === undefined ? 'connect' : 'secureConnect');
    return new Sender(socket);
  }

  send(text: string | Buffer): void {
    this.socket.write(encodeFrame(Buffer.from(text)));
  }

  async answered(count: number): Promise<readonly string[]> {
    await until(`${count} answers`, () => this.answers.length >= count);
    return this.answers;
  }
}

export interface Heard {
  readonly connection: number;
  readonly bytes: Buffer;
  readonly socket: Socket;
}

export const controlIdOf = (bytes: Buffer): string => bytes.subarray(0, 2_000).toString('latin1').split('\r')[0]?.split('|')[9] ?? '';
export const ackText = (code: string, controlId: string): string =>
  `MSH|^~\\&|R|RF|S|SF|20260302140500||ACK|R1|P|2.4\rMSA|${code}|${controlId}\r`;
export const ack = (code: string, controlId: string): Buffer => encodeFrame(Buffer.from(ackText(code, controlId)));

/** A receiver that hears frames and does what the test says; unscripted, it answers AA. */
export class MockReceiver {
  readonly heard: Heard[] = [];
  readonly sockets: Socket[] = [];
  /** Connections accepted; under TLS, those whose handshake was done. */
  connections = 0;
  /** Every byte that came, over all connections. */
  bytes = 0;
  /** Most messages that stood unanswered at once, over all connections. */
  onMessage: (heard: Heard) => void = ({ socket, bytes }) => {
    socket.write(ack('AA', controlIdOf(bytes)));
  };
  onConnect: (socket: Socket) => void = () => {};
  readonly #server: Server;
  readonly #raw = new Set<Socket>();

  constructor(tls?: TlsOptions) {
    this.#server =
      tls === undefined ? createServer((socket) => this.#welcome(socket)) : createTlsServer(tls, (socket) => this.#welcome(socket));
    this.#server.on('connection', (socket: Socket) => {
      this.#raw.add(socket);
      socket.on('error', () => {});
    });
  }

  async listen(port = 0): Promise<number> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return this.port;
  }

  get port(): number {
    // A listening TCP server has an address of this kind.
    return (this.#server.address() as AddressInfo).port;
  }

  #welcome(socket: Socket): void {
    this.connections += 1;
    const connection = this.connections;
    this.sockets.push(socket);
    const decoder = new FrameDecoder({ maxSize: 200_000_000 });
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.bytes += chunk.length;
      for (const event of decoder.push(chunk)) {
        if (event.kind !== 'frame') continue;
        const heard = { connection, bytes: Buffer.from(event.bytes), socket };
        this.heard.push(heard);
        this.onMessage(heard);
      }
    });
    this.onConnect(socket);
  }

  get ids(): string[] {
    return this.heard.map((heard) => controlIdOf(heard.bytes));
  }

  async close(): Promise<void> {
    for (const socket of this.#raw) socket.destroy();
    await new Promise<void>((done) => this.#server.close(() => done()));
  }
}
