import { request } from 'node:http';
import type { FastifyPluginAsync } from 'fastify';
import { buildConsole, type Console, type ConsoleParts, openConsole } from '../../console/server.ts';
import { silent, type Telemetry } from '../../records/telemetry.ts';
import { openTelemetry } from '../../telemetry/telemetry.ts';

const metrics = { text: async () => 'throughcare_x_total 1\n', contentType: 'text/plain; version=0.0.4; charset=utf-8' };
const parts = (more: Partial<ConsoleParts> = {}): ConsoleParts => ({
  settings: { listen: { host: '127.0.0.1', port: 0 }, allowRemote: false },
  checks: () => [],
  metrics,
  telemetry: silent,
  ...more,
});
const ask = async (more: Partial<ConsoleParts>, url: string, options: { method?: 'GET' | 'POST' | 'PUT'; host?: string } = {}) => {
  const server = await buildConsole(parts(more));
  try {
    return await server.inject({ method: options.method ?? 'GET', url, headers: { host: options.host ?? '127.0.0.1:7750' } });
  } finally {
    await server.close();
  }
};

describe('/livez', () => {
  it('answers while the event loop turns', async () => {
    const reply = await ask({}, '/livez');
    expect(reply.statusCode).toBe(200);
    expect(reply.json()).toEqual({ alive: true, uptimeSeconds: expect.any(Number), eventLoopMs: expect.any(Number) });
  });
});

describe('/readyz', () => {
  const ok = { name: 'store', check: () => ({ ready: true }) };

  it('is 200 when every check is ready, and names each', async () => {
    const reply = await ask(
      { checks: () => [ok, { name: 'leader', check: async () => ({ ready: true, detail: 'this daemon' }) }] },
      '/readyz',
    );
    expect(reply.statusCode).toBe(200);
    expect(reply.json()).toMatchObject({ ready: true, checks: { store: { ready: true }, leader: { ready: true, detail: 'this daemon' } } });
  });

  it('is 503 when one is not, and still shows the others', async () => {
    const reply = await ask({ checks: () => [ok, { name: 'queue', check: () => ({ ready: false, code: 'ECONNREFUSED' }) }] }, '/readyz');
    expect(reply.statusCode).toBe(503);
    expect(reply.json()).toMatchObject({ ready: false, checks: { store: { ready: true }, queue: { ready: false, code: 'ECONNREFUSED' } } });
  });

  it('is 503 when a check fails or does not answer, and never repeats the message of an error', async () => {
    const failing = { name: 'store', check: () => Promise.reject(Object.assign(new Error('for Smith'), { code: '57P01' })) };
    const hanging = { name: 'queue', check: () => new Promise<never>(() => undefined) };
    const throwing = {
      name: 'leader',
      check: () => {
        throw new Error('for Smith');
      },
    };
    const reply = await ask({ checks: () => [failing, hanging, throwing], checkDeadline: 20 }, '/readyz');
    expect(reply.statusCode).toBe(503);
    expect(reply.json().checks).toMatchObject({ store: { code: '57P01' }, queue: { code: 'no-answer' }, leader: { code: 'failed' } });
    expect(reply.body).not.toContain('Smith');
  });

  it('asks once for those who ask at the same time', async () => {
    let asked = 0;
    const check = {
      name: 'store',
      check: async () => {
        asked += 1;
        await new Promise((resolve) => setTimeout(resolve, 20));
        return { ready: true };
      },
    };
    const server = await buildConsole(parts({ checks: () => [check] }));
    const replies = await Promise.all([1, 2, 3].map(() => server.inject({ url: '/readyz', headers: { host: 'localhost' } })));
    expect(replies.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
    expect(asked).toBe(1);
    await server.inject({ url: '/readyz', headers: { host: 'localhost' } });
    expect(asked).toBe(2);
    await server.close();
  });
});

describe('/metrics', () => {
  it('gives the metrics of the telemetry in Prometheus text', async () => {
    const telemetry = openTelemetry({ log: { level: 'off', format: 'json' } });
    telemetry.count('messages.stored', { source: 'prison-adt' }, 3);
    const reply = await ask({ metrics: telemetry.metrics, telemetry }, '/metrics');
    expect(reply.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(reply.body).toContain('throughcare_messages_stored_total{source="prison-adt"} 3');
  });
});

describe('/queues', () => {
  const board: FastifyPluginAsync = async (server) => {
    server.get('/', async (_request, reply) => reply.type('text/html').send('<p>queues</p>'));
    server.put('/api/queues/pause', async () => 'paused');
  };

  it('mounts the pages it is given, for reading alone', async () => {
    const page = await ask({ board }, '/queues');
    expect([page.statusCode, page.body]).toEqual([200, '<p>queues</p>']);
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    const put = await ask({ board }, '/queues/api/queues/pause', { method: 'PUT' });
    expect([put.statusCode, put.headers.allow, put.json()]).toEqual([405, 'GET, HEAD', { error: 'read-only' }]);
  });

  it('is not there when no pages are given', async () => {
    const reply = await ask({}, '/queues');
    expect([reply.statusCode, reply.json()]).toEqual([404, { error: 'not-found', paths: ['/livez', '/readyz', '/metrics'] }]);
  });
});

describe('what every answer keeps', () => {
  it.each(['/livez', '/nowhere'])('headers against guessing, framing, storing and calling out (%s)', async (url) => {
    const { headers } = await ask({}, url);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    });
  });

  it('no answer to a name that is not ours, so that a web page cannot reach in', async () => {
    expect((await ask({}, '/readyz', { host: 'evil.example:7750' })).statusCode).toBe(421);
    expect((await ask({}, '/readyz', { host: 'localhost:7750' })).statusCode).toBe(200);
    const settings = { listen: { host: '0.0.0.0', port: 0 }, allowRemote: true };
    expect((await ask({ settings }, '/readyz', { host: 'tc.example' })).statusCode).toBe(200);
  });

  it('an error without its words, and the error in the log', async () => {
    const errors: unknown[] = [];
    const telemetry: Telemetry = { ...silent, error: (name) => errors.push(name) };
    const reply = await ask({ telemetry, metrics: { ...metrics, text: () => Promise.reject(new Error('Smith')) } }, '/metrics');
    expect([reply.statusCode, reply.json(), errors]).toEqual([500, { error: 'internal' }, ['console.failed']]);
  });
});

describe('on a real socket', () => {
  let open: Console | undefined;
  afterEach(async () => {
    await open?.close();
    open = undefined;
  });

  const get = (url: string): Promise<{ status: number | undefined; text: string }> =>
    new Promise((resolve, reject) => {
      request(url, { agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }));
      })
        .on('error', reject)
        .end();
    });

  it('listens on loopback, answers, and closes at once though a browser keeps its connection', async () => {
    open = await openConsole(parts());
    expect(open.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await get(`${open.url}/livez`)).toMatchObject({ status: 200 });
    await fetch(`${open.url}/livez`).then((reply) => reply.text());
    const { url } = open;
    await open.close();
    await expect(get(`${url}/livez`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('refuses to listen for other machines, and does so with a warning when told to', async () => {
    await expect(openConsole(parts({ settings: { listen: { host: '0.0.0.0', port: 0 }, allowRemote: false } }))).rejects.toThrow(
      /allowRemote/,
    );
    const warned: string[] = [];
    const telemetry: Telemetry = { ...silent, warn: (name) => warned.push(name) };
    open = await openConsole(parts({ telemetry, settings: { listen: { host: '0.0.0.0', port: 0 }, allowRemote: true } }));
    expect(warned).toEqual(['console.remote']);
  });
});
