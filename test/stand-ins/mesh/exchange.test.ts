import { gunzipSync, gzipSync } from 'node:zlib';
import type { MeshServer } from '../../../stand-ins/mesh/handle.ts';
import { startMeshServer } from '../../../stand-ins/mesh/server.ts';
import { PlainClient, sentId } from './client.ts';

const OS = { 'mex-clientversion': 'test 1', 'mex-osname': 'Linux', 'mex-osversion': '6' };

describe('a message through the stand-in, over mutual TLS', () => {
  let server: MeshServer;
  let prison: PlainClient;
  let practice: PlainClient;
  beforeAll(async () => {
    server = await startMeshServer();
    prison = new PlainClient(server, 'X26HC005');
    practice = new PlainClient(server, 'X26HC006');
  });
  afterAll(async () => {
    prison.close();
    practice.close();
    await server.close();
    expect(server.problems).toEqual([]);
  });

  it('shakes hands by POST and GET, and wants to know the client', async () => {
    const v2 = await prison.get('', { method: 'POST', headers: OS });
    expect([v2.status, v2.body.length]).toEqual([200, 0]);
    const v1 = await prison.get('', { headers: OS, version: 1 });
    expect([v1.status, v1.json]).toEqual([200, { mailboxId: 'X26HC005' }]);
    const without = await prison.get('', { method: 'POST', headers: { ...OS, 'mex-osname': undefined, 'mex-osversion': '' } });
    expect(without.status).toBe(400);
    expect(without.json).toEqual({
      detail: ['mex-osname', 'mex-osversion'].map((name) => ({ type: 'missing', loc: ['header', name], msg: 'Field required' })),
    });
  });

  it('answers a ping to whoever shows a certificate', async () => {
    const pong = await prison.ask('/_ping', { authorization: null });
    expect([pong.status, pong.json]).toMatchObject([200, { ping: 'pong' }]);
  });

  it('sends, lists, shows headers, downloads, acknowledges and tracks', async () => {
    const id = sentId(
      await prison.send('X26HC006', 'hello', {
        'mex-subject': 'a subject',
        'mex-localid': 'local-1',
        'mex-filename': 'a.txt',
        'content-type': 'text/plain',
      }),
    );
    expect(id).toMatch(/^\d{20}_[0-9A-F]{6}$/);
    expect(await practice.inbox()).toEqual([id]);

    const head = await practice.get(`/inbox/${id}`, { method: 'HEAD' });
    expect([head.status, head.body.length, head.headers['content-length']]).toEqual([200, 0, '5']);
    expect(head.headers).toMatchObject({
      'mex-from': 'X26HC005',
      'mex-to': 'X26HC006',
      'mex-workflowid': 'TEST',
      'mex-chunk-range': '1:1',
      'mex-total-chunks': '1',
      'mex-addresstype': 'ALL',
      'mex-localid': 'local-1',
      'mex-filename': 'a.txt',
      'mex-subject': 'a subject',
      'mex-version': '1.0',
      'mex-messagetype': 'DATA',
      'mex-messageid': id,
      'mex-statuscode': '00',
      'mex-statusevent': 'TRANSFER',
      'mex-statussuccess': 'SUCCESS',
    });
    expect(head.headers['mex-statustimestamp']).toMatch(/^\d{14}$/);
    expect(head.headers['last-modified']).toBeDefined();
    expect((await prison.get(`/inbox/${id}`, { method: 'HEAD' })).status).toBe(200);

    const got = await practice.get(`/inbox/${id}`);
    expect([got.status, got.body.toString(), got.headers['content-type']]).toEqual([200, 'hello', 'text/plain']);
    expect((await practice.get(`/inbox/${id}/1`)).body.toString()).toBe('hello');

    const before = await prison.get(`/outbox/tracking?messageID=${id}`);
    expect(before.json).toMatchObject({
      message_id: id,
      status: 'accepted',
      status_success: true,
      recipient: 'X26HC006',
      local_id: 'local-1',
    });
    expect((await practice.get(`/outbox/tracking?messageID=${id}`)).status).toBe(404);

    const done = await practice.acknowledge(id);
    expect([done.status, done.body.length]).toEqual([200, 0]);
    expect((await practice.acknowledge(id)).status).toBe(200);
    expect(await practice.inbox()).toEqual([]);
    expect((await prison.get(`/outbox/tracking?messageID=${id}`)).json).toMatchObject({ status: 'acknowledged' });
    expect(await server.message(id)).toMatchObject({ state: 'acknowledged', downloads: [2], acknowledgements: 2 });
  });

  it('writes version 1 as version 1 does', async () => {
    const sent = await prison.send('X26HC006', 'one', { 'mex-localid': 'v1-local', 'content-type': 'text/plain' }, { version: 1 });
    expect(sent.status).toBe(202);
    const [id] = await practice.inbox();
    expect(sent.json).toEqual({ messageID: id });
    const list = await practice.get('/inbox', { version: 1 });
    expect([list.json, list.headers['content-type']]).toEqual([{ messages: [id] }, 'application/vnd.mesh.v1+json']);
    expect((await practice.get('/count', { version: 1 })).json).toMatchObject({ count: 1, allResultsIncluded: true });
    expect((await practice.get('/count')).json).toEqual({ count: 1 });
    const got = await practice.get(`/inbox/${id}`, { version: 1 });
    expect(got.headers['content-type']).toBe('application/octet-stream');
    expect(got.names).toEqual(expect.arrayContaining(['Mex-MessageID', 'Mex-WorkflowID', 'Mex-Chunk-Range']));
    const tracked = await prison.get('/outbox/tracking/v1-local', { version: 1 });
    expect(tracked.json).toMatchObject({ messageId: id, dtsId: id, status: 'Accepted', statusSuccess: 'SUCCESS', workflowId: 'TEST' });
    expect((await practice.acknowledge(id ?? '', { version: 1 })).json).toEqual({ messageId: id });
    expect((await prison.get(`/outbox/tracking?messageID=${id}`, { version: 1 })).json).toMatchObject({
      status: 'Acknowledged',
      downloadTimestamp: expect.stringMatching(/^\d{14}$/),
    });
  });

  it('gives out gzip to who takes it, and plain bytes to who does not', async () => {
    const text = 'a line that comes again and again\n'.repeat(50);
    const plain = sentId(await prison.send('X26HC006', text));
    const zipped = sentId(await prison.send('X26HC006', gzipSync(text), { 'content-encoding': 'gzip' }));
    for (const id of [plain, zipped]) {
      const gzip = await practice.get(`/inbox/${id}`, { headers: { 'accept-encoding': 'gzip' } });
      expect([gzip.headers['content-encoding'], gunzipSync(gzip.body).toString(), gzip.headers['mex-content-compressed']]).toEqual([
        'gzip',
        text,
        'Y',
      ]);
      const bare = await practice.get(`/inbox/${id}`);
      expect([bare.headers['content-encoding'], bare.body.toString()]).toEqual([undefined, text]);
    }
    const v1 = await practice.get(`/inbox/${plain}`, { version: 1, headers: { 'accept-encoding': 'gzip' } });
    expect([v1.headers['content-encoding'], v1.body.toString()]).toEqual([undefined, text]);
    for (const id of [plain, zipped]) await practice.acknowledge(id);
  });
});
