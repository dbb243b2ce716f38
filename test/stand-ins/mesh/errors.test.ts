import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import type { MeshServer } from '../../../stand-ins/mesh/handle.ts';
import { startMeshServer } from '../../../stand-ins/mesh/server.ts';
import { field, PlainClient, type Reply, sentId } from './client.ts';

const MAILBOXES = [
  { id: 'A1', password: 'one' },
  { id: 'B1', password: 'two' },
  { id: 'C1', password: 'three' },
];
/** Event and code of an error of version 2. */
const eventAndCode = (reply: Reply): readonly [unknown, unknown] => {
  const [first] = field<{ event: unknown; code: unknown }[]>(reply, 'detail');
  return [first?.event, first?.code];
};

describe('what the stand-in refuses', () => {
  let server: MeshServer;
  let a: PlainClient;
  let b: PlainClient;
  let c: PlainClient;
  beforeAll(async () => {
    server = await startMeshServer({ tls: false, mailboxes: MAILBOXES });
    a = new PlainClient(server, 'A1');
    b = new PlainClient(server, 'B1');
    c = new PlainClient(server, 'C1');
  });
  afterAll(async () => {
    for (const client of [a, b, c]) client.close();
    await server.close();
    expect(server.problems).toEqual([]);
  });

  describe('of a message to send', () => {
    const long = (length: number): string => 'x'.repeat(length);
    it.each<[string, Record<string, string | undefined>, number, unknown, unknown]>([
      ['an unknown recipient', { 'mex-to': 'NOBODY' }, 417, 'SEND', '12'],
      ['a patient address for a workflow that is not routed', { 'mex-to': 'GPPROVIDER_9990000018_19550109_SMITH' }, 417, 'SEND', '12'],
      ['an empty recipient', { 'mex-to': '' }, 400, 'SEND', '08'],
      ['a chunk range that is none', { 'mex-chunk-range': 'one:two' }, 417, 'SEND', 'InvalidHeaderChunks'],
      ['a first chunk that is not the first', { 'mex-chunk-range': '2:3' }, 417, 'SEND', 'InvalidHeaderChunks'],
      ['a chunk above their number', { 'mex-chunk-range': '2:1' }, 417, 'SEND', 'InvalidHeaderChunks'],
      ['the chunk range of a report', { 'mex-chunk-range': '1:0' }, 417, 'SEND', 'InvalidHeaderChunks'],
      ['more chunks than there may be', { 'mex-chunk-range': '1:10001' }, 417, 'SEND', 'InvalidHeaderChunks'],
      ['another content encoding', { 'content-encoding': 'br' }, 422, 'SEND', 'UnsupportedContentEncoding'],
      ['letters no checksum has', { 'mex-content-checksum': 'b64==' }, 400, 'SEND', 'Invalid checksum'],
      ['a tab in a header', { 'mex-subject': 'one\ttwo' }, 400, 'TRANSFER', '06'],
      ['a URL as recipient', { 'mex-to': 'https://example.org' }, 400, 'TRANSFER', '06'],
      ['a URL as workflow', { 'mex-workflowid': 'http://x' }, 400, 'TRANSFER', '06'],
      ['a URL as checksum', { 'mex-content-checksum': 'http://x' }, 400, 'TRANSFER', '06'],
      ['another sender', { 'mex-from': 'B1' }, 400, 'SEND', '07'],
      ['another version', { 'mex-version': '2.0' }, 400, 'SEND', '09'],
      ['another message type', { 'mex-messagetype': 'REPORT' }, 400, 'SEND', '11'],
    ])('%s', async (_name, headers, status, event, code) => {
      const reply = await a.send('B1', 'body', headers);
      expect([reply.status, ...eventAndCode(reply)]).toEqual([status, event, code]);
      const old = await a.send('B1', 'body', headers, { version: 1 });
      expect([old.status, old.json]).toEqual([status, { errorEvent: event, errorCode: code, errorDescription: expect.any(String) }]);
    });

    it.each<[string, Record<string, string | undefined>, string]>([
      ['no recipient', { 'mex-to': undefined }, 'mex-to'],
      ['no workflow', { 'mex-workflowid': undefined }, 'mex-workflowid'],
      ['an empty workflow', { 'mex-workflowid': '' }, 'mex-workflowid'],
      ['a long recipient', { 'mex-to': long(101) }, 'mex-to'],
      ['a long workflow', { 'mex-workflowid': long(301) }, 'mex-workflowid'],
      ['a long subject', { 'mex-subject': long(501) }, 'mex-subject'],
      ['a long local id', { 'mex-localid': long(301) }, 'mex-localid'],
      ['a long file name', { 'mex-filename': long(301) }, 'mex-filename'],
      ['a long checksum', { 'mex-content-checksum': long(101) }, 'mex-content-checksum'],
      ['a long content type', { 'mex-content-type': long(101) }, 'mex-content-type'],
      ['a long chunk range', { 'mex-chunk-range': `1:${'1'.repeat(20)}` }, 'mex-chunk-range'],
    ])('%s: a list of findings in either version', async (_name, headers, header) => {
      for (const version of [1, 2] as const) {
        const reply = await a.send('B1', 'body', headers, { version });
        expect([reply.status, reply.json]).toEqual([
          400,
          { detail: [{ type: expect.any(String), loc: ['header', header], msg: expect.any(String) }] },
        ]);
      }
    });

    it('takes headers as long as they may be', async () => {
      const reply = await a.send('B1', 'body', { 'mex-subject': long(500), 'mex-localid': long(300), 'mex-workflowid': long(300) });
      expect(reply.status).toBe(202);
    });

    it('an empty body', async () => {
      const reply = await a.send('B1', '');
      expect([reply.status, ...eventAndCode(reply)]).toEqual([417, 'COLLECT', '02']);
    });

    it('control characters that no client library lets through', async () => {
      const answer = await new Promise<string>((resolve, reject) => {
        const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
        let text = '';
        socket.on('data', (piece) => (text += piece));
        socket.on('close', () => resolve(text));
        socket.on('error', reject);
        socket.write(`POST /messageexchange/A1/outbox HTTP/1.1\r\nHost: x\r\nMex-Subject: a\u0001b\r\n\r\n`);
      });
      expect(answer).toMatch(/^HTTP\/1.1 400 /);
      expect(answer).toContain('"errorCode":"06"');
    });
  });

  describe('of a token', () => {
    const words = (reply: Reply): unknown => field<{ msg: string }[]>(reply, 'detail')[0]?.msg;
    it.each<[string, () => string | null]>([
      ['none', () => null],
      ['a garbled one', () => 'NHSMESH nonsense'],
      ['another scheme', () => 'Basic YTpi'],
      ['one with another mailbox', () => b.token()],
      ['one under another password', () => a.token({ password: 'guess' })],
      ['one under another key', () => a.token({ sharedKey: 'guess' })],
      ['a nonce that is no GUID', () => a.token({ nonce: 'nonce' })],
      ['a count below zero', () => a.token({ count: -1 })],
      ['one of 2020', () => a.token({ at: new Date('2020-01-01T00:00:00Z') })],
    ])('%s: 403 without event and code, in words alone', async (_name, authorization) => {
      const reply = await a.get('/inbox', { authorization: authorization() });
      expect([reply.status, ...eventAndCode(reply), words(reply)]).toEqual([403, '', '', expect.stringMatching(/\w/)]);
    });

    it('an unknown own mailbox: 403 with EPL-151', async () => {
      const nobody = new PlainClient(server, 'NOBODY');
      const reply = await nobody.get('/inbox');
      expect([reply.status, ...eventAndCode(reply)]).toEqual([403, 'SEND', 'EPL-151']);
      nobody.close();
    });

    it('a path in lower case is the same mailbox, a token in lower case is not', async () => {
      expect((await a.ask('/a1/inbox')).status).toBe(200);
      expect((await a.ask('/a1/inbox', { authorization: a.token({ mailbox: 'a1' }) })).status).toBe(403);
    });
  });

  describe('of other requests', () => {
    it('an Accept header that speaks of MESH in an unknown form', async () => {
      for (const accept of ['application/vnd.mesh.v2', 'application/vnd.mesh.vX+json', 'application/vnd.mesh.v2+json, */*']) {
        const reply = await a.get('/inbox', { headers: { accept } });
        expect([accept, reply.status, reply.json]).toEqual([
          accept,
          400,
          { errorEvent: '', errorCode: '', errorDescription: expect.stringContaining('Accept') },
        ]);
      }
    });

    it.each([
      ['application/json', 'v1'],
      ['*/*', 'v1'],
      ['application/vnd.mesh.v1+json', 'v1'],
      ['application/vnd.mesh.v2+json', 'v2'],
      ['application/vnd.mesh.v2+json;q=1', 'v2'],
    ])('but takes %s as %s', async (accept, version) => {
      const reply = await a.get('/inbox', { headers: { accept } });
      expect(reply.headers['content-type']).toBe(`application/vnd.mesh.${version}+json`);
    });

    it.each([5, 9, 5001, 'many'])('max_results of %s', async (most) => {
      const reply = await a.get(`/inbox?max_results=${most}`);
      expect([reply.status, reply.json]).toEqual([
        400,
        { detail: [{ type: expect.any(String), loc: ['query', 'max_results'], msg: expect.any(String) }] },
      ]);
    });

    it('a page mark that is too short, too long, or of another inbox', async () => {
      for (const mark of ['short', 'x'.repeat(1001), 'x'.repeat(40)])
        expect((await a.get(`/inbox?continue_from=${mark}`)).json).toMatchObject({ detail: [{ loc: ['query', 'continue_from'] }] });
    });

    it('an unknown message', async () => {
      for (const reply of [await a.get('/inbox/NONE'), await a.get('/inbox/NONE/2'), await a.acknowledge('NONE')])
        expect([reply.status, ...eventAndCode(reply)]).toEqual([404, 'RECEIVE', '20']);
      expect((await a.get('/inbox/NONE', { method: 'HEAD' })).status).toBe(404);
      expect((await a.get('/outbox/tracking?messageID=NONE')).status).toBe(404);
      expect((await a.get('/outbox/tracking')).status).toBe(400);
    });

    it("someone else's message", async () => {
      const id = sentId(await a.send('B1', 'private'));
      for (const reply of [await c.get(`/inbox/${id}`), await c.acknowledge(id), await a.get(`/inbox/${id}`)])
        expect([reply.status, ...eventAndCode(reply)]).toEqual([403, '', '']);
      expect((await c.get(`/inbox/${id}`, { method: 'HEAD' })).status).toBe(404);
      expect((await c.get(`/outbox/tracking?messageID=${id}`)).status).toBe(404);
    });

    it('a chunk a message does not have', async () => {
      const id = sentId(await a.send('B1', 'whole'));
      const reply = await b.get(`/inbox/${id}/2`);
      expect([reply.status, ...eventAndCode(reply)]).toEqual([404, 'RECEIVE', '20']);
    });

    it('tracking by local id: none, two, and in version 2', async () => {
      const local = randomUUID();
      expect((await a.get(`/outbox/tracking/${local}`, { version: 1 })).status).toBe(404);
      await a.send('B1', 'one', { 'mex-localid': local });
      expect((await a.get(`/outbox/tracking/${local}`, { version: 1 })).status).toBe(200);
      expect((await b.get(`/outbox/tracking/${local}`, { version: 1 })).status).toBe(404);
      expect((await a.get(`/outbox/tracking/${local}`)).status).toBe(404);
      await a.send('B1', 'two', { 'mex-localid': local });
      expect((await a.get(`/outbox/tracking/${local}`, { version: 1 })).status).toBe(300);
    });

    it('paths and methods the service does not have', async () => {
      expect((await a.get('/inbox/rich')).status).toBe(404);
      expect((await a.get('/outbox/rich')).status).toBe(404);
      expect((await a.get('/outbox')).status).toBe(405);
      expect((await a.ask('/')).status).toBe(404);
      expect((await a.ask('/%ZZ/inbox')).status).toBe(400);
      expect((await a.get('/inbox', { method: 'DELETE' })).status).toBe(405);
    });
  });
});
