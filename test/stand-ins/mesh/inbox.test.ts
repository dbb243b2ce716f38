import type { MeshServer } from '../../../stand-ins/mesh/handle.ts';
import { startMeshServer } from '../../../stand-ins/mesh/server.ts';
import { field, PlainClient, type Reply } from './client.ts';

const nextOf = (reply: Reply): string | undefined => field<{ next?: string }>(reply, 'links').next;

describe('the inbox', () => {
  let server: MeshServer;
  let a: PlainClient;
  beforeEach(async () => {
    server = await startMeshServer({ tls: false, mailboxes: ['A1', 'B1'].map((id) => ({ id, password: 'p' })) });
    a = new PlainClient(server, 'A1');
  });
  afterEach(async () => {
    a.close();
    await server.close();
    expect(server.problems).toEqual([]);
  });
  const fill = async (count: number, workflowId = 'W'): Promise<string[]> => {
    const ids: string[] = [];
    for (let made = 0; made < count; made += 1) ids.push(await server.put('A1', { workflowId, body: 'x' }));
    return ids;
  };
  /** Follows the links from a first page; the ids of each page. */
  const pages = async (first: string): Promise<(readonly string[])[]> => {
    const seen: (readonly string[])[] = [];
    for (let path: string | undefined = first; path !== undefined; ) {
      const reply: Reply = await a.ask(path);
      expect(reply.status).toBe(200);
      seen.push(field<string[]>(reply, 'messages'));
      const next = nextOf(reply);
      // A path without a host: the client must know where it is.
      if (next !== undefined) expect(next).toMatch(/^\/messageexchange\/A1\/inbox\?/);
      path = next?.slice('/messageexchange'.length);
    }
    return seen;
  };

  it('gives 500 of them, and a link to the rest', async () => {
    const ids = await fill(1_001);
    const seen = await pages('/A1/inbox');
    expect(seen.map(({ length }) => length)).toEqual([500, 500, 1]);
    expect(seen.flat()).toEqual(ids);
  });

  it('gives no link where nothing follows', async () => {
    await fill(10);
    const reply = await a.get('/inbox?max_results=10');
    expect(field(reply, 'links')).toEqual({ self: '/messageexchange/A1/inbox?max_results=10' });
    expect(field(reply, 'approx_inbox_count')).toBe(10);
  });

  it('goes on where it was when those before were acknowledged meanwhile, and others came', async () => {
    const ids = await fill(25);
    const first = await a.get('/inbox?max_results=10');
    for (const id of ids.slice(0, 10)) await a.acknowledge(id);
    const [late] = await fill(1);
    const rest = await pages(nextOf(first)?.slice('/messageexchange'.length) ?? '');
    expect(rest.flat()).toEqual([...ids.slice(10), late]);
  });

  it('version 1 gives no links: what follows is asked for again', async () => {
    const ids = await fill(501);
    const reply = await a.get('/inbox', { version: 1 });
    expect(reply.json).toEqual({ messages: ids.slice(0, 500) });
  });

  it('a filter may leave a page empty while others follow', async () => {
    await fill(20, 'FOREIGN');
    const [mine] = await fill(1, 'MINE');
    const seen = await pages('/A1/inbox?max_results=10&workflow_filter=MINE');
    expect(seen).toEqual([[], [], [mine]]);
  });

  it.each([
    ['LAB_V2', ['LAB_V2']],
    ['!LAB_V2', ['LAB_V3', 'OTHER_LAB', 'TOC']],
    ['LAB*', ['LAB_V2', 'LAB_V3']],
    ['!LAB*', ['OTHER_LAB', 'TOC']],
    ['*LAB*', ['LAB_V2', 'LAB_V3', 'OTHER_LAB']],
    ['!*LAB*', ['TOC']],
    ['', ['LAB_V2', 'LAB_V3', 'OTHER_LAB', 'TOC']],
  ])('the filter %j takes %j', async (filter, expected) => {
    for (const workflow of ['LAB_V2', 'LAB_V3', 'OTHER_LAB', 'TOC']) await fill(1, workflow);
    const ids = field<string[]>(await a.get(`/inbox?workflow_filter=${encodeURIComponent(filter)}`), 'messages');
    const workflows = await Promise.all(ids.map(async (id) => (await server.message(id))?.workflowId));
    expect(workflows).toEqual(expected);
  });

  it('holds reports beside messages, of the form the service has', async () => {
    const id = await server.report('A1', { code: '14', linkedId: 'GONE', workflowId: 'W', localId: 'local', subject: 'NDR' });
    expect(await a.inbox()).toEqual([id]);
    for (const method of ['HEAD', 'GET']) {
      const reply = await a.get(`/inbox/${id}`, { method });
      expect([reply.status, reply.body.length, reply.headers['content-length'], reply.headers['content-type']]).toEqual([
        200,
        0,
        '0',
        undefined,
      ]);
      expect(reply.headers).toMatchObject({
        'mex-messagetype': 'REPORT',
        'mex-chunk-range': '1:0',
        'mex-total-chunks': '0',
        'mex-linkedmsgid': 'GONE',
        'mex-to': 'A1',
        'mex-localid': 'local',
        'mex-statuscode': '14',
      });
      expect(reply.headers['mex-from']).toBeUndefined();
    }
  });

  it('or without code and linked id', async () => {
    const bare = await startMeshServer({
      tls: false,
      mailboxes: [
        { id: 'A1', password: 'p' },
        { id: 'B1', password: 'p', enabled: false },
      ],
      reports: { code: false, link: false, to: 'intended' },
    });
    const sender = new PlainClient(bare, 'A1');
    await sender.send('B1', 'x');
    const [id] = await sender.inbox();
    const { headers } = await sender.get(`/inbox/${id}`);
    expect(headers).toMatchObject({ 'mex-messagetype': 'REPORT', 'mex-statussuccess': 'ERROR', 'mex-to': 'B1' });
    for (const name of ['mex-linkedmsgid', 'mex-statuscode', 'mex-statusevent', 'mex-statusdescription'])
      expect([name, headers[name]]).toEqual([name, undefined]);
    sender.close();
    await bare.close();
  });
});

