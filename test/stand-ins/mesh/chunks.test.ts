import { gzipSync } from 'node:zlib';
import type { MeshServer } from '../../../stand-ins/mesh/handle.ts';
import { startMeshServer } from '../../../stand-ins/mesh/server.ts';
import { PlainClient, sentId } from './client.ts';

const MAILBOXES = ['A1', 'B1', 'C1'].map((id) => ({ id, password: 'p' }));

describe('a message in chunks', () => {
  let server: MeshServer;
  let a: PlainClient;
  let b: PlainClient;
  const start = async (options: Parameters<typeof startMeshServer>[0] = {}): Promise<void> => {
    server = await startMeshServer({ tls: false, mailboxes: MAILBOXES, ...options });
    a = new PlainClient(server, 'A1');
    b = new PlainClient(server, 'B1');
  };
  afterEach(async () => {
    a.close();
    b.close();
    await server.close();
    expect(server.problems).toEqual([]);
  });

  it('arrives with its last chunk, in pieces of 206 and one of 200', async () => {
    await start();
    const id = sentId(await a.send('B1', 'one', { 'mex-chunk-range': '1:3', 'content-type': 'text/plain' }));
    expect((await a.sendChunk(id, 2, 3, 'two')).json).toBeNull();
    expect(await b.inbox()).toEqual([]);
    expect((await b.get(`/inbox/${id}`)).status).toBe(404);
    const last = await a.sendChunk(id, 3, 3, 'three');
    expect([last.status, last.body.toString()]).toEqual([202, 'null']);
    expect(await b.inbox()).toEqual([id]);
    const got = [await b.get(`/inbox/${id}`), await b.get(`/inbox/${id}/2`), await b.get(`/inbox/${id}/3`)];
    expect(
      got.map(({ status, body, headers }) => [status, body.toString(), headers['mex-chunk-range'], headers['mex-total-chunks']]),
    ).toEqual([
      [206, 'one', '1:3', '3'],
      [206, 'two', '2:3', '3'],
      [200, 'three', '3:3', '3'],
    ]);
    expect(got[0]?.headers['content-type']).toBe('application/octet-stream');
    expect((await b.get(`/inbox/${id}/4`)).status).toBe(404);
    expect((await server.message(id))?.downloads).toEqual([1, 1, 1]);
  });

  it('names the chunk in a version 1 answer', async () => {
    await start();
    const id = sentId(await a.send('B1', 'one', { 'mex-chunk-range': '1:2' }));
    const reply = await a.get(`/outbox/${id}/2`, { method: 'POST', version: 1, headers: { 'mex-chunk-range': '2:2' }, body: 'two' });
    expect([reply.status, reply.json]).toEqual([202, { messageID: id, blockID: 2 }]);
  });

  it('takes a chunk that comes again in place of the first, until the last is here', async () => {
    await start();
    const id = sentId(await a.send('B1', 'one', { 'mex-chunk-range': '1:3' }));
    await a.sendChunk(id, 2, 3, 'wrong');
    await a.sendChunk(id, 2, 3, 'right');
    await a.sendChunk(id, 3, 3, 'end');
    expect((await b.get(`/inbox/${id}/2`)).body.toString()).toBe('right');
    const late = await a.sendChunk(id, 2, 3, 'late');
    expect([late.status, late.json]).toEqual([423, { internal_id: expect.any(String), message: expect.any(String) }]);
  });

  it('refuses a chunk above their number, of another range, of none, and of another encoding', async () => {
    await start();
    const id = sentId(await a.send('B1', gzipSync('one'), { 'mex-chunk-range': '1:2', 'content-encoding': 'gzip' }));
    const above = await a.sendChunk(id, 3, 3, 'x', { 'content-encoding': 'gzip' });
    expect([above.status, above.json]).toEqual([406, { internal_id: expect.any(String), message: expect.any(String) }]);
    expect((await a.sendChunk(id, 2, 3, 'x', { 'content-encoding': 'gzip' })).status).toBe(417);
    expect((await a.sendChunk(id, 2, 2, 'x', { 'mex-chunk-range': undefined, 'content-encoding': 'gzip' })).status).toBe(417);
    expect((await a.sendChunk(id, 2, 2, 'x', { 'mex-chunk-range': '1:2', 'content-encoding': 'gzip' })).status).toBe(417);
    const changed = await a.sendChunk(id, 2, 2, 'x');
    expect([changed.status, changed.body.toString()]).toEqual([417, expect.stringContaining('cannot change content encoding')]);
    expect((await b.sendChunk(id, 2, 2, 'x')).status).toBe(403);
    expect((await a.sendChunk('NONE', 2, 2, 'x')).status).toBe(404);
    expect((await a.sendChunk(id, 2, 2, '', { 'content-encoding': 'gzip' })).status).toBe(417);
    expect((await a.sendChunk(id, 2, 2, gzipSync('two'), { 'content-encoding': 'gzip' })).status).toBe(202);
    expect([(await b.get(`/inbox/${id}`)).body.toString(), (await b.get(`/inbox/${id}/2`)).body.toString()]).toEqual(['one', 'two']);
  });

  it('refuses a gap', async () => {
    await start();
    const id = sentId(await a.send('B1', 'one', { 'mex-chunk-range': '1:3' }));
    expect((await a.sendChunk(id, 3, 3, 'three')).status).toBe(417);
    expect(await b.inbox()).toEqual([]);
  });

  it('or, as lax as the sandbox, ends with the last chunk and leaves the gap to the recipient', async () => {
    await start({ strict: { chunksInOrder: false } });
    const id = sentId(await a.send('B1', 'one', { 'mex-chunk-range': '1:3' }));
    expect((await a.sendChunk(id, 3, 3, 'three')).status).toBe(202);
    expect((await a.sendChunk(id, 2, 3, 'two')).status).toBe(423);
    expect([(await b.get(`/inbox/${id}/2`)).status, (await b.get(`/inbox/${id}/3`)).status]).toEqual([404, 200]);
  });

  it('may be large: bodies go through files, compressed on the way out, byte for byte', async () => {
    await start();
    const piece = Buffer.alloc(64 * 1024, 'the quick brown fox ');
    const large = async function* () {
      for (let count = 0; count < 32; count += 1) yield piece;
    };
    const id = sentId(await a.send('B1', large(), { 'mex-chunk-range': '1:2' }));
    expect((await a.sendChunk(id, 2, 2, large())).status).toBe(202);
    const whole = Buffer.concat(Array(32).fill(piece));
    const plain = await b.get(`/inbox/${id}`);
    expect([plain.headers['content-length'], plain.body.equals(whole)]).toEqual([String(whole.length), true]);
    const zipped = await b.get(`/inbox/${id}/2`, { headers: { 'accept-encoding': 'gzip' } });
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect(zipped.body.length).toBeLessThan(whole.length / 10);
    expect((await server.message(id))?.size).toBe(2 * whole.length);
    await b.acknowledge(id);
    expect(await server.body(id)).toBeUndefined();
  });

  it('is refused above the most a body may have, known beforehand or not', async () => {
    await start({ maxBodyBytes: 200_000 });
    const endless = async function* () {
      for (let count = 0; count < 50; count += 1) yield Buffer.alloc(10_000, 1);
    };
    expect((await a.send('B1', Buffer.alloc(200_001))).status).toBe(413);
    expect((await a.send('B1', endless())).status).toBe(413);
    expect((await a.send('B1', Buffer.alloc(200_000))).status).toBe(202);
    expect(await b.inbox()).toHaveLength(1);
  });

  it('is forgotten when its sender goes away in the middle of it', async () => {
    await start();
    const broken = async function* () {
      yield Buffer.alloc(200_000, 1);
      throw new Error('the sender dies');
    };
    const sent = a.send('B1', broken(), { 'content-length': '1000000' });
    await expect(sent).rejects.toThrow();
    expect(await server.messages()).toEqual([]);
  });
});
