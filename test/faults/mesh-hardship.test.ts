import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { LONG, MeshSite, mailboxId } from './mesh/site.ts';

/** A message that cannot be read, a store that is away, a service that is: nothing is lost, and nothing stands in the way of the rest. */

let site: MeshSite;
beforeAll(async () => {
  site = await MeshSite.open({
    backend: 'postgres',
    sources: ['poison', 'drain', 'down', 'feed'],
    destinations: { out: '    confirmedBy: accepted\n' },
    quick: ['down', 'out'],
  });
  await site.start();
}, LONG * 2);
afterAll(async () => {
  expect(site.mesh.problems).toEqual([]);
  await site.close();
}, LONG * 2);

const putAll = async (name: string, count: number): Promise<readonly string[]> => {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1)
    ids.push(await site.mesh.put(mailboxId(name), { workflowId: 'FILE', body: `${name} ${index}` }));
  return ids;
};
const filedOf = async (name: string): Promise<readonly string[]> => (await site.filed()).filter((text) => text.startsWith(name)).sort();
const texts = (name: string, count: number): readonly string[] => Array.from({ length: count }, (_, index) => `${name} ${index}`).sort();

it(
  'a message that cannot be read, or is no HL7, is kept and taken out, and those around it come through',
  async () => {
    const mailbox = mailboxId('poison');
    const before = await putAll('poison', 3);
    const noHl7 = await site.mesh.put(mailbox, { workflowId: 'TEXT', body: 'no HL7' });
    const broken = await site.mesh.put(mailbox, { workflowId: 'FILE', body: 'broken' });
    const body = { text: 'broken', type: 'application/octet-stream' };
    // Its second chunk where the first was asked for, whenever it is asked for.
    const headers = { 'mex-chunk-range': '2:2', 'mex-workflowid': 'FILE' };
    site.mesh.inject({ effect: 'status', status: 200, messageId: broken, route: 'download', times: 0, headers, body });
    const behind = await site.mesh.put(mailbox, { workflowId: 'FILE', body: 'poison behind' });
    await site.allAcknowledged([...before, noHl7, broken, behind]);
    await site.settles();
    expect(await filedOf('poison')).toEqual([...texts('poison', 3), 'poison behind']);
    expect(await site.counted('poison')).toEqual({ received: 6, processed: 4, held: 1, rejected: 1, duplicate: 0, unprocessed: 0 });
  },
  LONG * 2,
);

it(
  'while the store is away in the middle of a drain, nothing is acknowledged that is not committed',
  async () => {
    const count = 200;
    const ids = await putAll('drain', count);
    await eventually(
      () => site.acknowledged(ids),
      (taken) => taken > 20,
      { within: LONG, every: 5, what: 'the first acknowledgements' },
    );
    site.proxy.mode = 'hold';
    const look = async (): Promise<void> => {
      const acknowledged = await site.acknowledged(ids);
      expect((await site.counted('drain')).received).toBeGreaterThanOrEqual(acknowledged);
    };
    for (let time = 0; time < 8; time += 1) {
      await look();
      await sleep(100);
    }
    expect(await site.acknowledged(ids)).toBeLessThan(count);
    site.proxy.mode = 'refuse';
    site.proxy.drop();
    for (let time = 0; time < 8; time += 1) {
      await look();
      await sleep(100);
    }
    site.proxy.mode = 'forward';
    await site.allAcknowledged(ids);
    await site.settles();
    const { received, duplicate } = await site.counted('drain');
    expect(received - duplicate).toBe(count);
    expect(await filedOf('drain')).toEqual(texts('drain', count));
  },
  LONG * 3,
);

it(
  'a service that is away, overloaded or out of order for a while is asked again, and everything comes and goes once',
  async () => {
    const [inbound, outbound] = [mailboxId('down'), mailboxId('out')];
    for (const mailbox of [inbound, outbound]) {
      site.mesh.inject({ effect: 'reset', mailbox, times: 2 });
      site.mesh.inject({ effect: 'rate-limit', retryAfter: 1, mailbox });
      site.mesh.inject({ effect: 'status', status: 503, body: 'xml', headers: { 'retry-after': '1' }, mailbox, times: 2 });
    }
    // Taken, and answered with an error: nobody may take the error's word for it.
    site.mesh.inject({ effect: 'status', status: 502, body: 'html', route: 'send', mailbox: outbound, after: true, skip: 1 });
    site.mesh.inject({ effect: 'status', status: 500, body: 'xml', route: 'acknowledge', mailbox: inbound, after: true, times: 3 });
    const ids = await putAll('down', 20);
    for (let index = 0; index < 4; index += 1) await site.mesh.put(mailboxId('feed'), { workflowId: 'out', body: `away ${index}` });
    await site.allAcknowledged(ids);
    await eventually(
      () => site.standing('out'),
      (rows) => rows.length === 4 && rows.every(({ state }) => state === 'confirmed'),
      { within: LONG, what: 'all of them sent' },
    );
    await site.settles();
    expect(await filedOf('down')).toEqual(texts('down', 20));
    const sent = await site.sent('out');
    const bodies = await Promise.all(sent.map(async ({ id }) => (await site.mesh.body(id))?.toString()));
    expect(bodies.sort()).toEqual(['away 0', 'away 1', 'away 2', 'away 3']);
    expect(site.mesh.requests().filter(({ mailbox, fault }) => fault !== undefined && mailbox === inbound).length).toBeGreaterThan(5);
  },
  LONG * 2,
);