describe('looking up mailboxes', () => {
  let server: MeshServer;
  let a: PlainClient;
  beforeAll(async () => {
    server = await startMeshServer({
      tls: false,
      mailboxes: [
        { id: 'A1', password: 'p', odsCode: 'X26', receives: [] },
        { id: 'P1', password: 'p', odsCode: 'A83002', name: 'Practice one', receives: ['TOC', 'LAB'] },
        { id: 'P2', password: 'p', odsCode: 'A83002', name: 'Practice two', receives: ['LAB'] },
        { id: 'P3', password: 'p', odsCode: 'A83003', receives: ['TOC'], enabled: false },
      ],
    });
    a = new PlainClient(server, 'A1');
  });
  afterAll(async () => {
    a.close();
    await server.close();
  });

  it.each([
    ['A83002', 'TOC', ['P1']],
    ['a83002', 'LAB', ['P1', 'P2']],
    ['A83003', 'TOC', []],
    ['NONE', 'TOC', []],
  ])('of %s for %s', async (ods, workflow, found) => {
    const v2 = await a.ask(`/endpointlookup/${ods}/${workflow}`, { authorization: null });
    expect(v2.status).toBe(200);
    expect(field<{ mailbox_id: string }[]>(v2, 'results').map(({ mailbox_id }) => mailbox_id)).toEqual(found);
    const v1 = await a.ask(`/endpointlookup/${ods}/${workflow}`, { authorization: null, version: 1 });
    expect(v1.json).toEqual({
      query_id: expect.any(String),
      results: found.map((address) => ({ address, description: expect.any(String), endpoint_type: 'MESH' })),
    });
  });

  it('for a workflow, wherever', async () => {
    expect((await a.ask('/workflowsearch/LAB', { authorization: null })).json).toEqual({
      results: [
        { mailbox_id: 'P1', mailbox_name: 'Practice one' },
        { mailbox_id: 'P2', mailbox_name: 'Practice two' },
      ],
    });
  });
});
