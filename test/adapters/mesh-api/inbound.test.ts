import { gzipSync } from 'node:zlib';
import { Gate, until } from '../support/waiting.ts';
import { Readers, Store } from './support/reader.ts';
import { bodyOf, OURS, Services, THEIRS } from './support/service.ts';

const services = new Services();
const readers = new Readers();
afterEach(async () => {
  await readers.stop();
  await services.close();
});

const empty = (server: { mailbox(id: string): { waiting: number } }) => () => server.mailbox(OURS).waiting === 0;

describe('assurance', () => {
  it('assurance 401 receive plain, assurance 402 receive gzip: the content arrives as it was sent, and is acknowledged', async () => {
    const server = await services.start();
    const plain = await server.put(OURS, { workflowId: 'W1', body: 'plain content', subject: 'S', localId: 'L1', fileName: 'f.txt' });
    const zipped = await server.put(OURS, { workflowId: 'W1', body: 'x'.repeat(500_000), compress: true });
    const { store } = await readers.start(server);
    await until('the inbox is empty', empty(server));
    expect(store.journal.messages.map(({ transportId, content }) => [transportId, content.toString()])).toEqual([
      [plain, 'plain content'],
      [zipped, 'x'.repeat(500_000)],
    ]);
    expect(store.journal.messages[0]).toMatchObject({
      workflow: 'W1',
      disposition: 'process',
      headers: { subject: 'S', localid: 'L1', filename: 'f.txt', from: 'STANDIN', to: OURS, workflowid: 'W1' },
      fence: { lease: `mailbox:${OURS}`, token: expect.any(Number) },
    });
  });

  it('assurance 501 and assurance 502 a message of several gzipped chunks arrives as one', async () => {
    const server = await services.start();
    const chunks = [Buffer.alloc(3_000_000, 'a'), Buffer.alloc(3_000_000, 'b'), Buffer.from('end')];
    await server.put(OURS, { workflowId: 'W1', chunks, compress: true });
    const { store } = await readers.start(server);
    await until('the inbox is empty', empty(server));
    expect(store.journal.messages[0]?.content.equals(Buffer.concat(chunks))).toBe(true);
  });

  it.each(['v1', 'v2'] as const)('assurance 601 drain 600 waiting (%s): list 500, each acknowledged, list the rest', async (api) => {
    const server = await services.start();
    const ids: string[] = [];
    for (let n = 0; n < 600; n += 1) ids.push(await server.put(OURS, { workflowId: 'W1', body: `message ${n}` }));
    const { store } = await readers.start(server, { settings: { api, poll: 300_000 } });
    await until('the inbox is empty', empty(server), 50_000);
    expect(store.journal.ids).toEqual(ids);
    const lists = server.requests().flatMap(({ route }, at) => (route === 'inbox' ? [at] : []));
    expect(lists).toHaveLength(2);
    // Between the two lists there are the 500 acknowledgements of the first, and no others.
    const between = server.requests().slice(lists[0], lists[1]);
    expect(between.filter(({ route }) => route === 'acknowledge')).toHaveLength(500);
  });

  it('assurance 703 a message that nobody collects for five days comes back as a report', async () => {
    const server = await services.start();
    const reader = await readers.start(server, { settings: { poll: 20 }, parts: { now: () => new Date(server.clock.now()) } });
    const id = await reader.mailbox.client.send(
      { 'mex-from': OURS, 'mex-to': THEIRS, 'mex-workflowid': 'TOC', 'mex-localid': 'K1' },
      bodyOf('x'),
    );
    reader.store.journal.deliveries.push({ mailbox: OURS, farId: id });
    await server.clock.advance(5 * 86_400_000 + 60_000);
    await until('the report is out', () => reader.store.journal.reports.length === 1);
    expect(reader.store.journal.reports[0]).toMatchObject({
      name: { farId: id, transportKey: 'K1' },
      receipt: { good: false, fault: 'not-collected', receiptCode: '14' },
    });
  });

  it('assurance 801 one thread a mailbox: never two requests at a time while it is read', async () => {
    const server = await services.start();
    for (let n = 0; n < 50; n += 1) await server.put(OURS, { workflowId: 'W1', body: `message ${n}` });
    await readers.start(server);
    await until('the inbox is empty', empty(server));
    expect(server.mailbox(OURS).mostConcurrent).toBe(1);
  });

  it('assurance 803 handles reports', async () => {
    const server = await services.start();
    const reader = await readers.start(server, { settings: { poll: 20 } });
    const failed = await server.put(THEIRS, { workflowId: 'TOC', body: 'x', localId: 'K1' });
    reader.store.journal.deliveries.push({ mailbox: OURS, farId: failed });
    const report = await server.report(OURS, { code: '14', about: failed });
    await until('the inbox is empty', empty(server));
    expect(reader.store.journal.reports).toMatchObject([
      {
        transportId: report,
        type: 'REPORT',
        name: { mailbox: OURS, farId: failed },
        receipt: { stage: 'reported', good: false, fault: 'not-collected', receiptCode: '14', reference: report },
      },
    ]);
  });

  it('a handshake comes first, and the inbox is looked into right after something was sent', async () => {
    const server = await services.start();
    // The usual pause would be longer than the test waits.
    const reader = await readers.start(server, { settings: { poll: 20_000 } });
    await until('a first look', () => server.totals().byRoute.inbox === 1);
    expect(server.requests().map(({ route }) => route)).toEqual(['handshake', 'inbox']);
    reader.mailbox.lookSoon();
    reader.mailbox.lookSoon();
    await until('a look after the send', () => server.totals().byRoute.inbox === 2);
    expect(server.totals().byRoute.handshake).toBe(1);
  });
});

