import { createServer, type Server, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { createServer as createTlsServer } from 'node:tls';
import type { SourceName } from '../../records/ids.ts';
import type { Receiver, SourceAdapter } from '../../records/ports.ts';
import { Problem } from '../../records/problem.ts';
import type { Telemetry } from '../../records/telemetry.ts';
import { Condition, errnoOf } from '../condition.ts';
import { Allowance } from './allowance.ts';
import { Session, type SessionEvents, type SessionLimits } from './session.ts';
import { type TlsServerSettings, tlsMaterial } from './tls-material.ts';

/** Settings of an MLLP source. Times in ms, sizes in bytes. */
export interface MllpSourceSettings {
  readonly host: string;
  /** 0 takes any free port; `address` names it. */
  readonly port: number;
  /** Largest frame. Default 64 MB. */
  readonly maxSize?: number | undefined;
  /** What all connections may hold together before most of them stop reading. Default 256 MB. */
  readonly maxHeld?: number | undefined;
  /** Frames of one connection on their way to the journal at once. Default 32. */
  readonly inFlight?: number | undefined;
  /** Silence allowed inside a frame, and of a peer that does not read its answers. Default 30 s. */
  readonly frameTimeout?: number | undefined;
  /** Silence allowed between frames; 0 = any. Default 5 min. */
  readonly idle?: number | undefined;
  /** Default 500. */
  readonly maxConnections?: number | undefined;
  readonly tls?: TlsServerSettings | undefined;
}

const MB = 1_048_576;
const HANDSHAKE = 10_000;
const KEEP_ALIVE = 30_000;
/** Connections the system keeps until they are taken: a ward of senders reconnects at one moment after a restart. */
const BACKLOG = 1_024;

const LISTEN_FAILURES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there already; is a daemon running?',
  EACCES: 'listening there needs rights this process does not have',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'the host name is not known',
};

/** An MLLP port as a source, with TLS where the settings have it. */
export class MllpSource implements SourceAdapter {
  readonly name: SourceName;
  readonly #settings: MllpSourceSettings;
  readonly #receiver: Receiver;
  readonly #telemetry: Telemetry;
  readonly #limits: SessionLimits;
  readonly #allowance: Allowance;
  readonly #sessions = new Set<Session>();
  readonly #events: SessionEvents;
  readonly #store: Condition;
  #server: Server | null = null;
  /** Connections below the sessions: under TLS one lives before its handshake is done. */
  readonly #sockets = new Set<Socket>();
  #stopping = false;
  #sweep: NodeJS.Timeout | null = null;
  #port: number;
  #count = 0;
  #emptied: () => void = () => {};

