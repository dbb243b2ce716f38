import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MeshServer } from '../../../stand-ins/mesh/handle.ts';
import type { MeshServerOptions } from '../../../stand-ins/mesh/options.ts';
import { startMeshServer } from '../../../stand-ins/mesh/server.ts';
import { type Disposable, temporaryFolder } from '../../support/temp.ts';
import { PlainClient, sentId } from './client.ts';

const DAY = 86_400_000;
const MAILBOXES = ['A1', 'B1'].map((id) => ({ id, password: 'p' }));

describe('with a data folder', () => {
  let folder: Disposable;
  let server: MeshServer;
  let a: PlainClient;
  let b: PlainClient;
  const start = async (options: MeshServerOptions = {}): Promise<void> => {
    server = await startMeshServer({ mailboxes: MAILBOXES, data: folder.path, ...options });
    a = new PlainClient(server, 'A1');
    b = new PlainClient(server, 'B1');
  };
  const stop = async (): Promise<void> => {
    a.close();
    b.close();
    await server.close();
    expect(server.problems).toEqual([]);
  };
  beforeEach(async () => {
    folder = await temporaryFolder('mesh');
  });
  afterEach(() => folder.remove());

  it('a restart finds messages, chunks, states and certificates again', async () => {
    await start();
    const { ca, client } = server;
    const waiting = sentId(await a.send('B1', 'waits', { 'mex-subject': 'subject', 'mex-localid': 'local' }));
    const done = sentId(await a.send('B1', 'done'));
    await b.acknowledge(done);
    const half = sentId(await a.send('B1', 'one', { 'mex-chunk-range': '1:3' }));
    await a.sendChunk(half, 2, 3, 'two');
    await stop();

    await start();
    expect([server.ca, server.client]).toEqual([ca, client]);
    expect(await b.inbox()).toEqual([waiting]);
    const got = await b.get(`/inbox/${waiting}`);
    expect([got.body.toString(), got.headers['mex-subject']]).toEqual(['waits', 'subject']);
    expect((await b.get(`/inbox/${done}`)).status).toBe(410);
    expect((await a.get('/outbox/tracking/local', { version: 1 })).json).toMatchObject({ messageId: waiting });
    expect((await a.sendChunk(half, 3, 3, 'three')).status).toBe(202);
    expect((await b.get(`/inbox/${half}/2`)).body.toString()).toBe('two');
    await stop();
  });

  it('what was due meanwhile comes when it is back', async () => {
    await start();
    const id = sentId(await a.send('B1', 'x'));
    await stop();
    await start({ clock: { offset: 5 * DAY } });
    const [report] = await a.inbox();
    expect((await a.get(`/inbox/${report}`)).headers['mex-linkedmsgid']).toBe(id);
    await stop();
  });

  it('leaves no bodies behind of what was collected or forgotten', async () => {
    await start();
    const id = sentId(await a.send('B1', 'x'));
    await b.acknowledge(id);
    expect(await readdir(join(folder.path, 'messages'))).toEqual([`${id}.json`]);
    await server.clock.advance(30 * DAY);
    expect(await readdir(join(folder.path, 'messages'))).toEqual([]);
    await stop();
  });
});

describe('without a data folder', () => {
  it('large bodies are in a temporary folder that goes with the server', async () => {
    const folders = async (): Promise<number> => (await readdir(tmpdir())).filter((name) => name.startsWith('mesh-server-')).length;
    const before = await folders();
    const server = await startMeshServer({ tls: false, mailboxes: MAILBOXES });
    await server.put('A1', { workflowId: 'W', body: Buffer.alloc(100_000) });
    expect(await folders()).toBe(before + 1);
    await server.close();
    expect(await folders()).toBe(before);
  });

  it('what is put in from within comes out as sent: text, bytes, streams, chunks, compressed', async () => {
    const server = await startMeshServer({ tls: false, mailboxes: MAILBOXES });
    const a = new PlainClient(server, 'A1');
    const stream = async function* () {
      for (let count = 0; count < 20; count += 1) yield Buffer.alloc(10_000, 'z');
    };
    const id = await server.put('a1', {
      workflowId: 'W',
      chunks: ['text', Buffer.from('bytes'), stream()],
      compress: true,
      from: 'far',
      subject: 's',
    });
    const bodies: string[] = [];
    for (const chunk of [1, 2, 3]) bodies.push((await a.get(`/inbox/${id}/${chunk}`)).body.toString());
    expect(bodies).toEqual(['text', 'bytes', 'z'.repeat(200_000)]);
    const head = await a.get(`/inbox/${id}`, { method: 'HEAD' });
    expect(head.headers).toMatchObject({ 'mex-from': 'FAR', 'mex-subject': 's', 'mex-chunk-range': '1:3' });
    await expect(server.put('NOBODY', { workflowId: 'W', body: 'x' })).rejects.toThrow('no mailbox NOBODY');
    a.close();
    await server.close();
  });
});