describe('MESH rule 4.6 reports', () => {
  it('without a code and without a linked id, with an empty body and 1:0 chunks, found by the local id', async () => {
    const server = await services.start({ reports: { code: false, link: false } });
    const reader = await readers.start(server, { settings: { poll: 20 } });
    reader.store.journal.deliveries.push({ mailbox: OURS, transportKey: 'K7' });
    await server.report(OURS, { code: '14', localId: 'K7', workflowId: 'TOC' });
    await until('the inbox is empty', empty(server));
    const [report] = reader.store.journal.reports;
    expect(report).toMatchObject({ name: { transportKey: 'K7' }, receipt: { good: false, fault: 'mesh-refused', receiptCode: 'ERROR' } });
    expect(JSON.parse(report?.bytes.toString() ?? '')).toMatchObject({ 'mex-messagetype': 'REPORT', 'mex-chunk-range': '1:0' });
  });

  it('one that names no delivery yet is looked at again, and is final when it is old', async () => {
    const server = await services.start({ clock: { offset: -1_200_000 } });
    const reader = await readers.start(server, { settings: { poll: 20 } });
    await server.report(OURS, { code: '14', linkedId: 'UNKNOWN' });
    await until('the inbox is empty', empty(server));
    // Its own time is twenty minutes ago.
    expect(reader.store.journal.reports).toMatchObject([{ final: true }]);
  });

  it('one that names no delivery yet stays in the mailbox', async () => {
    const server = await services.start();
    const reader = await readers.start(server, { settings: { poll: 20 } });
    await server.report(OURS, { code: '14', linkedId: 'LATER' });
    await until('three looks', () => (server.totals().byRoute.inbox ?? 0) > 3);
    expect(server.mailbox(OURS).waiting).toBe(1);
    reader.store.journal.deliveries.push({ mailbox: OURS, farId: 'LATER' });
    await until('the inbox is empty', empty(server));
    expect(reader.store.journal.reports).toHaveLength(1);
  });
});

