import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { MeshClient } from '../../../adapters/mesh-api/client.ts';
import { MeshContentError, MeshError } from '../../../adapters/mesh-api/errors.ts';
import { allOf, bodyOf, clientParts, mailboxSettings, OURS, Services, THEIRS } from './support/service.ts';

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

describe('MESH rule 4.1 the first POST is never sent twice by itself', () => {
  it.each([
    ['no answer after it was taken', { effect: 'reset', after: true } as const, null, true],
    ['no answer, and not taken', { effect: 'reset' } as const, null, true],
    ['a gateway that gave up waiting', { effect: 'status', status: 504, body: 'html', after: true } as const, 504, true],
    ['an inner error', { effect: 'status', status: 500, body: 'xml', after: true } as const, 500, true],
    ['busy', { effect: 'status', status: 503 } as const, 503, false],
    ['refused', { effect: 'status', status: 417, event: 'SEND', code: '12' } as const, 417, false],
  ])('%s', async (_, effect, status, unknown) => {
    const server = await services.start();
    const client = services.client(server);
    await client.handshake();
    server.inject({ route: 'send', times: 0, ...effect });
    const error = await meshError(client.send(TO_THEM, bodyOf('x')));
    expect({ status: error.status, unknown: error.unknown }).toEqual({ status, unknown });
    expect(server.totals().byRoute.send).toBe(1);
  });

  it('a service that cannot be reached has certainly not taken it', async () => {
    const server = await services.start();
    const client = new MeshClient(mailboxSettings(server, { url: 'https://127.0.0.1:9', api: 'v2' }), clientParts());
    const error = await meshError(client.send(TO_THEM, bodyOf('x')));
    expect({ reached: error.reached, unknown: error.unknown, errno: error.errno }).toEqual({
      reached: false,
      unknown: false,
      errno: 'ECONNREFUSED',
    });
  });

  it('chunks from the second on, downloads and acknowledgements are asked again', async () => {
    const server = await services.start();
    const client = services.client(server);
    const id = await client.send({ ...TO_THEM, 'mex-chunk-range': '1:2' }, bodyOf('one '));
    for (const route of ['send-chunk', 'metadata', 'download', 'acknowledge', 'inbox'] as const)
      server.inject({ route, effect: 'status', status: 503, times: 2 });
    await client.sendChunk(id, { chunk: 2, of: 2 }, {}, bodyOf('two'));
    const them = services.client(server, { id: THEIRS });
    expect((await them.inbox()).ids).toEqual([id]);
    await them.head(id);
    expect((await allOf((await them.download(id)).body)).toString()).toBe('one two');
    await them.acknowledge(id);
    expect((await them.inbox()).ids).toEqual([]);
  });

  it('three tries, pausing half a second and then a second', async () => {
    const pauses: number[] = [];
    const server = await services.start();
    const client = services.client(server, {}, { pause: async (ms) => void pauses.push(ms) });
    server.inject({ route: 'inbox', effect: 'status', status: 502, times: 0 });
    expect((await meshError(client.inbox())).status).toBe(502);
    expect(server.totals().byRoute.inbox).toBe(3);
    expect(pauses).toEqual([500, 1000]);
  });
});

describe('MESH rule 4.2 a token for each attempt', () => {
  it('retries and chunks are signed afresh, and the server sees no token twice', async () => {
    const server = await services.start();
    const client = services.client(server);
    server.inject({ effect: 'status', status: 503, route: ['inbox', 'send-chunk'], times: 3 });
    await client.inbox().catch(() => {});
    const id = await client.send({ ...TO_THEM, 'mex-chunk-range': '1:2' }, bodyOf('a'));
    await client.sendChunk(id, { chunk: 2, of: 2 }, {}, bodyOf('b'));
    expect(server.totals().replayedTokens).toBe(0);
    const nonces = server.requests().map(({ nonce }) => nonce);
    expect(new Set(nonces).size).toBe(nonces.length);
  });

  it('carries the minute in UTC, whatever the zone of the machine', async () => {
    const server = await services.start({ strict: { clockWindow: 60_000 } });
    await expect(services.client(server).handshake()).resolves.toBeUndefined();
    const wrong = services.client(server, {}, { now: () => new Date(Date.now() + 3_600_000) });
    expect((await meshError(wrong.handshake())).unauthorised).toBe(true);
  });
});

