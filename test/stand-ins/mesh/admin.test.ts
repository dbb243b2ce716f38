import { request } from 'node:http';
import type { MeshServer } from '../../../stand-ins/mesh/handle.ts';
import { startMeshServer } from '../../../stand-ins/mesh/server.ts';
import { PlainClient, sentId } from './client.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

describe('the admin door', () => {
  let server: MeshServer;
  let a: PlainClient;
  beforeEach(async () => {
    server = await startMeshServer({ tls: false, adminPort: 0, mailboxes: ['A1', 'B1'].map((id) => ({ id, password: 'p' })) });
    a = new PlainClient(server, 'A1');
  });
  afterEach(async () => {
    a.close();
    await server.close();
    expect(server.problems).toEqual([]);
  });
  const ask = async (path: string, init: RequestInit = {}): Promise<{ status: number; json: Record<string, unknown> }> => {
    const response = await fetch(`${server.adminUrl}${path}`, init);
    const json: Record<string, unknown> = JSON.parse(await response.text());
    return { status: response.status, json };
  };
  const post = (path: string, value: unknown) => ask(path, { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(value) });

  it('puts messages and reports into inboxes', async () => {
    const put = await ask('/messages/a1', { method: 'POST', headers: { 'mex-workflowid': 'W', 'mex-subject': 's' }, body: 'hello' });
    const report = await post('/reports', { mailbox: 'A1', code: 'EPL-153', about: put.json.id });
    expect(await a.inbox()).toEqual([put.json.id, report.json.id]);
    const got = await a.get(`/inbox/${put.json.id}`);
    expect([got.body.toString(), got.headers['mex-subject']]).toEqual(['hello', 's']);
    expect((await a.get(`/inbox/${report.json.id}`)).headers).toMatchObject({
      'mex-statuscode': 'EPL-153',
      'mex-linkedmsgid': put.json.id,
    });
  });

  it('lets time pass, and puts back what expired', async () => {
    const id = sentId(await a.send('B1', 'x'));
    expect((await post('/clock', { advance: '5d' })).status).toBe(200);
    expect((await ask('/messages?state=error')).json).toMatchObject([{ id, code: '14' }]);
    expect((await post(`/reinstate/${id}`, {})).json).toEqual({ done: true });
    expect((await ask('/messages?mailbox=b1')).json).toMatchObject([{ id, state: 'accepted' }]);
  });

  it('switches mailboxes, injects faults and takes them away, and shows all of it', async () => {
    await post('/mailboxes/b1', { enabled: false });
    await post('/faults', { effect: 'status', status: 503, route: 'inbox', times: 0 });
    expect((await a.get('/inbox')).status).toBe(503);
    expect((await ask('/')).json).toMatchObject({
      url: server.url,
      mailboxes: [
        { id: 'A1', enabled: true },
        { id: 'B1', enabled: false },
      ],
      totals: { requests: 1 },
      faults: [{ hits: 1 }],
    });
    expect((await ask('/requests')).json).toMatchObject([{ route: 'inbox', status: 503, fault: 'status' }]);
    await ask('/faults', { method: 'DELETE' });
    expect((await a.get('/inbox')).status).toBe(200);
  });

  it.each([
    ['/faults', { effect: 'nonsense' }, 'effect'],
    ['/faults', { effect: 'cut' }, 'afterBytes'],
    ['/faults', { effect: 'reset', rout: 'send' }, 'rout'],
    ['/clock', { advance: '-5d' }, 'advance'],
    ['/reports', { mailbox: 'A1', code: '99' }, 'code'],
    ['/reports', { mailbox: 'NOBODY', code: '14' }, 'NOBODY'],
    ['/mailboxes/NOBODY', { enabled: true }, 'NOBODY'],
    ['/reinstate/NONE', {}, 'NONE'],
  ])('says what is wrong with %s %j', async (path, value, word) => {
    const { status, json } = await post(path, value);
    expect([status, json.error]).toEqual([400, expect.stringContaining(word)]);
  });

  it('says which acts there are, and refuses forms that a web page could send', async () => {
    expect((await ask('/nothing')).json.there).toContain('POST /clock');
    const form = await ask('/clock', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{"advance":"5d"}' });
    expect([form.status, form.json.error]).toEqual([400, expect.stringContaining('JSON')]);
    const status = await new Promise<number>((resolve, reject) => {
      request(`${server.adminUrl}/`, { headers: { host: 'evil.example' } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(403);
  });
});