describe('MESH rule 4.7 acknowledged only after the commit', () => {
  it('the store fails: not acknowledged, and taken when it can; its neighbours keep their order', async () => {
    const server = await services.start();
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.push(await server.put(OURS, { workflowId: 'W1', body: `message ${n}` }));
    const store = new Store();
    let failing = true;
    store.journal.onReceive = ({ transportId }) => {
      if (failing && transportId === ids[2]) throw new Error('no store');
    };
    const reader = await readers.start(server, { store, settings: { poll: 20 } });
    await until('two are out', () => server.mailbox(OURS).waiting === 3);
    expect(store.journal.ids).toEqual(ids.slice(0, 2));
    await until('it is told', () => reader.notebook.warnings.some(({ name }) => name === 'source.store-unavailable'));
    failing = false;
    await until('the inbox is empty', empty(server), 20_000);
    expect(store.journal.ids).toEqual(ids);
  });

  it('a message the store does not take is not downloaded again and again: the pause doubles', async () => {
    const server = await services.start();
    const id = await server.put(OURS, { workflowId: 'W1', body: 'x' });
    const other = await server.put(OURS, { workflowId: 'W1', body: 'behind it' });
    const store = new Store();
    store.journal.onReceive = ({ transportId }) => {
      if (transportId === id) throw new Error('never');
    };
    await readers.start(server, { store, settings: { poll: 20 } });
    const begun = Date.now();
    // It does not stand in the way of what is behind it for ever.
    await until('what is behind it is out', () => store.journal.ids.includes(other));
    await new Promise((done) => setTimeout(done, 1_000));
    const doublings = Math.log2((Date.now() - begun) / 20);
    expect((await server.message(id))?.downloads[0]).toBeLessThan(doublings + 4);
    expect((await server.message(id))?.acknowledgements).toBe(0);
    expect(store.journal.ids).toEqual([other]);
  });

  it('an acknowledgement that fails is made later, without fetching the message again', async () => {
    const server = await services.start();
    const id = await server.put(OURS, { workflowId: 'W1', body: 'x' });
    server.inject({ route: 'acknowledge', effect: 'status', status: 500, times: 1 });
    const { store } = await readers.start(server, { settings: { poll: 20 } });
    await until('the inbox is empty', empty(server));
    expect(store.journal.ids).toEqual([id]);
    expect((await server.message(id))?.downloads).toEqual([1]);
  });

  it('an acknowledgement whose answer is lost is as good', async () => {
    const server = await services.start();
    await server.put(OURS, { workflowId: 'W1', body: 'x' });
    server.inject({ route: 'acknowledge', effect: 'reset', after: true, times: 1 });
    const { store } = await readers.start(server, { settings: { poll: 20 } });
    await until('the inbox is empty', empty(server));
    expect(store.journal).toMatchObject({ duplicates: 0, messages: [{ content: Buffer.from('x') }] });
  });

  it('killed between the commit and the acknowledgement: the next daemon has it as a duplicate, and acknowledges it', async () => {
    const server = await services.start();
    const id = await server.put(OURS, { workflowId: 'W1', body: 'x' });
    server.inject({ route: 'acknowledge', effect: 'reset', times: 0 });
    const store = new Store();
    const first = await readers.start(server, { store, settings: { poll: 20 } });
    await until('it is journalled', () => store.journal.ids.length === 1);
    await first.stop();
    server.clearFaults();
    await readers.start(server, { store, settings: { poll: 20 } });
    await until('the inbox is empty', empty(server));
    expect(store.journal.ids).toEqual([id]);
    expect(store.journal.duplicates).toBe(1);
  });

  it.each([
    ['bad gzip', 'gzip', 'small', 5],
    ['bad gzip', 'gzip', 'too large to be held', 300_000],
    ['a missing chunk', 'chunk-missing', 'small', 5],
    ['a missing chunk', 'chunk-missing', 'too large to be held', 300_000],
  ])('poison (%s: %s, %s) is journalled as refused and taken out; what is behind it goes on', async (_, code, _size, length) => {
    const server = await services.start();
    const poison = await server.put(OURS, { workflowId: 'W1', chunks: [`first${'x'.repeat(length)}`, 'second'] });
    const sound = await server.put(OURS, { workflowId: 'W1', body: 'sound' });
    const second = { route: 'download', messageId: poison, chunk: 2, effect: 'status', times: 0 } as const;
    if (code === 'chunk-missing') server.inject({ ...second, status: 404, body: 'v2', code: '20' });
    else {
      const body = { text: 'not gzip at all', type: 'application/octet-stream' };
      server.inject({ ...second, status: 200, body, headers: { 'content-encoding': 'gzip' } });
    }
    const reader = await readers.start(server, { settings: { poll: 20 } });
    await until('the inbox is empty', empty(server));
    expect(reader.store.journal.ids).toEqual([sound]);
    expect(reader.store.journal.refused).toMatchObject([{ reason: 'mesh-content' }]);
    const head = reader.store.journal.refused[0]?.head.toString() ?? '';
    expect({ headers: head.includes(`"mex-messageid":"${poison}"`), content: head.includes('\nfirstx') }).toEqual({
      headers: true,
      content: true,
    });
    expect(reader.notebook.warnings).toContainEqual({
      name: 'mailbox.content-refused',
      facts: { mailbox: 'gp', id: poison, code, chunk: 2 },
    });
    // Not for ever: three looks.
    const looks = server.requests().filter(({ route, messageId, chunk }) => route === 'download' && messageId === poison && chunk === 1);
    expect(looks).toHaveLength(3);
  });

  it('poison that is gone, though it is listed', async () => {
    const server = await services.start();
    const id = await server.put(OURS, { workflowId: 'W1', body: 'x' });
    server.inject({ route: ['metadata', 'download'], messageId: id, effect: 'status', status: 410, times: 0 });
    const { store } = await readers.start(server, { settings: { poll: 20 } });
    await until('the inbox is empty', empty(server));
    expect(store.journal.refused[0]?.head.toString()).toContain(id);
  });

  it('a network that breaks never refuses or acknowledges', async () => {
    const server = await services.start();
    const id = await server.put(OURS, { workflowId: 'W1', body: Buffer.alloc(200_000, 'x') });
    const broken = server.inject({ route: 'download', effect: 'cut', afterBytes: 1_000, times: 0 });
    const { store } = await readers.start(server, { settings: { poll: 20 } });
    await until('several tries', () => broken.hits > 20);
    expect({ refused: store.journal.refused, waiting: server.mailbox(OURS).waiting }).toEqual({ refused: [], waiting: 1 });
    broken.remove();
    await until('the inbox is empty', empty(server));
    expect(store.journal.ids).toEqual([id]);
  });
});