it('MESH rule 4.3 the body of a chunk is opened anew for each attempt', async () => {
  const server = await services.start();
  const client = services.client(server);
  const id = await client.send({ ...TO_THEM, 'mex-chunk-range': '1:2' }, bodyOf('first '));
  server.inject({ route: 'send-chunk', effect: 'reset', times: 1 });
  let opened = 0;
  const big = Buffer.alloc(300_000, 'z');
  await client.sendChunk(
    id,
    { chunk: 2, of: 2 },
    {},
    {
      open: () => {
        opened += 1;
        return bodyOf(big, big).open();
      },
    },
  );
  expect(opened).toBe(2);
  const them = services.client(server, { id: THEIRS });
  expect(await allOf((await them.download(id)).body)).toEqual(Buffer.concat([Buffer.from('first '), big, big]));
});

describe('MESH rule 4.5 pages of the inbox', () => {
  it('relative links lead to all of 1,200 messages, and filtered pages may be empty in between', async () => {
    const server = await services.start();
    const wanted: string[] = [];
    for (let n = 0; n < 1_200; n += 1) {
      const id = await server.put(OURS, { workflowId: n === 1_100 ? 'RARE' : 'W1', body: 'x' });
      if (n === 1_100) wanted.push(id);
    }
    const client = services.client(server);
    const drain = async (workflowFilter?: string): Promise<{ ids: string[]; sizes: number[] }> => {
      const ids: string[] = [];
      const sizes: number[] = [];
      let page = await client.inbox(workflowFilter === undefined ? {} : { workflowFilter });
      for (;;) {
        ids.push(...page.ids);
        sizes.push(page.ids.length);
        if (page.next === null) return { ids, sizes };
        page = await client.inbox({ next: page.next });
      }
    };
    const all = await drain();
    expect(all.sizes).toEqual([500, 500, 200]);
    expect(new Set(all.ids).size).toBe(1_200);
    expect(await drain('RARE')).toEqual({ ids: wanted, sizes: [0, 0, 1] });
  });

  it('a link to another place is not followed', async () => {
    const server = await services.start();
    const error = await meshError(services.client(server).inbox({ next: 'https://elsewhere.example/messageexchange/X/inbox' }));
    expect(error.trouble).toBe('redirect');
    expect(server.totals().requests).toBe(0);
  });
});

