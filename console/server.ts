import { monitorEventLoopDelay } from 'node:perf_hooks';
import fastify, { type FastifyInstance, type FastifyPluginAsync, type FastifyPluginCallback } from 'fastify';
import type { ConsoleSettings } from '../config/types.ts';
import { ThroughcareError } from '../records/faults.ts';
import { Problem } from '../records/problem.ts';
import type { Telemetry } from '../records/telemetry.ts';
import { guard, isLoopback } from './guard.ts';
import { type ReadinessCheck, readiness } from './readiness.ts';

export interface ConsoleParts {
  readonly settings: ConsoleSettings;
  /** Asked for at each look: sources come and go with a reload. */
  readonly checks: () => readonly ReadinessCheck[];
  /** Prometheus text. */
  readonly metrics: { text(): Promise<string>; readonly contentType: string };
  readonly telemetry: Telemetry;
  /** Pages of the queues, mounted at /queues. */
  readonly board?: FastifyPluginAsync | FastifyPluginCallback;
  /** How long one readiness check may take, ms. */
  readonly checkDeadline?: number;
}

const PATHS = ['/livez', '/readyz', '/metrics', '/queues'];

/** The console's routes on a server that does not listen yet; `openConsole` listens. */
export const buildConsole = async (parts: ConsoleParts): Promise<FastifyInstance> => {
  const { settings, telemetry } = parts;
  const server = fastify({ logger: false, forceCloseConnections: true, routerOptions: { ignoreTrailingSlash: true } });
  const ready = readiness(parts.checks, parts.checkDeadline);
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  server.addHook('onClose', async () => {
    delay.disable();
  });
  guard(server, settings.allowRemote);

  // That it answers is the proof: a daemon whose event loop stands does not.
  server.get('/livez', async () => {
    const eventLoopMs = Math.round(delay.percentile(99) / 1e6);
    delay.reset();
    return { alive: true, uptimeSeconds: Math.floor(process.uptime()), eventLoopMs };
  });
  server.get('/readyz', async (_request, reply) => {
    const report = await ready();
    return reply.code(report.ready ? 200 : 503).send(report);
  });
  server.get('/metrics', async (_request, reply) => reply.type(parts.metrics.contentType).send(await parts.metrics.text()));
  if (parts.board !== undefined) await server.register(parts.board, { prefix: '/queues' });

  server.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: 'not-found', paths: parts.board === undefined ? PATHS.slice(0, 3) : PATHS }),
  );
  server.setErrorHandler((error, _request, reply) => {
    telemetry.error('console.failed', error);
    return reply.code(500).send({ error: 'internal' });
  });
  return server;
};

export interface Console {
  /** `http://127.0.0.1:7750` */
  readonly url: string;
  /** Stops listening and ends every connection. */
  close(): Promise<void>;
}

/** Listens. Refuses an address that other machines reach unless the settings allow it in so many words. */
export const openConsole = async (parts: ConsoleParts): Promise<Console> => {
  const { listen, allowRemote } = parts.settings;
  if (!isLoopback(listen.host)) {
    if (!allowRemote) throw new ThroughcareError('internal', 'console.listen is not a loopback address and console.allowRemote is no');
    parts.telemetry.warn('console.remote', { address: `${listen.host}:${listen.port}` });
  }
  const server = await buildConsole(parts);
  let url: string;
  try {
    url = await server.listen({ host: listen.host, port: listen.port });
  } catch (error) {
    await server.close();
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'failed';
    const why = code === 'EADDRINUSE' ? 'another program listens there already; is a daemon running?' : code;
    throw new Problem(`the console cannot listen on ${listen.host}:${listen.port}: ${why}`, { cause: error });
  }
  parts.telemetry.event('console.listening', { address: url.replace(/^http:\/\//, '') });
  return { url, close: () => server.close() };
};
