import type { DaemonProcess } from '../support/daemon-process.ts';
import { eventually } from '../support/eventually.ts';
import { answered, asked, beforeStatement, doneUnanswered, midBody, type Point } from './mesh/kill.ts';
import { LONG, MeshSite, mailboxId } from './mesh/site.ts';

/** Killed at every point of receiving: nothing is lost, nothing is taken twice, and nothing is acknowledged before it is committed. */

const MB = 1024 * 1024;
/** More than is held in memory: it goes to the content store as it comes. */
const LARGE = ['a', 'b', 'c'].map((letter) => letter.repeat(MB));

interface ReceivePoint {
  readonly name: string;
  readonly point: Point;
  readonly chunks?: readonly string[];
  /** What must be known of it when it is killed; nothing unless said. */
  readonly known?: 'committed' | 'acknowledged';
}

const POINTS: readonly ReceivePoint[] = [
  { name: 'the list is asked for', point: asked({ route: 'inbox' }) },
  { name: 'the headers are asked for', point: asked({ route: 'metadata' }) },
  { name: 'the content is asked for', point: asked({ route: 'download' }) },
  { name: 'in the middle of the first chunk', point: midBody({ route: 'download', chunk: 1 }), chunks: LARGE },
  { name: 'between two chunks', point: asked({ route: 'download', chunk: 2 }), chunks: LARGE },
  { name: 'in the middle of a later chunk', point: midBody({ route: 'download', chunk: 2 }), chunks: LARGE },
  { name: 'all is there and not committed', point: answered({ route: 'download' }, 'hold') },
  { name: 'all of a large one is there and not committed', point: answered({ route: 'download', chunk: 3 }, 'hold'), chunks: LARGE },
  { name: 'committed, which is not known', point: answered({ route: 'download' }, 'swallow'), known: 'committed' },
  { name: 'committed and not acknowledged', point: asked({ route: 'acknowledge' }), known: 'committed' },
  { name: 'acknowledged, which is not known', point: doneUnanswered({ route: 'acknowledge' }), known: 'acknowledged' },
];
const REPORTS: readonly (Pick<ReceivePoint, 'name' | 'point' | 'known'> & { readonly noted: boolean })[] = [
  { name: 'journalled and not noted', point: beforeStatement('far-receipt'), known: 'committed', noted: false },
  { name: 'noted and not acknowledged', point: asked({ route: 'acknowledge' }), known: 'committed', noted: true },
  {
    name: 'acknowledged, which is not known',
    point: doneUnanswered({ route: 'acknowledge' }),
    known: 'acknowledged',
    noted: true,
  },
];

const numbered = <T>(prefix: string, points: readonly T[]): readonly (T & { readonly mailbox: string })[] =>
  points.map((point, index) => ({ ...point, mailbox: `${prefix}${index + 1}` }));
const messages = numbered('in', POINTS);
const reports = numbered('out', REPORTS);

let site: MeshSite;
let daemon: DaemonProcess;
/** Texts that must come out, each once. */
const expected: string[] = [];

const put = (mailbox: string, chunks: readonly string[]): Promise<string> => {
  expected.push(chunks.join(''));
  return site.mesh.put(mailboxId(mailbox), { workflowId: 'FILE', chunks });
};

const acknowledged = async (ids: readonly string[]): Promise<number> => {
  const found = await Promise.all(ids.map((id) => site.mesh.message(id)));
  return found.filter((message) => message?.state === 'acknowledged').length;
};

/** Killed, and started again when everything is as it should be. What was known of these messages, and of their source, at the kill. */
const killed = async <T>(source: string, ids: readonly string[], look: () => Promise<T>): Promise<readonly [number, number, T]> => {
  daemon.signal('SIGKILL');
  await daemon.ended();
  const seen = [(await site.counted()).get(source)?.received ?? 0, await acknowledged(ids), await look()] as const;
  site.mesh.clearFaults();
  site.proxy.mode = 'forward';
  daemon = await site.start();
  return seen;
};
/** Committed and acknowledged by then. */
const then = (known: ReceivePoint['known']): readonly [number, number] => [known === undefined ? 0 : 1, known === 'acknowledged' ? 1 : 0];

const allAcknowledged = (ids: readonly string[]): Promise<unknown> =>
  eventually(
    () => acknowledged(ids),
    (count) => count === ids.length,
    { within: LONG, what: 'the acknowledgements' },
  );

beforeAll(async () => {
  site = await MeshSite.open({
    backend: 'postgres',
    sources: [...messages.map(({ mailbox }) => mailbox), 'feed'],
    destinations: Object.fromEntries(reports.map(({ mailbox }) => [mailbox, '    confirmedBy: downloaded\n'])),
  });
  daemon = await site.start();
}, LONG * 2);
afterAll(async () => {
  expect(site.mesh.problems).toEqual([]);
  await site.close();
}, LONG * 2);

describe('a daemon that is killed while it receives a message', () => {
  it.each(messages)(
    '$name',
    async ({ mailbox, point, chunks = [''], known }) => {
      const ids: string[] = [];
      await point(site, mailbox, async () => {
        ids.push(await put(mailbox, [`first of ${mailbox} ${chunks[0]}`, ...chunks.slice(1)]));
        // Behind the one it is killed over.
        ids.push(await put(mailbox, [`second of ${mailbox}`]));
      });
      const [committed, acknowledgements] = await killed(mailbox, ids, async () => undefined);
      expect([committed, acknowledgements]).toEqual(then(known));
      await allAcknowledged(ids);
      // What was committed and not acknowledged comes again, and is known again.
      const again = known === 'committed' ? 1 : 0;
      expect((await site.counted()).get(mailbox)).toMatchObject({ received: 2 + again, duplicate: again });
    },
    LONG * 2,
  );
});

describe('a daemon that is killed while it receives a REPORT', () => {
  it.each(reports)(
    '$name',
    async ({ mailbox, point, known, noted }) => {
      await site.mesh.put(mailboxId('feed'), { workflowId: mailbox, body: `sent by ${mailbox}` });
      await eventually(
        () => site.standing(mailbox),
        ([delivery]) => delivery?.state === 'handed-over',
        { within: LONG, what: 'the message it is about' },
      );
      const [sent] = await site.mesh.messages({ sender: mailboxId(mailbox) });
      const ids: string[] = [];
      await point(site, mailbox, async () => {
        ids.push(await site.mesh.report(mailboxId(mailbox), { code: '12', about: sent?.id ?? '' }));
      });
      const source = `from-${mailbox}`;
      const [committed, acknowledgements, receipts] = await killed(source, ids, () => site.receipts(mailbox));
      expect([committed, acknowledgements]).toEqual(then(known));
      expect(receipts).toHaveLength(noted ? 2 : 1);
      await allAcknowledged(ids);
      const again = known === 'committed' ? 1 : 0;
      expect((await site.counted()).get(source)).toMatchObject({ received: 1 + again, duplicate: again });
      expect(await site.receipts(mailbox)).toEqual([{ stage: 'accepted' }, { stage: 'reported' }]);
      expect(await site.standing(mailbox)).toEqual([{ state: 'held', reason: expect.any(String) }]);
    },
    LONG * 2,
  );
});

it('everything comes out once and whole, and both lines balance', async () => {
  await site.settles();
  const filed = await site.filed();
  expect(filed.map((text) => text.length).sort()).toEqual(expected.map((text) => text.length).sort());
  expect(new Set(filed)).toEqual(new Set(expected));
}, 120_000);
