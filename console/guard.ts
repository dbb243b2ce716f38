import type { FastifyInstance } from 'fastify';

const loopback = /^(127(\.\d{1,3}){3}|\[?::1\]?|localhost)$/i;

/** True for addresses that only this machine can reach. */
export const isLoopback = (host: string): boolean => loopback.test(host);

const answers = "default-src 'none'; frame-ancestors 'none'";
/** The queue pages bring their own scripts and styles; what they ask of other hosts (fonts) is not fetched. */
const pages =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

/**
 * Every answer carries headers that keep browsers from guessing, framing, storing and calling out; nothing but reading is allowed;
 * and on loopback only a loopback name is answered, so that a web page cannot reach in through a name it owns (DNS rebinding).
 */
export const guard = (server: FastifyInstance, allowRemote: boolean): void => {
  server.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'cache-control': 'no-store',
      'content-security-policy': request.url.startsWith('/queues') ? pages : answers,
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
    if (!allowRemote && !isLoopback(request.hostname)) return reply.code(421).send({ error: 'wrong-host' });
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return reply.code(405).header('allow', 'GET, HEAD').send({ error: 'read-only' });
    return undefined;
  });
};
