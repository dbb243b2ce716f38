import { createHash } from 'node:crypto';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { eventually } from '../support/eventually.ts';
import { answered, asked, beforeStatement, doneUnanswered, midBody, type Point, withMailboxes } from './mesh/kill.ts';
import { LONG, MeshSite, mailboxId } from './mesh/site.ts';

/** Killed at every point of receiving: nothing is lost, nothing is taken twice, and nothing is acknowledged before it is committed. */

const MB = 1024 * 1024;
/** More than is held in memory: it goes to the content store as it comes. Hardly compressible, or a slow line would have it at once. */
const LARGE = ['a', 'b', 'c'].map((letter) =>
  createHash('shake256', { outputLength: MB / 2 })
    .update(letter)
    .digest('hex'),
);

interface ReceivePoint {
  readonly name: string;
  readonly point: Point;
  readonly chunks?: readonly string[];
  /** What must be known of it when the daemon is killed; nothing unless said. */
  readonly known?: 'committed' | 'acknowledged';
}
interface ReportPoint extends Omit<ReceivePoint, 'chunks'> {
  readonly noted: boolean;
}

/** Each has a mailbox of its own, so one death serves many; the store stands still for all, so those at the store die alone. */
const DEATHS: readonly (readonly ReceivePoint[])[] = [
  [
    { name: 'the list is asked for', point: asked({ route: 'inbox' }) },
    { name: 'the headers are asked for', point: asked({ route: 'metadata' }) },
    { name: 'the content is asked for', point: asked({ route: 'download' }) },
    { name: 'in the middle of the first chunk', point: midBody({ route: 'download', chunk: 1 }), chunks: LARGE },
    { name: 'between two chunks', point: asked({ route: 'download', chunk: 2 }), chunks: LARGE },
    { name: 'in the middle of a later chunk', point: midBody({ route: 'download', chunk: 2 }), chunks: LARGE },
    { name: 'committed and not acknowledged', point: asked({ route: 'acknowledge' }), known: 'committed' },
    { name: 'acknowledged, which is not known', point: doneUnanswered({ route: 'acknowledge' }), known: 'acknowledged' },
  ],
  [{ name: 'all is there and not committed', point: answered({ route: 'download' }, 'hold') }],
  [{ name: 'all of a large one is there and not committed', point: answered({ route: 'download', chunk: 3 }, 'hold'), chunks: LARGE }],
  [{ name: 'committed, which is not known', point: answered({ route: 'download' }, 'swallow'), known: 'committed' }],
];
const REPORTS: readonly (readonly ReportPoint[])[] = [
  [{ name: 'journalled and not noted', point: beforeStatement('far-receipt'), known: 'committed', noted: false }],
  [
    { name: 'noted and not acknowledged', point: asked({ route: 'acknowledge' }), known: 'committed', noted: true },
    { name: 'acknowledged, which is not known', point: doneUnanswered({ route: 'acknowledge' }), known: 'acknowledged', noted: true },
  ],
];

const messages = withMailboxes('in', DEATHS);
const reports = withMailboxes('out', REPORTS);

let site: MeshSite;
let daemon: DaemonProcess;
/** Texts that must come out, each once. */
const expected: string[] = [];

interface Seen {
  readonly ids: readonly string[];
  /** Journalled, and acknowledged, when the daemon was killed. */
  readonly committed: number;
  readonly acknowledged: number;
  readonly receipts: number;
}

type Placed = Pick<ReceivePoint, 'name' | 'point'> & { readonly mailbox: string };

/** Brings the daemon to all these points, kills it there, and starts another when everything is as it should be. */
const die = async <T extends Placed>(
  points: readonly T[],
  source: (mailbox: string) => string,
  put: (point: T) => Promise<string[]>,
): Promise<ReadonlyMap<string, Seen>> => {
  // What three daemons in a row die over is held as poison, and what went before is not the matter here.
  await site.settles();
  const ids = new Map<string, readonly string[]>();
  await Promise.all(points.map((at) => at.point(site, at.mailbox, async () => ids.set(at.mailbox, await put(at)))));
  daemon.signal('SIGKILL');
  await daemon.ended();
  const seen = new Map<string, Seen>();
  for (const [mailbox, own] of ids)
    seen.set(mailbox, {
      ids: own,
      committed: (await site.counted(source(mailbox))).received,
      acknowledged: await site.acknowledged(own),
      receipts: (await site.receipts(mailbox)).length,
    });
  site.mesh.clearFaults();
  site.proxy.mode = 'forward';
  daemon = await site.start();
  return seen;
};

