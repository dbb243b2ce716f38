import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { TlsMaterial } from './tls-material.ts';

const HOUR = 3_600_000;

/** Bytes that no header may hold never reach a handler: the parser refuses them, and the service's words are written here. */
const refuseUnreadable = (error: Error, socket: Duplex): void => {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify({ errorEvent: 'TRANSFER', errorCode: '06', errorDescription: 'Malformed control file' });
  const malformed = 'code' in error && error.code === 'HPE_INVALID_HEADER_TOKEN';
  const head = 'Content-Type: application/json\r\nConnection: close\r\n';
  socket.end(
    malformed
      ? `HTTP/1.1 400 Bad Request\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}`
      : 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
  );
};

/** A server with mutual TLS, or, without material, plain. Whoever shows no certificate of the authority has the connection broken. */
export const makeServer = (tls: TlsMaterial | undefined, serve: (request: IncomingMessage, response: ServerResponse) => void): Server => {
  const server =
    tls === undefined
      ? createHttpServer(serve)
      : createHttpsServer(
          {
            ...tls.server,
            ca: tls.authority.identity.cert,
            requestCert: true,
            rejectUnauthorized: true,
            minVersion: 'TLSv1.2',
          },
          serve,
        );
  server.keepAliveTimeout = 60_000;
  // A hundred megabytes over a slow line take their time.
  server.requestTimeout = HOUR;
  server.on('clientError', refuseUnreadable);
  return server;
};

/** Resolves with the port. */
export const listenOn = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });

/** Ends at once, whoever is still connected. */
export const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
