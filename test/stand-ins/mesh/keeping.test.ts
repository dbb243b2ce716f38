import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MeshServer } from '../../../stand-ins/mesh/handle.ts';
import type { MeshServerOptions } from '../../../stand-ins/mesh/options.ts';
import { startMeshServer } from '../../../stand-ins/mesh/server.ts';
import { eventually } from '../../support/eventually.ts';
import { type Disposable, temporaryFolder } from '../../support/temp.ts';
import { PlainClient, sentId } from './client.ts';

const DAY = 86_400_000;
const MAILBOXES = ['A1', 'B1'].map((id) => ({ id, password: 'p' }));

describe('with a data folder', () => {
  let folder: Disposable;
  let server: MeshServer;
  let a: PlainClient;
  let b: PlainClient;
  let closed = true;
  const start = async (options: MeshServerOptions = {}): Promise<void> => {
    server = await startMeshServer({ mailboxes: MAILBOXES, data: folder.path, ...options });
    closed = false;
    a = new PlainClient(server, 'A1');
    b = new PlainClient(server, 'B1');
  };
  const stop = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    a.close();
    b.close();
    await server.close();
    expect(server.problems).toEqual([]);
  };
  beforeEach(async () => {
    folder = await temporaryFolder('mesh');
  });
  afterEach(async () => {
    await stop();
    await folder.remove();
  });

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

  it('leaves no bodies behind of a chunk that came again, or never to its end', async () => {
    await start();
    const id = sentId(await a.send('B1', 'one', { 'mex-chunk-range': '1:3' }));
    for (const body of ['wrong', 'right']) await a.sendChunk(id, 2, 3, body);
    const files = (count: number): Promise<string[]> =>
      eventually(
        () => readdir(join(folder.path, 'messages')),
        (found) => found.length === count,
      );
    const broken = async function* () {
      yield Buffer.alloc(200_000, 1);
      // Its beginning is on disk when the sender dies.
      await files(4);
      throw new Error('the sender dies');
    };
    await expect(a.sendChunk(id, 3, 3, broken(), { 'content-length': '1000000' })).rejects.toThrow();
    const names = await files(3);
    expect(names.map((name) => name.slice(id.length)).sort()).toEqual([
      expect.stringMatching(/^\.1\./),
      expect.stringMatching(/^\.2\./),
      '.json',
    ]);
    await stop();
  });

  it("a patient's address is kept only until the practice is found, also over a restart", async () => {
    const options: MeshServerOptions = {
      mailboxes: [...MAILBOXES, { id: 'P1', password: 'p', odsCode: 'A83002' }],
      patients: [{ nhsNumber: '9990000018', birthDate: '1955-01-09', surname: 'Smith', practice: 'A83002' }],
      routing: { delay: DAY },
    };
    const onDisk = async (id: string): Promise<string> => readFile(join(folder.path, 'messages', `${id}.json`), 'utf8');
    await start(options);
    const workflow = { 'mex-workflowid': 'GPCONNECT_SEND_DOCUMENT' };
    const id = sentId(await a.send('GPPROVIDER_9990000018_19550109_SMITH', 'letter', workflow));
    expect(await onDisk(id)).toContain('9990000018');
    await stop();
    await start(options);
    await server.clock.advance(DAY);
    expect(await server.message(id)).toMatchObject({ recipient: 'P1', state: 'accepted' });
    expect(await onDisk(id)).not.toContain('9990000018');
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
    /** Where a body of this message lies, among the temporary folders of all servers that run now. */
    const foldersOf = async (id: string): Promise<string[]> => {
      const found: string[] = [];
      for (const name of await readdir(tmpdir())) {
        if (!name.startsWith('mesh-server-')) continue;
        const files = await readdir(join(tmpdir(), name)).catch(() => []);
        if (files.some((file) => file.startsWith(id))) found.push(join(tmpdir(), name));
      }
      return found;
    };
    const server = await startMeshServer({ tls: false, mailboxes: MAILBOXES });
    const id = await server.put('A1', { workflowId: 'W', body: Buffer.alloc(100_000) });
    const [temporary = ''] = await foldersOf(id);
    expect(existsSync(temporary)).toBe(true);
    await server.close();
    expect(existsSync(temporary)).toBe(false);
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