describe('MESH rule 4.9 names', () => {
  it('ids and local ids are quoted in paths', async () => {
    const paths: string[] = [];
    const server = createServer((request, response) => {
      paths.push(request.url ?? '');
      response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const mesh = await services.start();
    const { tls: _, ...settings } = mailboxSettings(mesh, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, api: 'v2' });
    const client = new MeshClient(settings, clientParts());
    await expect(client.head('../../X26/inbox?a#b')).rejects.toBeInstanceOf(MeshContentError);
    expect(await client.trackByLocalId('a/b')).toBeNull();
    expect(await client.track('a&b')).toBeNull();
    client.close();
    await new Promise((done) => server.close(done));
    expect(paths).toEqual([
      `/messageexchange/${OURS}/inbox/..%2F..%2FX26%2Finbox%3Fa%23b`,
      `/messageexchange/${OURS}/outbox/tracking/a%2Fb`,
      `/messageexchange/${OURS}/outbox/tracking?messageID=a%26b`,
    ]);
  });

  it.each(['v1', 'v2'] as const)('headers are found whatever their case (%s)', async (api) => {
    const server = await services.start();
    const id = await server.put(OURS, { workflowId: 'W1', body: 'x', subject: 'About a pump' });
    const headers = await services.client(server, { api }).head(id);
    expect(headers).toMatchObject({ 'mex-workflowid': 'W1', 'mex-messagetype': 'DATA', 'mex-subject': 'About a pump' });
  });
});

it('MESH rule 4.14 the handshake says which client runs on what', async () => {
  const server = await services.start();
  // The stand-in refuses a handshake without them, as the service does.
  await services.client(server).handshake();
  expect(server.totals().byRoute.handshake).toBe(1);
});

describe('assurance', () => {
  const pair = async () => {
    const server = await services.start({
      mailboxes: [
        { id: OURS, password: 'a' },
        { id: THEIRS, password: 'b', receives: ['W1'] },
      ],
    });
    return { server, us: services.client(server), them: services.client(server, { id: THEIRS }) };
  };

  it('assurance 201 send plain, assurance 202 send gzip: the recipient has what was sent', async () => {
    const { us, them } = await pair();
    const text = 'to the practice '.repeat(10_000);
    const plain = await us.send(TO_THEM, bodyOf(text));
    const zipped = await us.send({ ...TO_THEM, 'content-encoding': 'gzip' }, bodyOf(gzipSync(text)));
    for (const id of [plain, zipped]) expect((await allOf((await them.download(id)).body)).toString()).toBe(text);
    expect((await them.inbox()).ids).toEqual([plain, zipped]);
  });

  it('assurance 701 a disabled mailbox is refused with 403', async () => {
    const { server, us } = await pair();
    await server.setEnabled(OURS, false);
    const error = await meshError(us.inbox());
    expect({ status: error.status, unauthorised: error.unauthorised, code: error.code }).toEqual({
      status: 403,
      unauthorised: true,
      code: '100',
    });
  });

  it('assurance 702 a recipient that does not exist is refused with 417', async () => {
    const { us } = await pair();
    const error = await meshError(us.send({ ...TO_THEM, 'mex-to': 'X26NOBODY' }, bodyOf('x')));
    expect({ status: error.status, event: error.event, code: error.code, unknown: error.unknown }).toEqual({
      status: 417,
      event: 'SEND',
      code: '12',
      unknown: false,
    });
  });

  it('assurance 704 a message that never was is gone', async () => {
    const { us } = await pair();
    await expect(us.download('20200101000000000000_AAAAAA')).rejects.toMatchObject({ name: 'MeshContentError', trouble: 'gone' });
  });

  it('assurance 705 a message that was acknowledged cannot be had again; acknowledging it again is as good', async () => {
    const { server, us } = await pair();
    const id = await server.put(OURS, { workflowId: 'W1', body: 'x' });
    await us.acknowledge(id);
    await expect(us.download(id)).rejects.toMatchObject({ trouble: 'gone' });
    await us.acknowledge(id);
  });
});

describe('tracking and look-ups', () => {
  it('tells when the recipient has fetched a message, and null of one that is not ours', async () => {
    const server = await services.start();
    const us = services.client(server);
    const them = services.client(server, { id: THEIRS });
    const id = await us.send({ ...TO_THEM, 'mex-localid': 'K1' }, bodyOf('x'));
    expect(await us.track(id)).toMatchObject({ id, status: 'accepted', recipient: THEIRS });
    await them.acknowledge(id);
    expect(await us.track(id)).toMatchObject({ status: 'acknowledged', at: expect.any(Number) });
    expect(await us.trackByLocalId('K1')).toMatchObject({ id, status: 'acknowledged' });
    expect(await them.track(id)).toBeNull();
    await us.send({ ...TO_THEM, 'mex-localid': 'K1' }, bodyOf('y'));
    expect(await us.trackByLocalId('K1')).toBe('several');
    expect(await us.trackByLocalId('K2')).toBeNull();
  });

  it.each(['v1', 'v2'] as const)('finds none, one or several mailboxes of an organisation (%s)', async (api) => {
    const server = await services.start({
      mailboxes: [
        { id: OURS, password: 'a', odsCode: 'X26' },
        { id: THEIRS, password: 'b', odsCode: 'A83002', name: 'Practice', receives: ['W1', 'W2'] },
        { id: 'X26HC007', password: 'c', odsCode: 'A83002', receives: ['W2'] },
      ],
    });
    const client = services.client(server, { api });
    expect(await client.lookup('A83002', 'W1')).toEqual([{ mailbox: THEIRS, name: 'Practice' }]);
    expect((await client.lookup('A83002', 'W2')).map(({ mailbox }) => mailbox)).toEqual([THEIRS, 'X26HC007']);
    expect(await client.lookup('A83002', 'W3')).toEqual([]);
    expect(server.requests().every(({ nonce }) => nonce === '')).toBe(true);
  });
});
