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

/** Ends what is being connected when its time is over, and only then: a connection that is there lives on. */
const within = <T>(overdue: AbortSignal, begin: (settle: (made: T) => void, fail: (error: MeshError) => void) => () => void): Promise<T> =>
  new Promise((settle, reject) => {
    let end: () => void = () => {};
    const late = (): void => {
      end();
      reject(failed('connection', 'ETIMEDOUT'));
    };
    const over = (): void => overdue.removeEventListener('abort', late);
    overdue.addEventListener('abort', late, { once: true });
    end = begin(
      (made) => {
        over();
        settle(made);
      },
      (error) => {
        over();
        end();
        reject(error);
      },
    );
  });

/** A tunnel through the proxy. The TLS context of the caller goes through it: the proxy sees neither certificate nor content. */
const tunnel = (to: DialTo, proxy: ConnectProxy, overdue: AbortSignal): Promise<Socket> =>
  within(overdue, (settle, fail) => {
    const target = `${isIP(to.host) === 6 ? `[${to.host}]` : to.host}:${to.port}`;
    const asked = request({
      method: 'CONNECT',
      host: proxy.host,
      port: proxy.port,
      path: target,
      agent: false,
      headers: { host: target, ...(proxy.authorization === undefined ? {} : { 'proxy-authorization': proxy.authorization }) },
    });
    asked.once('connect', (answer, socket: Socket, early) => {
      const status = answer.statusCode ?? 0;
      if (status < 200 || status > 299) {
        socket.destroy();
        return fail(failed('proxy', `E${status}`, status));
      }
      if (early.length > 0) socket.unshift(early);
      settle(socket);
    });
    // A proxy that answers CONNECT like any other request.
    asked.once('response', (answer) => fail(failed('proxy', 'ENOTUNNEL', answer.statusCode ?? null)));
    asked.on('error', (error) => fail(failed('proxy', errnoOf(error))));
    asked.end();
    return () => asked.destroy();
  });

const plain = (to: DialTo, overdue: AbortSignal): Promise<Socket> =>
  within(overdue, (settle, fail) => {
    const socket = connectPlain({ host: to.host, port: to.port, noDelay: true });
    const failing = (error: Error): void => fail(failed('connection', errnoOf(error)));
    socket.on('error', failing);
    socket.once('connect', () => {
      socket.off('error', failing);
      settle(socket);
    });
    return () => socket.destroy();
  });

const secure = (
  to: DialTo,
  { context, session, servername }: NonNullable<DialTo['tls']>,
  below: Socket,
  overdue: AbortSignal,
): Promise<TLSSocket> =>
  within(overdue, (settle, fail) => {
    const name = servername ?? (isIP(to.host) === 0 ? to.host : undefined);
    const socket = connectTls({
      socket: below,
      host: to.host,
      secureContext: context,
      ALPNProtocols: ['http/1.1'],
      ...(name === undefined ? {} : { servername: name }),
      ...(session === undefined ? {} : { session }),
    });
    const failing = (error: Error): void => fail(failed('connection', errnoOf(error)));
    socket.on('error', failing);
    socket.once('secureConnect', () => {
      socket.off('error', failing);
      settle(socket);
    });
    return () => {
      socket.destroy();
      below.destroy();
    };
  });

/** Connects, through the proxy where there is one, and checks the server before anything is sent. Rejects with a MeshError that reached nothing. */
export const dial = async (to: DialTo): Promise<Socket> => {
  const overdue = AbortSignal.timeout(to.timeout);
  const below = await (to.proxy === null ? plain(to, overdue) : tunnel(to, to.proxy, overdue));
  below.setNoDelay(true);
  return to.tls === null ? below : await secure(to, to.tls, below, overdue);
};