describe('MESH rule 4.8 the workflow is known before the content', () => {
  it('a message of an unknown workflow is left with its content unread, and told of once', async () => {
    const server = await services.start();
    const foreign = await server.put(OURS, { workflowId: 'FOREIGN', body: 'x' });
    await server.put(OURS, { workflowId: 'FOREIGN', body: 'y' });
    await server.put(OURS, { workflowId: 'W1', body: 'z' });
    const reader = await readers.start(server, { settings: { poll: 10 } });
    await until('some looks', () => (server.totals().byRoute.inbox ?? 0) > 4);
    expect(server.mailbox(OURS).waiting).toBe(2);
    expect((await server.message(foreign))?.downloads).toEqual([]);
    expect(reader.notebook.warnings.filter(({ name }) => name === 'mailbox.workflow-left')).toEqual([
      { name: 'mailbox.workflow-left', facts: { source: 'mesh', mailbox: 'gp', workflow: 'FOREIGN' } },
    ]);
    // What was left is not asked for again at each look.
    expect(server.totals().byRoute.metadata).toBe(3);
    expect(reader.notebook.gauges.get('mailbox_left')).toBe(2);
  });

  it('each workflow id has its disposition, letter by letter', async () => {
    const server = await services.start();
    for (const workflowId of ['IN', 'ON', 'KEEP', 'ELSE', 'in']) await server.put(OURS, { workflowId, body: workflowId });
    const { store } = await readers.start(server, {
      workflows: { IN: { do: 'process' }, ON: { do: 'forward', to: 'practice' }, KEEP: { do: 'leave' } },
      others: 'hold',
    });
    await until('all but one are out', () => server.mailbox(OURS).waiting === 1);
    expect(store.journal.messages.map(({ workflow, disposition }) => [workflow, disposition])).toEqual([
      ['IN', 'process'],
      ['ON', 'forward'],
      ['ELSE', 'hold'],
      ['in', 'hold'],
    ]);
  });

  it.each(['v1', 'v2'] as const)('more than 500 messages of others never stand in the way of ours (%s)', async (api) => {
    const server = await services.start();
    for (let n = 0; n < 650; n += 1) await server.put(OURS, { workflowId: 'FOREIGN', body: 'x' });
    const ours = await server.put(OURS, { workflowId: 'W1', body: 'ours' });
    const { store } = await readers.start(server, { settings: { api } });
    await until('ours is out', () => server.mailbox(OURS).waiting === 650, 50_000);
    expect(store.journal.ids).toEqual([ours]);
    const late = await server.put(OURS, { workflowId: 'W1', body: 'late' });
    await until('the late one is out', () => server.mailbox(OURS).waiting === 650, 50_000);
    expect(store.journal.ids).toEqual([ours, late]);
  });
});

