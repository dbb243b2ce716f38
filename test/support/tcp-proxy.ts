import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface ProxyTarget {
  readonly port?: number;
  readonly host?: string;
  /** A UNIX socket instead of host and port. */
  readonly path?: string;
}

/** What happens to bytes on their way: they pass, they vanish with the connection left open, or they wait first. */
type Manner = { readonly kind: 'pass' } | { readonly kind: 'black-hole' } | { readonly kind: 'delay'; readonly ms: number };
type Direction = 'up' | 'down';

/**
 * A TCP proxy within the test's own process, on a loopback port of its own. `up` is towards the target, `down` towards the client.
 * Manners hold for connections open now and opened later, until `heal`.
 */
export class TcpProxy {
  readonly #target: ProxyTarget;
  readonly #server: Server;
  readonly #pairs = new Set<{ client: Socket; server: Socket }>();
  readonly #manners: Record<Direction, Manner> = { up: { kind: 'pass' }, down: { kind: 'pass' } };
  #refusing = false;
  #cutAfter: { direction: Direction; bytes: number } | undefined;
  #opened = 0;

  private constructor(target: ProxyTarget) {
    this.#target = target;
    this.#server = createServer((client) => this.#join(client));
  }

  static async to(target: ProxyTarget): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get port(): number {
    // A server listening on TCP has an address with a port.
    return (this.#server.address() as AddressInfo).port;
  }
  /** Connections accepted since the start. */
  get opened(): number {
    return this.#opened;
  }
  get open(): number {
    return this.#pairs.size;
  }

  /** Ends every open connection with a reset. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }
  /** Ends the next connection that has carried `bytes` more bytes in that direction, in the middle of whatever they are. */
  cutAfter(direction: Direction, bytes: number): void {
    this.#cutAfter = { direction, bytes };
  }
  /** Bytes vanish; connections stay open: what a pulled cable looks like. */
  blackHole(direction: Direction | 'both' = 'both'): void {
    this.#set(direction, { kind: 'black-hole' });
  }
  delay(ms: number, direction: Direction | 'both' = 'both'): void {
    this.#set(direction, { kind: 'delay', ms });
  }
  /** New connections are closed at once. */
  refuse(): void {
    this.#refusing = true;
  }
  /** Back to passing everything. What vanished stays lost, so the connections that lost bytes are cut. */
  heal(): void {
    const lossy = Object.values(this.#manners).some((manner) => manner.kind === 'black-hole');
    this.#set('both', { kind: 'pass' });
    this.#refusing = false;
    this.#cutAfter = undefined;
    if (lossy) this.cut();
  }
  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #set(direction: Direction | 'both', manner: Manner): void {
    if (direction !== 'down') this.#manners.up = manner;
    if (direction !== 'up') this.#manners.down = manner;
  }

  #join(client: Socket): void {
    this.#opened += 1;
    if (this.#refusing) {
      client.resetAndDestroy();
      return;
    }
    const { path, port = 0, host = '127.0.0.1' } = this.#target;
    const server = path === undefined ? connect(port, host) : connect(path);
    const pair = { client, server };
    this.#pairs.add(pair);
    this.#carry(client, server, 'up');
    this.#carry(server, client, 'down');
    const end = (): void => {
      client.destroy();
      server.destroy();
      this.#pairs.delete(pair);
    };
    for (const socket of [client, server]) socket.on('error', end).on('close', end);
  }

  #carry(from: Socket, to: Socket, direction: Direction): void {
    // Delayed chunks keep their order: each waits for the one before it.
    let before: Promise<void> = Promise.resolve();
    const send = (chunk: Buffer): void => {
      if (to.writable) to.write(chunk);
    };
    from.on('data', (chunk: Buffer) => {
      const manner = this.#manners[direction];
      if (this.#cutAfter?.direction === direction) {
        const left = this.#cutAfter.bytes - chunk.length;
        if (left <= 0) {
          to.write(chunk.subarray(0, this.#cutAfter.bytes), () => from.resetAndDestroy());
          this.#cutAfter = undefined;
          return;
        }
        this.#cutAfter = { direction, bytes: left };
      }
      if (manner.kind === 'pass') before = before.then(() => send(chunk));
      if (manner.kind === 'delay') {
        const due = new Promise<void>((resolve) => setTimeout(resolve, manner.ms));
        before = Promise.all([before, due]).then(() => send(chunk));
      }
    });
    from.on('end', () => {
      void before.then(() => to.end());
    });
  }
}
