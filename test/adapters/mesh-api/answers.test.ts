import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { MeshError } from '../../../adapters/mesh-api/errors.ts';
import { allOf, bodyOf, OURS, Services, THEIRS } from './support/service.ts';

const services = new Services();
afterEach(() => services.close());

const meshError = async (asked: Promise<unknown>): Promise<MeshError> => {
  const error = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof MeshError)) throw new Error('no MeshError', { cause: error });
  return error;
};

const TO_THEM = { 'mex-from': OURS, 'mex-to': THEIRS, 'mex-workflowid': 'W1' };

describe('errors, in every form they come in, are one', () => {
  it.each([
    ['v1', 417, { event: 'SEND', code: '12', words: 'no such mailbox' }],
    ['v2', 417, { event: 'SEND', code: '12', words: 'no such mailbox' }],
    ['validation', 400, { event: '', code: '', words: 'header.12: no such mailbox' }],
    ['bare', 500, { event: '', code: '', words: 'An internal error occurred.\n\nPlease contact support.' }],
    ['xml', 500, { event: '', code: '', words: 'soap:Server no such mailbox' }],
    ['html', 502, { event: '', code: '', words: '502 no such mailbox' }],
    ['none', 404, { event: '', code: '', words: '' }],
  ] as const)('%s', async (body, status, said) => {
    const server = await services.start();
    const client = services.client(server);
    await client.handshake();
    server.inject({ route: 'send', effect: 'status', status, body, event: 'SEND', code: '12', text: 'no such mailbox' });
    const { trouble, status: answered, event, code, words } = await meshError(client.send(TO_THEM, bodyOf('x')));
    expect({ trouble, answered, event, code, words }).toEqual({ trouble: 'refused', answered: status, ...said });
  });

  it.each(['v1', 'v2'] as const)('also under a status of success (%s)', async (body) => {
    const server = await services.start();
    const client = services.client(server);
    await client.handshake();
    server.inject({ route: 'send', effect: 'status', status: 202, body, event: 'SEND', code: '17', text: 'not registered' });
    const error = await meshError(client.send(TO_THEM, bodyOf('x')));
    expect({ trouble: error.trouble, code: error.code, unknown: error.unknown }).toEqual({
      trouble: 'accepted-but-error',
      code: '17',
      unknown: false,
    });
  });

  it('an answer that names no message leaves open whether there is one', async () => {
    const server = await services.start();
    const client = services.client(server);
    await client.handshake();
    server.inject({ route: 'send', effect: 'status', status: 202, body: { text: '<html/>', type: 'text/html' }, after: true });
    server.inject({ route: 'send', effect: 'status', status: 202, body: 'none', after: true });
    expect((await meshError(client.send(TO_THEM, bodyOf('x')))).unknown).toBe(true);
    expect((await meshError(client.send(TO_THEM, bodyOf('x')))).unknown).toBe(true);
  });

  it('the words of the service show up nowhere by accident: they may quote what was sent', async () => {
    const server = await services.start();
    const client = services.client(server);
    server.inject({ route: 'inbox', effect: 'status', status: 400, code: '06', text: 'GPPROVIDER_9990000000_19800101_EXAMPLE' });
    const error = await meshError(client.inbox());
    expect(error.words).toContain('EXAMPLE');
    for (const shown of [error.message, String(error.stack), JSON.stringify(error), inspect(error)]) expect(shown).not.toContain('EXAMPLE');
  });

  it('a redirect is refused: tokens and patients go nowhere else', async () => {
    const asked: unknown[] = [];
    const elsewhere = createServer((request, response) => {
      asked.push(request.url);
      response.end('{}');
    });
    await new Promise<void>((done) => elsewhere.listen(0, '127.0.0.1', done));
    const server = await services.start();
    const client = services.client(server);
    const to = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`;
    for (const status of [301, 302, 307, 308]) {
      server.inject({ route: 'inbox', effect: 'redirect', to, status });
      expect((await meshError(client.inbox())).trouble).toBe('redirect');
    }
    await new Promise((done) => elsewhere.close(done));
    expect(asked).toEqual([]);
  });
});

describe('Retry-After', () => {
  it.each([429, 503])('a long one (%i) is kept by all requests of the mailbox, and nothing is sent meanwhile', async (status) => {
    const server = await services.start();
    const client = services.client(server);
    await client.handshake();
    server.inject({ route: 'inbox', effect: 'status', status, headers: { 'retry-after': '120' } });
    expect((await meshError(client.inbox())).retryAfterMs).toBe(120_000);
    const before = server.totals().requests;
    const error = await meshError(client.send(TO_THEM, bodyOf('x')));
    expect({ trouble: error.trouble, reached: error.reached, unknown: error.unknown }).toEqual({
      trouble: 'pause',
      reached: false,
      unknown: false,
    });
    expect(server.totals().requests).toBe(before);
    expect(client.pauseMs).toBeGreaterThan(100_000);
  });

  it('a date is understood, and a short pause is waited through', async () => {
    const server = await services.start();
    const pauses: number[] = [];
    const client = services.client(server, {}, { pause: async (ms) => void pauses.push(ms) });
    server.inject({ route: 'inbox', effect: 'rate-limit', retryAfter: new Date(Date.now() + 4_000).toUTCString() });
    await client.inbox();
    expect(pauses.some((ms) => ms > 1_500)).toBe(true);
  });
});

describe('time limits are of silence', () => {
  it('a service that takes a request and says nothing is given up', async () => {
    const server = await services.start();
    const client = services.client(server, { timeout: 150 });
    await client.handshake();
    server.inject({ route: 'send', effect: 'silence' });
    const error = await meshError(client.send(TO_THEM, bodyOf('x')));
    expect({ trouble: error.trouble, unknown: error.unknown }).toEqual({ trouble: 'silence', unknown: true });
  });

  it('our own side may take its time, sending and reading', async () => {
    const server = await services.start();
    const client = services.client(server, { timeout: 200, api: 'v2' });
    const slowly = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));
    const id = await client.send(TO_THEM, {
      async *open() {
        yield Buffer.from('one ');
        await slowly(500);
        yield Buffer.alloc(3_000_000, 'x');
      },
    });
    const them = services.client(server, { id: THEIRS, timeout: 200 });
    const { body } = await them.download(id, { compressed: false });
    let size = 0;
    for await (const piece of body) {
      if (size === 0) await slowly(500);
      size += piece.length;
    }
    expect(size).toBe(3_000_004);
  });

  it('a body that trickles is not silent', async () => {
    const server = await services.start();
    const client = services.client(server, { timeout: 400 });
    const id = await server.put(OURS, { workflowId: 'W1', body: Buffer.alloc(3_000, 'x') });
    server.inject({ route: 'download', effect: 'trickle', bytesPerSecond: 2_000 });
    expect((await allOf((await client.download(id, { compressed: false })).body)).length).toBe(3_000);
  });

  it('a stopped request ends at once', async () => {
    const server = await services.start();
    const client = services.client(server);
    server.inject({ route: 'inbox', effect: 'silence' });
    const stop = new AbortController();
    const asked = meshError(client.inbox({}, stop.signal));
    setTimeout(() => stop.abort(), 50);
    expect((await asked).trouble).toBe('stopped');
  });
});

describe('versions of the API', () => {
  it.each([400, 406, 415])('version 1 is spoken where version 2 is not known (%i), and remembered', async (status) => {
    const server = await services.start();
    const client = services.client(server);
    await server.put(OURS, { workflowId: 'W1', body: 'x' });
    server.inject({ route: 'inbox', effect: 'status', status, body: 'bare' });
    expect((await client.inbox()).ids).toHaveLength(1);
    await client.send(TO_THEM, bodyOf('x'));
    expect(server.requests().map(({ route, version }) => `${route} ${version}`)).toEqual(['inbox 2', 'inbox 1', 'send 1']);
    // A service is upgraded one day.
    await client.handshake();
    expect(client.version).toBe(2);
  });

  it('the version is known before a message is risked on it', async () => {
    const server = await services.start();
    const client = services.client(server);
    server.inject({ route: 'handshake', effect: 'status', status: 406, body: 'none' });
    await Promise.all([client.send(TO_THEM, bodyOf('x')), client.send(TO_THEM, bodyOf('y'))]);
    expect(server.requests().map(({ route, version }) => `${route} ${version}`)).toEqual([
      'handshake 2',
      'handshake 1',
      'send 1',
      'send 1',
    ]);
  });

  it('an error of the service itself is no reason to change', async () => {
    const server = await services.start();
    const client = services.client(server);
    server.inject({ route: 'inbox', effect: 'status', status: 400, code: '06', event: 'TRANSFER' });
    expect((await meshError(client.inbox())).code).toBe('06');
    expect(server.totals().requests).toBe(1);
  });
});
