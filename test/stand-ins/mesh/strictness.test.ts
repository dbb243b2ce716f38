import { randomUUID } from 'node:crypto';
import type { MeshServer } from '../../../stand-ins/mesh/handle.ts';
import type { MeshServerOptions } from '../../../stand-ins/mesh/options.ts';
import { startMeshServer } from '../../../stand-ins/mesh/server.ts';
import { field, PlainClient, type Reply, sentId } from './client.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MAILBOXES = ['A1', 'B1'].map((id) => ({ id, password: 'p' }));
const codeOf = (reply: Reply): unknown => field<{ code: unknown }[]>(reply, 'detail')[0]?.code;

/** What the public sandbox lets pass and the service does not. */
describe('the stand-in is as strict as the service', () => {
  let server: MeshServer;
  const clients: PlainClient[] = [];
  const client = (id: string): PlainClient => {
    const made = new PlainClient(server, id);
    clients.push(made);
    return made;
  };
  const start = async (options: MeshServerOptions = {}): Promise<readonly [PlainClient, PlainClient]> => {
    server = await startMeshServer({ tls: false, mailboxes: MAILBOXES, ...options });
    return [client('A1'), client('B1')];
  };
  afterEach(async () => {
    for (const one of clients.splice(0)) one.close();
    await server.close();
    expect(server.problems).toEqual([]);
  });

  it('a token is good once, whatever it is used for', async () => {
    const [a] = await start();
    const authorization = a.token();
    expect((await a.get('/inbox', { authorization })).status).toBe(200);
    const again = await a.get('/count', { authorization });
    expect([again.status, codeOf(again)]).toEqual([403, '']);
    expect(server.totals().replayedTokens).toBe(1);
  });

  it('a nonce may come again with a higher count, and not with the same', async () => {
    const [a] = await start();
    const nonce = randomUUID();
    const statuses: number[] = [];
    for (const count of [0, 1, 2, 1, 3])
      statuses.push(
        (await a.get('/inbox', { authorization: a.token({ nonce: count === 2 ? nonce.toUpperCase() : nonce, count }) })).status,
      );
    expect(statuses).toEqual([200, 200, 200, 403, 200]);
    // Neither a later minute nor other capitals make it another token.
    await server.clock.advance(5 * 60_000);
    expect((await a.get('/inbox', { authorization: a.token({ nonce, count: 2 }) })).status).toBe(403);
  });

  it('a refused token is not used up', async () => {
    const [a] = await start();
    const nonce = randomUUID();
    expect((await a.get('/inbox', { authorization: a.token({ nonce, password: 'guess' }) })).status).toBe(403);
    expect((await a.get('/inbox', { authorization: a.token({ nonce }) })).status).toBe(200);
  });

  it.each([
    [-3, 403],
    [-1.9, 200],
    [1.9, 200],
    [3, 403],
  ])('a token whose time is %d hours off', async (hours, status) => {
    const [a] = await start();
    const at = new Date(server.clock.now() + hours * HOUR);
    expect((await a.get('/inbox', { authorization: a.token({ at }) })).status).toBe(status);
  });

  it('a token is still known when the clock has moved on, as long as it could be taken', async () => {
    const [a] = await start();
    const authorization = a.token({ at: new Date(server.clock.now() + HOUR) });
    expect((await a.get('/inbox', { authorization })).status).toBe(200);
    await server.clock.advance(2.5 * HOUR);
    expect((await a.get('/inbox', { authorization })).status).toBe(403);
    expect(server.totals().replayedTokens).toBe(1);
  });

  it('but neither is looked at where it is told so, as in the sandbox', async () => {
    const [a] = await start({ strict: { replay: false, clockWindow: Number.POSITIVE_INFINITY } });
    const authorization = a.token({ at: new Date('2020-01-01T00:00:00Z') });
    for (let time = 0; time < 2; time += 1) expect((await a.get('/inbox', { authorization })).status).toBe(200);
  });

  it('a workflow must be allowed to the sender and registered for the recipient', async () => {
    const [a] = await start({
      mailboxes: [
        { id: 'A1', password: 'p', sends: ['GPFED_*', 'TOC_FHIR_IP_DISCH'] },
        { id: 'B1', password: 'p', receives: ['TOC_FHIR_IP_DISCH', 'TOC_FHIR_IP_DISCH_ACK'] },
      ],
    });
    const answers: unknown[] = [];
    for (const workflow of ['TOC_FHIR_IP_DISCH', 'PATH_MEDRPT_V3', 'GPFED_CONSULT_REPORT']) {
      const reply = await a.send('B1', 'x', { 'mex-workflowid': workflow });
      answers.push(reply.status === 202 ? 202 : [reply.status, codeOf(reply)]);
    }
    expect(answers).toEqual([202, [417, '16'], [417, '17']]);
  });

  it('after the acknowledgement a message is gone: 410', async () => {
    const [a, b] = await start();
    const id = sentId(await a.send('B1', 'x'));
    await b.acknowledge(id);
    const again = await b.get(`/inbox/${id}`);
    expect([again.status, codeOf(again)]).toEqual([410, 'Message already accepted']);
    expect((await b.get(`/inbox/${id}`, { method: 'HEAD' })).status).toBe(410);
    expect((await a.get(`/inbox/${id}`, { method: 'HEAD' })).status).toBe(200);
  });

  it('or still there, as in the sandbox', async () => {
    const [a, b] = await start({ strict: { goneWhenAcknowledged: false } });
    const id = sentId(await a.send('B1', 'x'));
    await b.acknowledge(id);
    expect((await b.get(`/inbox/${id}`)).body.toString()).toBe('x');
  });

  it('a message nobody collects for five days goes, and its sender gets a report', async () => {
    const [a, b] = await start();
    const id = sentId(await a.send('B1', 'x', { 'mex-localid': 'local', 'mex-subject': 'NDR', 'mex-workflowid': 'W' }));
    await server.clock.advance(5 * DAY - HOUR);
    expect(await b.inbox()).toEqual([id]);
    expect(await a.inbox()).toEqual([]);
    await server.clock.advance(HOUR);
    expect(await b.inbox()).toEqual([]);
    expect((await b.get(`/inbox/${id}`)).status).toBe(410);
    expect((await b.acknowledge(id)).status).toBe(410);
    const [reportId = ''] = await a.inbox();
    const report = await a.get(`/inbox/${reportId}`);
    expect(report.headers).toMatchObject({
      'mex-messagetype': 'REPORT',
      'mex-messageid': reportId,
      'mex-linkedmsgid': id,
      'mex-statuscode': '14',
      'mex-statusevent': 'SEND',
      'mex-statussuccess': 'ERROR',
      'mex-statusdescription': 'Message not collected by recipient after 5 days',
      'mex-localid': 'local',
      'mex-subject': 'NDR',
      'mex-workflowid': 'W',
    });
    expect((await a.get(`/outbox/tracking?messageID=${id}`)).json).toMatchObject({
      status: 'error',
      status_success: false,
      status_code: '14',
    });
    expect((await a.get('/outbox/tracking/local', { version: 1 })).json).toMatchObject({
      status: 'Error',
      statusSuccess: 'ERROR',
      statusCode: '14',
    });
    expect((await a.acknowledge(reportId)).status).toBe(200);
    expect(await a.inbox()).toEqual([]);
  });

  it('a report nobody collects is not reported on', async () => {
    const [a] = await start();
    await a.send('B1', 'x');
    await server.clock.advance(5 * DAY);
    expect(await a.inbox()).toHaveLength(1);
    await server.clock.advance(5 * DAY);
    expect(await a.inbox()).toEqual([]);
    expect(await server.messages({ recipient: 'A1' })).toHaveLength(1);
  });

  it('the service desk puts an uncollected message back, until after thirty days nobody knows it', async () => {
    const [a, b] = await start();
    const id = sentId(await a.send('B1', 'kept'));
    await server.clock.advance(6 * DAY);
    await server.reinstate(id);
    expect(await b.inbox()).toEqual([id]);
    expect((await b.get(`/inbox/${id}`)).body.toString()).toBe('kept');
    await server.clock.advance(6 * DAY);
    expect(await b.inbox()).toEqual([]);
    await server.clock.advance(19 * DAY);
    expect((await b.get(`/inbox/${id}`)).status).toBe(404);
    expect((await a.get(`/outbox/tracking?messageID=${id}`)).status).toBe(404);
  });

  it('a disabled mailbox may do nothing, and what is sent to it comes back as a report', async () => {
    const [a, b] = await start();
    const waiting = sentId(await a.send('B1', 'before'));
    await server.setEnabled('B1', false);
    for (const reply of [await b.get('/inbox'), await b.get(`/inbox/${waiting}`), await b.send('A1', 'x')])
      expect([reply.status, codeOf(reply)]).toEqual([403, '100']);
    const sent = sentId(await a.send('B1', 'after'));
    const reports = await a.inbox();
    const linked = await Promise.all(reports.map((id) => a.get(`/inbox/${id}`, { method: 'HEAD' })));
    expect(linked.map(({ headers }) => [headers['mex-linkedmsgid'], headers['mex-statuscode']])).toEqual([
      [waiting, '14'],
      [sent, '14'],
    ]);
    await server.setEnabled('B1', true);
    expect(await b.inbox()).toEqual([]);
  });

  it('too many requests of one mailbox are told how long to wait, those of another are not', async () => {
    const [a, b] = await start({ rateLimit: { requests: 2, seconds: 60 } });
    const statuses = [await a.get('/inbox'), await a.get('/inbox'), await a.get('/inbox')];
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 429]);
    const wait = Number(statuses[2]?.headers['retry-after']);
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(60);
    expect((await b.get('/inbox')).status).toBe(200);
    await server.clock.advance(wait * 1000);
    expect((await a.get('/inbox')).status).toBe(200);
  });

  it('counts the requests that ran at the same time in one mailbox', async () => {
    const [a, b] = await start();
    for (let time = 0; time < 3; time += 1) await b.get('/inbox');
    server.inject({ effect: 'slow-first-byte', milliseconds: 1_500, mailbox: 'A1', times: 0 });
    await Promise.all([a.get('/inbox'), a.get('/inbox'), a.get('/inbox')]);
    expect([server.mailbox('A1').mostConcurrent, server.mailbox('B1').mostConcurrent]).toEqual([3, 1]);
  });

  it('sees each request: what it asked for, its token, how it ended', async () => {
    const [a] = await start();
    const nonce = randomUUID();
    const id = sentId(await a.send('B1', 'x', {}, { authorization: a.token({ nonce, count: 7 }) }));
    await a.get('/inbox/NONE/2');
    expect(server.requests()).toMatchObject([
      { method: 'POST', route: 'send', mailbox: 'A1', messageId: id, nonce, nonceCount: '7', status: 202, version: 2 },
      { method: 'GET', route: 'download', mailbox: 'A1', messageId: 'NONE', chunk: 2, status: 404 },
    ]);
    expect(server.totals()).toMatchObject({ requests: 2, byRoute: { send: 1, download: 1 }, replayedTokens: 0 });
  });
});
