import { Agent, type ClientRequestArgs } from 'node:http';
import type { Socket } from 'node:net';
import { type Duplex, PassThrough } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { MailboxSettings } from '../../config/types-mesh.ts';
import { Problem } from '../../records/problem.ts';
import { errnoOf } from '../condition.ts';
import { type ConnectProxy, dial } from './dial.ts';
import { MeshError } from './errors.ts';
import type { TlsFiles } from './tls-files.ts';

/** An idle connection is closed before servers close theirs: a request must not meet the end of a connection half way. */
const IDLE = 3_500;

/** Stands for the connection that could not be made. */
const NO_STREAM = new PassThrough();

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/;

interface Place {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  /** Value of the Host header. */
  readonly authority: string;
}

const placeOf = (url: string, tls: boolean): Place => {
  const { protocol, hostname, port, host } = new URL(url);
  const secure = protocol === 'https:';
  if (!secure && !LOOPBACK.test(hostname)) throw new Problem(`a MESH service over plain http must be on this machine: ${url}`);
  if (secure && !tls) throw new Problem(`a MESH service over https needs tls: ${url}`);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || (secure ? 443 : 80)), secure, authority: host };
};

const proxyOf = (url: string): ConnectProxy => {
  const { protocol, hostname, port, username, password } = new URL(url);
  if (protocol !== 'http:') throw new Problem('a CONNECT proxy is written as http://host:port');
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || 80),
    authorization: username === '' ? undefined : `Basic ${Buffer.from(user).toString('base64')}`,
  };
};

/**
 * The connections of one mailbox to its service, kept alive between requests. They are known by the edition of the TLS files they were
 * made with: after a renewal no request goes over an older one.
 */
export class Connections extends Agent {
  readonly place: Place;
  readonly #proxy: ConnectProxy | null;
  readonly #servername: string | undefined;
  readonly #files: TlsFiles | null;
  readonly #timeout: number;
  /** Of the last connection of an edition, so that the next one's handshake is short. */
  #session: { readonly edition: number; readonly ticket: Buffer } | null = null;

  /** Throws a Problem that names what is wrong with the address. */
  constructor(settings: Pick<MailboxSettings, 'url' | 'tls' | 'proxy' | 'timeout'>, files: TlsFiles | null) {
    super({ keepAlive: true, timeout: IDLE, maxFreeSockets: 4, scheduling: 'lifo' });
    this.place = placeOf(settings.url, settings.tls !== undefined);
    this.#proxy = settings.proxy === undefined ? null : proxyOf(settings.proxy.reveal());
    if (this.#proxy !== null && !this.place.secure) throw new Problem('a MESH service over plain http is not reached through a proxy');
    this.#servername = settings.tls?.servername;
    this.#files = files;
    this.#timeout = settings.timeout;
  }

  /** Options for `http.request`. Rejects with a MeshError where the TLS files cannot be read. */
  async target(): Promise<{ host: string; port: number; edition: number }> {
    let edition = 0;
    try {
      edition = this.place.secure ? ((await this.#files?.current())?.number ?? 0) : 0;
    } catch (error) {
      throw new MeshError({ trouble: 'tls-files', reached: false, errno: errnoOf(error) }, { cause: error });
    }
    return { host: this.place.host, port: this.place.port, edition };
  }

  /** Called by the agent: connections of different editions are not mixed. */
  override getName(options?: ClientRequestArgs): string {
    return options !== undefined && 'edition' in options ? `edition ${String(options.edition)}` : '';
  }

  /** Called by the agent when no connection is free. */
  override createConnection(_options: ClientRequestArgs, settle?: (error: Error | null, stream: Duplex) => void): undefined {
    this.#dial().then(
      (socket) => settle?.(null, socket),
      // The agent looks at the stream only where there is no error.
      (error: Error) => settle?.(error, NO_STREAM),
    );
  }

  async #dial(): Promise<Socket> {
    const { host, port, secure } = this.place;
    const edition = secure && this.#files !== null ? await this.#files.current() : null;
    const session = edition !== null && this.#session?.edition === edition.number ? this.#session.ticket : undefined;
    const socket = await dial({
      host,
      port,
      tls: edition === null ? null : { context: edition.context, servername: this.#servername, session },
      proxy: this.#proxy,
      timeout: this.#timeout,
    });
    if (socket instanceof TLSSocket && edition !== null)
      socket.on('session', (ticket) => {
        this.#session = { edition: edition.number, ticket };
      });
    return socket;
  }
}