  constructor(name: SourceName, settings: MllpSourceSettings, receiver: Receiver, telemetry: Telemetry) {
    this.name = name;
    this.#settings = settings;
    this.#port = settings.port;
    this.#receiver = receiver;
    this.#telemetry = telemetry;
    this.#limits = {
      maxSize: settings.maxSize ?? 64 * MB,
      inFlight: settings.inFlight ?? 32,
      frameTimeout: settings.frameTimeout ?? 30_000,
      idle: settings.idle ?? 300_000,
    };
    this.#allowance = new Allowance(settings.maxHeld ?? 256 * MB);
    this.#store = new Condition(telemetry, 'source.store-unavailable', { source: name });
    this.#events = {
      junk: (size) => telemetry.count('source_junk_bytes', { source: name }, size),
      stored: () => this.#store.clear(),
      storeFailed: (error) => this.#store.raise('store-unavailable', { cause: errnoOf(error) }),
      ended: (reason) => telemetry.count('source_connections_ended', { source: name, reason }),
      gone: (session) => this.#gone(session),
    };
  }

  get address(): string {
    return `${this.#settings.tls === undefined ? 'mllp' : 'mllp-tls'} ${this.#settings.host}:${this.#port}`;
  }

  /** Bytes held now: half frames, and frames on their way to the journal. */
  get held(): number {
    return this.#allowance.used;
  }

  /** Listens. Throws a Problem that says what is wrong with the address or the TLS files. */
  async start(): Promise<void> {
    const server = await this.#create();
    server.maxConnections = this.#settings.maxConnections ?? 500;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('drop', () => this.#telemetry.count('source_connections_ended', { source: this.name, reason: 'too-many' }));
    await new Promise<void>((listening, failed) => {
      const fail = (error: Error) => {
        const code = errnoOf(error);
        failed(
          new Problem(
            `source ${this.name}: cannot listen on ${this.#settings.host}:${this.#settings.port}: ${LISTEN_FAILURES[code] ?? code}`,
            { cause: error },
          ),
        );
      };
      server.once('error', fail);
      server.listen({ host: this.#settings.host, port: this.#settings.port, backlog: BACKLOG }, () => {
        server.off('error', fail);
        listening();
      });
    });
    // Out of file handles, say: those who are connected go on.
    server.on('error', (error) => this.#telemetry.error('source.listen-failed', error, { source: this.name }));
    const bound = server.address();
    if (bound !== null && typeof bound === 'object') this.#port = bound.port;
    this.#server = server;
    const shortest = Math.min(this.#limits.frameTimeout, this.#limits.idle || this.#limits.frameTimeout);
    this.#sweep = setInterval(() => this.#sweepAll(), Math.max(20, Math.min(1_000, shortest / 4)));
  }

  async #create(): Promise<Server> {
    const common = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE };
    const { tls } = this.#settings;
    if (tls === undefined) return createServer(common, (socket) => this.#welcome(socket));
    const mutual = tls.requireClientCertificate === true;
    if (mutual && tls.ca === undefined)
      throw new Problem(`source ${this.name}: requireClientCertificate needs \`ca\`, or no certificate could be checked`);
    const server = createTlsServer(
      {
        ...common,
        ...(await this.#certificates(tls)),
        requestCert: mutual,
        rejectUnauthorized: mutual,
        minVersion: 'TLSv1.2',
        handshakeTimeout: HANDSHAKE,
      },
      (socket) => this.#welcome(socket),
    );
    server.on('tlsClientError', () => this.#telemetry.count('source_connections_ended', { source: this.name, reason: 'tls-failed' }));
    return server;
  }

  async #certificates(tls: TlsServerSettings): ReturnType<typeof tlsMaterial> {
    try {
      return await tlsMaterial(tls);
    } catch (cause) {
      throw new Problem(`source ${this.name}: its TLS files cannot be read: ${errnoOf(cause)}`, { cause });
    }
  }

  #welcome(socket: Socket): void {
    if (this.#stopping) {
      socket.destroy();
      return;
    }
    this.#count += 1;
    const id = `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}/${this.#count}`;
    this.#sessions.add(new Session(id, this.name, socket, this.#receiver, this.#limits, this.#allowance, this.#events));
    this.#showConnections();
  }

  #gone(session: Session): void {
    this.#sessions.delete(session);
    this.#showConnections();
    if (this.#sessions.size === 0) this.#emptied();
  }

  #showConnections(): void {
    this.#telemetry.gauge('source_connections', this.#sessions.size, { source: this.name });
  }

  #sweepAll(): void {
    const now = performance.now();
    for (const session of this.#sessions) session.sweep(now);
  }

  async stop(deadline: AbortSignal): Promise<void> {
    this.#stopping = true;
    this.#server?.close();
    for (const session of this.#sessions) session.drain();
    if (this.#sessions.size > 0) {
      await new Promise<void>((done) => {
        this.#emptied = done;
        if (deadline.aborted) done();
        deadline.addEventListener('abort', () => done(), { once: true });
      });
    }
    for (const socket of this.#sockets) socket.destroy();
    if (this.#sweep !== null) clearInterval(this.#sweep);
  }
}