it('MESH rule 4.12 the sender’s file name is a note beside the message, and never a path', async () => {
  const server = await services.start();
  await server.put(OURS, { workflowId: 'W1', body: 'x', fileName: '../../../etc/passwd' });
  const { store, notebook } = await readers.start(server);
  await until('the inbox is empty', empty(server), 50_000);
  expect(store.journal.messages[0]?.headers?.filename).toBe('../../../etc/passwd');
  expect(notebook.everything).not.toContain('passwd');
});

describe('MESH rule 4.11 one reader a mailbox', () => {
  it('two daemons with one mailbox: nothing is processed twice, nothing is lost, in order', async () => {
    const server = await services.start();
    const store = new Store();
    const ids: string[] = [];
    for (let n = 0; n < 200; n += 1) ids.push(await server.put(OURS, { workflowId: 'W1', body: `${n}` }));
    await Promise.all([readers.start(server, { store, settings: { poll: 20 } }), readers.start(server, { store, settings: { poll: 20 } })]);
    await until('half is out', () => server.mailbox(OURS).waiting < 100, 50_000);
    for (let n = 0; n < 100; n += 1) ids.push(await server.put(OURS, { workflowId: 'W1', body: `${n}` }));
    await until('the inbox is empty', empty(server), 50_000);
    expect(store.journal.ids).toEqual(ids);
    expect(store.journal.duplicates).toBe(0);
    expect(server.mailbox(OURS).mostConcurrent).toBe(1);
  });

  it('a daemon that lost the lease journals no more; the other takes over where it ended', async () => {
    const server = await services.start();
    const store = new Store();
    const ids: string[] = [];
    for (let n = 0; n < 20; n += 1) ids.push(await server.put(OURS, { workflowId: 'W1', body: `${n}` }));
    let once = true;
    store.journal.onReceive = async ({ transportId }) => {
      if (!once || transportId !== ids[5]) return;
      once = false;
      store.leases.lose(`mailbox:${OURS}`);
      await store.leases.take(`mailbox:${OURS}`).then((lease) => lease?.release());
    };
    await readers.start(server, { store, settings: { poll: 20 } });
    await until('the inbox is empty', empty(server));
    expect(store.journal.ids).toEqual(ids);
    expect(store.journal.duplicates).toBe(0);
  });

  it('looks no more often than its pause, over all daemons and restarts', async () => {
    const server = await services.start();
    const store = new Store();
    const settings = { poll: 400 };
    const first = await readers.start(server, { store, settings });
    await readers.start(server, { store, settings });
    await until('two looks', () => server.totals().byRoute.inbox === 2);
    await first.stop();
    await readers.start(server, { store, settings });
    await until('four looks', () => server.totals().byRoute.inbox === 4);
    const { looks } = store.diary;
    for (const [index, at] of looks.entries()) if (index > 0) expect(at - (looks[index - 1] ?? 0)).toBeGreaterThanOrEqual(399);
  });

  it('another daemon looked while the lease was asked for: no second look', async () => {
    const server = await services.start();
    const store = new Store();
    const take = store.leases.take.bind(store.leases);
    store.leases.take = async (name) => {
      await store.diary.note(OURS, 'poll');
      return take(name);
    };
    const reader = await readers.start(server, { store, settings: { poll: 300_000 } });
    await until('it was its turn', () => store.leases.taken.length === 1);
    await until('it gave the lease back', async () => (await take(`mailbox:${OURS}`)) !== null);
    await reader.stop();
    expect(server.totals().requests).toBe(0);
  });

  it('250 mailboxes on one instance', async () => {
    const ids = Array.from({ length: 250 }, (_, n) => `X26BOX${n}`);
    const server = await services.start({ mailboxes: ids.map((id) => ({ id, password: 'p' })) });
    for (const id of ids) await server.put(id, { workflowId: 'W1', body: id });
    const store = new Store();
    for (const id of ids) await readers.start(server, { store, settings: { id, poll: 300_000 } });
    await until('all are empty', () => ids.every((id) => server.mailbox(id).waiting === 0), 50_000);
    expect(store.journal.messages.map(({ content }) => content.toString()).sort()).toEqual([...ids].sort());
    // Then there is peace until the pause is over.
    const { requests } = server.totals();
    await new Promise((done) => setTimeout(done, 300));
    expect(server.totals().requests).toBe(requests);
  });

  it('one slow mailbox delays no other', async () => {
    const server = await services.start();
    server.inject({ mailbox: THEIRS, effect: 'silence', times: 0 });
    await server.put(OURS, { workflowId: 'W1', body: 'x' });
    await readers.start(server, { settings: { id: THEIRS, timeout: 60_000 } });
    const { store } = await readers.start(server);
    await until('the inbox is empty', empty(server));
    expect(store.journal.ids).toHaveLength(1);
  });
});

