import { request } from 'node:http';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls';
import { errnoOf } from '../condition.ts';
import { MeshError } from './errors.ts';

/** Where a connection goes. */
export interface DialTo {
  readonly host: string;
  readonly port: number;
  /** Null: plain, on loopback only. */
  readonly tls: { readonly context: SecureContext; readonly servername: string | undefined; readonly session: Buffer | undefined } | null;
  readonly proxy: ConnectProxy | null;
  /** Milliseconds for the whole way: proxy, TCP and TLS. */
  readonly timeout: number;
}

export interface ConnectProxy {
  readonly host: string;
  readonly port: number;
  /** Value of `Proxy-Authorization`. */
  readonly authorization: string | undefined;
}

const failed = (trouble: 'connection' | 'proxy', errno: string, status: number | null = null): MeshError =>
  new MeshError({ trouble, reached: false, errno, status });

/** A tunnel through the proxy. The TLS context of the caller goes through it: the proxy sees neither certificate nor content. */
const tunnel = (to: DialTo, proxy: ConnectProxy, signal: AbortSignal): Promise<Socket> =>
  new Promise((settle, reject) => {
    const target = `${isIP(to.host) === 6 ? `[${to.host}]` : to.host}:${to.port}`;
    const asked = request({
      method: 'CONNECT',
      host: proxy.host,
      port: proxy.port,
      path: target,
      agent: false,
      signal,
      headers: { host: target, ...(proxy.authorization === undefined ? {} : { 'proxy-authorization': proxy.authorization }) },
    });
    asked.once('connect', (answer, socket: Socket, early) => {
      const status = answer.statusCode ?? 0;
      if (status < 200 || status > 299) {
        socket.destroy();
        reject(failed('proxy', `E${status}`, status));
        return;
      }
      if (early.length > 0) socket.unshift(early);
      settle(socket);
    });
    // A proxy that answers CONNECT like any other request.
    asked.once('response', (answer) => {
      answer.destroy();
      reject(failed('proxy', 'ENOTUNNEL', answer.statusCode ?? null));
    });
    asked.once('error', (error) => reject(failed('proxy', errnoOf(error))));
    asked.end();
  });

const plain = (to: DialTo, signal: AbortSignal): Promise<Socket> =>
  new Promise((settle, reject) => {
    const socket = connectPlain({ host: to.host, port: to.port, noDelay: true, signal });
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      settle(socket);
    });
    socket.once('error', (error) => reject(failed('connection', errnoOf(error))));
  });

const secure = (to: DialTo, tls: NonNullable<DialTo['tls']>, below: Socket, signal: AbortSignal): Promise<TLSSocket> =>
  new Promise((settle, reject) => {
    const { context, session } = tls;
    const servername = tls.servername ?? (isIP(to.host) === 0 ? to.host : undefined);
    const socket = connectTls({
      socket: below,
      host: to.host,
      secureContext: context,
      ALPNProtocols: ['http/1.1'],
      ...(servername === undefined ? {} : { servername }),
      ...(session === undefined ? {} : { session }),
    });
    const abort = (): void => {
      socket.destroy();
      reject(failed('connection', 'ETIMEDOUT'));
    };
    signal.addEventListener('abort', abort, { once: true });
    const failing = (error: Error): void => {
      signal.removeEventListener('abort', abort);
      below.destroy();
      reject(failed('connection', errnoOf(error)));
    };
    socket.once('error', failing);
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', abort);
      socket.off('error', failing);
      settle(socket);
    });
  });

/** Connects, through the proxy where there is one, and checks the server before anything is sent. Rejects with a MeshError that reached nothing. */
export const dial = async (to: DialTo): Promise<Socket> => {
  const overdue = AbortSignal.timeout(to.timeout);
  try {
    const below = await (to.proxy === null ? plain(to, overdue) : tunnel(to, to.proxy, overdue));
    below.setNoDelay(true);
    return to.tls === null ? below : await secure(to, to.tls, below, overdue);
  } catch (error) {
    throw overdue.aborted ? failed(to.proxy === null ? 'connection' : 'proxy', 'ETIMEDOUT') : error;
  }
};