/** What was known when it was killed; of what is behind it, more may be committed already. */
const expectKnown = (known: ReceivePoint['known'], { committed, acknowledged }: Seen): void => {
  expect(Math.min(committed, 1)).toBe(known === undefined ? 0 : 1);
  expect(acknowledged).toBe(known === 'acknowledged' ? 1 : 0);
};
const seenOf = (seen: ReadonlyMap<string, Seen>, mailbox: string): Seen => {
  const found = seen.get(mailbox);
  if (found === undefined) throw new RangeError(`nothing was put into ${mailbox}`);
  return found;
};

beforeAll(async () => {
  site = await MeshSite.open({
    backend: 'postgres',
    sources: [...messages.flatMap(({ points }) => points.map(({ mailbox }) => mailbox)), 'feed'],
    destinations: Object.fromEntries(
      reports.flatMap(({ points }) => points.map(({ mailbox }) => [mailbox, '    confirmedBy: downloaded\n'])),
    ),
  });
  daemon = await site.start();
}, LONG * 2);
afterAll(async () => {
  expect(site.mesh.problems).toEqual([]);
  await site.close();
}, LONG * 2);

describe.each(messages)('a daemon that is killed while it receives messages', ({ points }) => {
  let seen: ReadonlyMap<string, Seen>;
  beforeAll(async () => {
    seen = await die(points, String, async ({ mailbox, chunks = [''] }) => {
      // The second is behind the one it is killed over.
      const texts = [[`first of ${mailbox} ${chunks[0]}`, ...chunks.slice(1)], [`second of ${mailbox}`]];
      expected.push(...texts.map((text) => text.join('')));
      const ids: string[] = [];
      for (const text of texts) ids.push(await site.mesh.put(mailboxId(mailbox), { workflowId: 'FILE', chunks: text }));
      return ids;
    });
  }, LONG * 2);

  it.each(points)(
    '$name',
    async ({ mailbox, known }) => {
      const before = seenOf(seen, mailbox);
      expectKnown(known, before);
      await site.allAcknowledged(before.ids);
      // What was committed and not acknowledged comes again, and is known again.
      const again = before.committed - before.acknowledged;
      expect(await site.counted(mailbox)).toMatchObject({ received: 2 + again, duplicate: again });
    },
    LONG * 2,
  );
});

describe.each(reports)('a daemon that is killed while it receives REPORTs', ({ points }) => {
  let seen: ReadonlyMap<string, Seen>;
  beforeAll(async () => {
    for (const { mailbox } of points) {
      await site.mesh.put(mailboxId('feed'), { workflowId: mailbox, body: `sent by ${mailbox}` });
      await eventually(
        () => site.standing(mailbox),
        ([delivery]) => delivery?.state === 'handed-over',
        { within: LONG, what: 'the message it is about' },
      );
    }
    seen = await die(
      points,
      (mailbox) => `from-${mailbox}`,
      async ({ mailbox }) => {
        const [sent] = await site.sent(mailbox);
        return [await site.mesh.report(mailboxId(mailbox), { code: '12', about: sent?.id ?? '' })];
      },
    );
  }, LONG * 3);

  it.each(points)(
    '$name',
    async ({ mailbox, known, noted }) => {
      const before = seenOf(seen, mailbox);
      expectKnown(known, before);
      expect(before.receipts).toBe(noted ? 2 : 1);
      await site.allAcknowledged(before.ids);
      const again = before.committed - before.acknowledged;
      expect(await site.counted(`from-${mailbox}`)).toMatchObject({ received: 1 + again, duplicate: again });
      expect(await site.receipts(mailbox)).toEqual(['accepted', 'reported']);
      expect(await site.standing(mailbox)).toEqual([{ state: 'held', reason: expect.any(String) }]);
    },
    LONG * 2,
  );
});

it(
  'everything comes out once and whole, and both lines balance',
  async () => {
    const released = await site.releaseFiles();
    expect((await site.standing('filing')).filter(({ state }) => state !== 'confirmed' && state !== 'handed-over')).toEqual([]);
    const filed = await site.filed();
    expect(new Set(filed)).toEqual(new Set(expected));
    expect(filed.length).toBeLessThanOrEqual(expected.length + released);
  },
  LONG * 2,
);
