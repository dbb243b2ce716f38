import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { FaultCode } from '../../records/faults.ts';
import { errnoOf } from '../condition.ts';

/** Where to and how. Times in ms. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly connectTimeout: number;
  /** Certificates and names for TLS; null = plain. */
  readonly tls: ConnectionOptions | null;
}

/** A connection that did not come about; nothing was sent on it. */
export interface ConnectFailure {
  readonly code: Extract<FaultCode, 'connection-refused' | 'tls-failed' | 'send-failed'>;
  /** errno, OpenSSL code, `timeout` or `deadline`. */
  readonly cause: string;
}

const KEEP_ALIVE = 30_000;

/**
 * Opens a connection that may be written to: connected, and under TLS with the server's certificate and name checked. One
 * time limit for name look-up, TCP and handshake together.
 */
export const connect = (to: Endpoint, deadline: AbortSignal): Promise<Socket | ConnectFailure> =>
  new Promise((done) => {
    if (deadline.aborted) {
      done({ code: 'send-failed', cause: 'deadline' });
      return;
    }
    let reached = false;
    const plain = { host: to.host, port: to.port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE };
    const socket =
      to.tls === null
        ? connectPlain(plain)
        : // A certificate is made out to a name; an address must not be sent as one (RFC 6066 §3).
          connectTls({
            ...(isIP(to.host) === 0 ? { servername: to.host } : {}),
            ...plain,
            ...to.tls,
            rejectUnauthorized: true,
            minVersion: 'TLSv1.2',
          });
    const settle = (result: Socket | ConnectFailure) => {
      clearTimeout(timer);
      deadline.removeEventListener('abort', overdue);
      socket.off('error', failed);
      socket.off('close', closed);
      if (result !== socket) {
        socket.on('error', () => {});
        socket.destroy();
      }
      done(result);
    };
    const failure = (cause: string): ConnectFailure => ({ code: reached ? 'tls-failed' : 'connection-refused', cause });
    const failed = (error: Error) => settle(failure(errnoOf(error)));
    const closed = () => settle(failure('closed'));
    const overdue = () => settle({ code: 'send-failed', cause: 'deadline' });
    const timer = setTimeout(() => settle(failure('timeout')), to.connectTimeout);
    deadline.addEventListener('abort', overdue, { once: true });
    socket.on('error', failed);
    socket.on('close', closed);
    socket.on('connect', () => {
      reached = true;
      if (to.tls === null) settle(socket);
    });
    // Comes only after the certificate was checked (rejectUnauthorized); without it not a byte is written.
    socket.on('secureConnect', () => settle(socket));
  });