describe('failures of the service', () => {
  it('is told once when it goes and once when it is back; what waits is taken then', async () => {
    const server = await services.start();
    const reader = await readers.start(server, { settings: { poll: 20 } });
    await until('a look', () => server.totals().byRoute.inbox === 1);
    const down = server.inject({ effect: 'status', status: 502, body: 'html', times: 0 });
    await until('several failures', () => down.hits > 9);
    await server.put(OURS, { workflowId: 'W1', body: 'x' });
    down.remove();
    await until('the inbox is empty', empty(server));
    const cleared = () => reader.notebook.events.filter(({ name }) => name === 'mailbox.unreachable.cleared');
    await until('the end of it is told', () => cleared().length > 0);
    expect(reader.notebook.warnings.filter(({ name }) => name === 'mailbox.unreachable')).toHaveLength(1);
    expect(cleared()).toHaveLength(1);
  });

  it('Retry-After is kept to, whatever the pause between looks is', async () => {
    const server = await services.start();
    const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));
    await readers.start(server, { settings: { poll: 20 }, parts: { pause } });
    await until('a look', () => (server.totals().byRoute.inbox ?? 0) > 0);
    server.inject({ route: 'inbox', effect: 'rate-limit', retryAfter: 2 });
    await until('the limit', () => server.requests().some(({ status }) => status === 429));
    const limited = server.requests().find(({ status }) => status === 429)?.at ?? 0;
    const seen = server.totals().requests;
    await until('another request', () => server.totals().requests > seen);
    expect((server.requests().at(-1)?.at ?? 0) - limited).toBeGreaterThanOrEqual(1_950);
  });

  it('a refused mailbox is told as such', async () => {
    const server = await services.start();
    await server.setEnabled(OURS, false);
    const reader = await readers.start(server, { settings: { poll: 50 } });
    await until('it is told', () => reader.notebook.warnings.some(({ name }) => name === 'mailbox.unauthorised'));
  });
});

