import type { MeshServer } from '../../../stand-ins/mesh/handle.ts';
import { startMeshServer } from '../../../stand-ins/mesh/server.ts';
import { eventually } from '../../support/eventually.ts';
import { PlainClient, sentId } from './client.ts';

describe.each([
  ['over TLS', true],
  ['without TLS', false],
])('injected faults, %s', (_name, tls) => {
  let server: MeshServer;
  let a: PlainClient;
  let b: PlainClient;
  beforeAll(async () => {
    server = await startMeshServer({ tls, mailboxes: ['A1', 'B1'].map((id) => ({ id, password: 'p' })) });
  });
  beforeEach(() => {
    a = new PlainClient(server, 'A1');
    b = new PlainClient(server, 'B1');
  });
  afterEach(() => {
    server.clearFaults();
    a.close();
    b.close();
  });
  afterAll(async () => {
    await server.close();
    expect(server.problems).toEqual([]);
  });

  it('befall the requests they are meant for, as often as they are told', async () => {
    const injected = server.inject({ effect: 'status', status: 503, mailbox: 'a1', route: ['inbox', 'count'], skip: 1, times: 2 });
    const statuses: number[] = [];
    for (const [client, path] of [
      [b, '/inbox'],
      [a, '/inbox'],
      [a, '/inbox/NONE'],
      [a, '/count'],
      [a, '/inbox'],
      [a, '/inbox'],
    ] as const)
      statuses.push((await client.get(path)).status);
    expect(statuses).toEqual([200, 200, 404, 503, 503, 200]);
    expect(injected.hits).toBe(2);
    expect(server.faults()).toEqual([]);
    expect(server.requests().filter(({ fault }) => fault === 'status')).toHaveLength(2);
  });

  it('last until they are taken away', async () => {
    const injected = server.inject({ effect: 'status', status: 500, times: 0 });
    for (let time = 0; time < 3; time += 1) expect((await a.get('/inbox')).status).toBe(500);
    injected.remove();
    expect((await a.get('/inbox')).status).toBe(200);
  });

  it.each([
    ['v1', { errorEvent: 'SEND', errorCode: '12', errorDescription: 'words' }],
    ['v2', { internal_id: expect.any(String), detail: [{ event: 'SEND', code: '12', msg: 'words' }] }],
    ['validation', { detail: [{ type: expect.any(String), loc: ['header', '12'], msg: 'words' }] }],
    ['bare', { internal_id: expect.any(String), message: expect.any(String) }],
  ] as const)('answer in the shape %s, whatever version was asked for', async (body, json) => {
    for (const version of [1, 2] as const) {
      server.inject({ effect: 'status', status: 417, body, event: 'SEND', code: '12', text: 'words' });
      const reply = await a.send('B1', 'x', {}, { version });
      expect([reply.status, reply.json]).toEqual([417, json]);
    }
    expect(await b.inbox()).toEqual([]);
  });

  it.each([
    ['xml', 'text/xml', /^<\?xml .*Fault/],
    ['html', 'text/html', /^<html>/],
    ['none', undefined, /^$/],
    [{ text: 'so long', type: 'text/plain' }, 'text/plain', /^so long$/],
  ] as const)('answer 502 without JSON: %j', async (body, type, text) => {
    server.inject({ effect: 'status', status: 502, body });
    const reply = await a.get('/inbox');
    expect([reply.status, reply.headers['content-type'], reply.body.toString()]).toEqual([502, type, expect.stringMatching(text)]);
  });

  it('answer 202 with an error in the body, and take nothing', async () => {
    server.inject({ effect: 'status', status: 202, body: 'v1', code: '17', event: 'SEND', text: 'no' });
    const reply = await a.send('B1', 'x');
    expect([reply.status, reply.json]).toEqual([202, { errorEvent: 'SEND', errorCode: '17', errorDescription: 'no' }]);
    expect(await b.inbox()).toEqual([]);
  });

  it.each([
    [30, '30'],
    ['Wed, 21 Oct 2026 07:28:00 GMT', 'Wed, 21 Oct 2026 07:28:00 GMT'],
    [undefined, undefined],
  ])('answer 429 with Retry-After %s', async (retryAfter, header) => {
    server.inject({ effect: 'rate-limit', ...(retryAfter === undefined ? {} : { retryAfter }) });
    const reply = await a.get('/inbox');
    expect([reply.status, reply.headers['retry-after']]).toEqual([429, header]);
  });

  it('send a client elsewhere', async () => {
    server.inject({ effect: 'redirect', to: 'https://elsewhere.example/messageexchange/A1/inbox' });
    const reply = await a.get('/inbox');
    expect([reply.status, reply.headers.location]).toEqual([302, 'https://elsewhere.example/messageexchange/A1/inbox']);
  });

  it('break the connection before anything is done', async () => {
    server.inject({ effect: 'reset', route: 'send' });
    await expect(a.send('B1', 'x')).rejects.toThrow(/ECONNRESET|socket hang up/);
    expect(await server.messages({ sender: 'A1', recipient: 'B1', state: 'accepted' })).toEqual([]);
  });

  it('swallow a request before anything is done', async () => {
    const injected = server.inject({ effect: 'black-hole', route: 'send' });
    const silent = new PlainClient(server, 'A1');
    const never = silent.send('B1', 'x').then(
      () => 'answered',
      () => 'gone',
    );
    await eventually(() => injected.hits === 1);
    silent.close();
    expect(await never).toBe('gone');
    expect(await server.messages({ sender: 'A1', recipient: 'B1', state: 'accepted' })).toEqual([]);
  });

  it('take a message and answer an error, break the connection, or never answer', async () => {
    const waiting: string[] = [];
    server.inject({ effect: 'status', status: 500, body: 'xml', route: 'send', after: true });
    expect((await a.send('B1', 'one')).status).toBe(500);
    server.inject({ effect: 'reset', route: 'send', after: true });
    await expect(a.send('B1', 'two')).rejects.toThrow(/ECONNRESET|socket hang up/);
    server.inject({ effect: 'silence', route: 'send' });
    const silent = new PlainClient(server, 'A1');
    const never = silent.send('B1', 'three').then(
      () => 'answered',
      () => 'gone',
    );
    while (waiting.length < 3) waiting.splice(0, waiting.length, ...(await b.inbox()));
    silent.close();
    expect(await never).toBe('gone');
    const bodies = await Promise.all(waiting.map(async (id) => (await server.body(id))?.toString()));
    expect(bodies).toEqual(['one', 'two', 'three']);
    expect(server.requests().filter(({ route, messageId }) => route === 'send' && waiting.includes(messageId))).toHaveLength(3);
    for (const id of waiting) await b.acknowledge(id);
  });

  it('acknowledge without saying so: the second time says 200 as well', async () => {
    const id = sentId(await a.send('B1', 'x'));
    server.inject({ effect: 'reset', route: 'acknowledge', after: true });
    await expect(b.acknowledge(id)).rejects.toThrow();
    expect((await b.acknowledge(id)).status).toBe(200);
    expect(await server.message(id)).toMatchObject({ state: 'acknowledged', acknowledgements: 2 });
  });

  it.each([
    ['small', 1_000],
    ['in a file', 300_000],
  ])('cut a download in its middle (%s), and count it as not given', async (_size, size) => {
    const id = sentId(await a.send('B1', Buffer.alloc(size, 'x')));
    server.inject({ effect: 'cut', route: 'download', afterBytes: 500 });
    await expect(b.get(`/inbox/${id}`)).rejects.toThrow(/aborted|ECONNRESET/);
    expect((await server.message(id))?.downloads).toEqual([]);
    expect((await b.get(`/inbox/${id}`)).body).toHaveLength(size);
    expect((await server.message(id))?.downloads).toEqual([1]);
    await b.acknowledge(id);
  });

  it('hold back the first byte, and let the rest trickle', async () => {
    const id = sentId(await a.send('B1', 'y'.repeat(40)));
    for (const fault of [
      { effect: 'slow-first-byte', milliseconds: 250 },
      { effect: 'trickle', bytesPerSecond: 100 },
    ] as const) {
      server.inject({ route: 'download', ...fault });
      const began = performance.now();
      expect((await b.get(`/inbox/${id}`)).body.toString()).toBe('y'.repeat(40));
      expect(performance.now() - began).toBeGreaterThan(200);
    }
    await b.acknowledge(id);
  });
});