describe('messages that were sent', () => {
  it('are asked about while they wait to be collected', async () => {
    const server = await services.start();
    const store = new Store();
    const collected = await server.put(THEIRS, { workflowId: 'W1', body: 'x', from: OURS });
    const waiting = await server.put(THEIRS, { workflowId: 'W1', body: 'y', from: OURS });
    await services.client(server, { id: THEIRS }).acknowledge(collected);
    store.far.waiting = [waiting, collected, 'UNKNOWN'].map((farId) => ({ id: 1 as never, farId, waitsFor: 'downloaded', acceptedMs: 1 }));
    const reader = await readers.start(server, { store, settings: { poll: 300_000 } });
    await until('all were asked about', () => reader.notebook.counts.get('mailbox_tracked{mailbox=gp,known=unknown}') === 1);
    expect(store.far.noted).toEqual([
      {
        name: { mailbox: OURS, farId: collected },
        receipt: { stage: 'downloaded', good: true, receiptCode: 'acknowledged', at: expect.any(String), reference: '' },
      },
    ]);
  });
});

describe('answers of the recipient', () => {
  const itk = (code: string, about: string): string =>
    JSON.stringify({
      resourceType: 'Bundle',
      entry: [
        { resource: { resourceType: 'MessageHeader', response: { identifier: about, code: 'ok' } } },
        { resource: { resourceType: 'OperationOutcome', issue: [{ details: { coding: [{ code, display: 'words' }] } }] } },
      ],
    });

  it('are notes on what was sent, and held where they are not understood', async () => {
    const server = await services.start();
    const store = new Store();
    store.journal.deliveries.push({ mailbox: OURS, transportKey: 'B1' }, { mailbox: OURS, transportKey: 'B2' });
    await server.put(OURS, { workflowId: 'TOC_ACK', body: itk('30001', 'B1') });
    await server.put(OURS, { workflowId: 'TOC_ACK', body: gzipSync(itk('30003', 'B2')) });
    await server.put(OURS, { workflowId: 'TOC_ACK', body: itk('30003', 'B2') });
    await readers.start(server, { store, workflows: { TOC_ACK: { do: 'acknowledge', of: 'TOC' } } });
    await until('the inbox is empty', empty(server));
    expect(
      store.journal.reports.map(({ type, name, receipt }) => [type, name.transportKey, receipt.stage, receipt.good, receipt.receiptCode]),
    ).toEqual([
      ['TOC_ACK', 'B1', 'business', true, '30001'],
      ['TOC_ACK', 'B2', 'business', false, '30003'],
    ]);
    expect(store.journal.messages).toMatchObject([{ workflow: 'TOC_ACK', disposition: 'hold' }]);
  });
});

it('a store that does not answer delays the stop no longer than it may take', async () => {
  const server = await services.start();
  await server.put(OURS, { workflowId: 'W1', body: 'x' });
  const store = new Store();
  let asked = false;
  const answer = new Gate();
  store.journal.onReceive = () => {
    asked = true;
    return answer.opened;
  };
  const reader = await readers.start(server, { store });
  await until('it is being journalled', () => asked);
  await reader.source.stop(AbortSignal.timeout(100));
  expect(server.mailbox(OURS).waiting).toBe(1);
  answer.open();
});

it('what is in hand when it is stopped is journalled and acknowledged', async () => {
  const server = await services.start();
  for (let n = 0; n < 50; n += 1) await server.put(OURS, { workflowId: 'W1', body: `${n}` });
  const store = new Store();
  store.journal.onReceive = () => new Promise((done) => setTimeout(done, 20));
  const reader = await readers.start(server, { store });
  await until('some are journalled', () => store.journal.ids.length > 5);
  await reader.stop();
  const { waiting } = server.mailbox(OURS);
  expect(waiting).toBeGreaterThan(0);
  expect(store.journal.ids.length + waiting).toBe(50);
});
