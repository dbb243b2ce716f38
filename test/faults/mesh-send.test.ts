import type { DaemonProcess } from '../support/daemon-process.ts';
import type { BackendKind } from '../support/delivery.ts';
import { eventually } from '../support/eventually.ts';
import { answered, asked, beforeStatement, doneUnanswered, type Point } from './mesh/kill.ts';
import { FAR, LONG, MeshSite, mailboxId } from './mesh/site.ts';

/**
 * Killed at every point of sending: the first request of a message goes out once, or is known not to have been taken. What cannot be known is
 * held for a person.
 */

const ONE = 'one chunk';
const THREE = 'three chunks of a kilobyte '.padEnd(2_500, '.');

interface SendPoint {
  readonly name: string;
  readonly point: Point;
  readonly body: string;
  /** `keyed`: our local id is on it, and the service can be asked for that; `blind`: it is not. */
  readonly by: 'keyed' | 'blind';
  /** `held`: nobody can know whether it was taken; else it is sent. */
  readonly held?: true;
  /** First requests that reached the service: one more where it is known that it did not look at the first. */
  readonly posts: 0 | 1 | 2;
  /** Messages the service has in the end, of which any that is not held is whole. */
  readonly messages: 0 | 1;
}

/** Nobody else may be about to send: that would come there too. */
const claimed: Point = async (site, mailbox, begin) => {
  await site.settles();
  await beforeStatement('far-present')(site, mailbox, begin);
};
const first = asked({ route: 'send' });
const firstLost = doneUnanswered({ route: 'send' });
const firstAnswered = answered({ route: 'send' }, 'hold');
const lastAnswered = answered({ route: 'send-chunk', chunk: 3 }, 'hold');

const POINTS: readonly SendPoint[] = [
  { name: 'claimed, nothing sent', point: claimed, body: ONE, by: 'keyed', posts: 1, messages: 1 },
  { name: 'first request sent and not looked at', point: first, body: ONE, by: 'keyed', posts: 2, messages: 1 },
  { name: 'first request sent and not looked at', point: first, body: ONE, by: 'blind', held: true, posts: 1, messages: 0 },
  { name: 'first request taken, its answer lost', point: firstLost, body: ONE, by: 'keyed', posts: 1, messages: 1 },
  { name: 'first request taken, its answer lost', point: firstLost, body: ONE, by: 'blind', held: true, posts: 1, messages: 1 },
  { name: 'the answer come, its id not committed', point: firstAnswered, body: THREE, by: 'keyed', posts: 1, messages: 1 },
  { name: 'the answer come, its id not committed', point: firstAnswered, body: THREE, by: 'blind', held: true, posts: 1, messages: 1 },
  {
    name: 'the id committed, no second chunk',
    point: asked({ route: 'send-chunk', chunk: 2 }),
    body: THREE,
    by: 'blind',
    posts: 1,
    messages: 1,
  },
  { name: 'between two chunks', point: asked({ route: 'send-chunk', chunk: 3 }), body: THREE, by: 'blind', posts: 1, messages: 1 },
  {
    name: 'last chunk taken, its answer lost',
    point: doneUnanswered({ route: 'send-chunk', chunk: 3 }),
    body: THREE,
    by: 'blind',
    posts: 1,
    messages: 1,
  },
  { name: 'all taken, the result not committed', point: lastAnswered, body: THREE, by: 'blind', posts: 1, messages: 1 },
  { name: 'claimed, nothing sent', point: claimed, body: ONE, by: 'blind', held: true, posts: 0, messages: 0 },
];
/** Where the queue backend could make a difference: what is sent again, gone on with, or asked for. */
const ON_REDIS = POINTS.filter(({ name }) => /taken, its answer lost|not looked at|between/.test(name));

describe.each<[BackendKind, readonly SendPoint[]]>([
  ['postgres', POINTS],
  ['redis', ON_REDIS],
])('a daemon that is killed while it sends, hints in %s', (backend, points) => {
  const own = points.map((point, index) => ({ ...point, mailbox: `out${index + 1}` }));
  let site: MeshSite;
  let daemon: DaemonProcess;

  beforeAll(async () => {
    const localId = { keyed: '    localId: key\n', blind: '    localId: none\n' };
    site = await MeshSite.open({
      backend,
      sources: ['feed'],
      destinations: Object.fromEntries(own.map(({ mailbox, by }) => [mailbox, `${localId[by]}    confirmedBy: accepted\n`])),
    });
    daemon = await site.start();
  }, LONG * 2);
  afterAll(async () => {
    expect(site.mesh.problems).toEqual([]);
    await site.close();
  }, LONG * 2);

  const sent = (mailbox: string) => site.mesh.messages({ sender: mailboxId(mailbox), recipient: FAR });
  const posts = (mailbox: string): number =>
    site.mesh.requests().filter((seen) => seen.route === 'send' && seen.mailbox === mailboxId(mailbox)).length;

  /** All are killed first: what becomes of one is found out while the next are killed. */
  it.each(own)(
    'dies: $name ($by)',
    async ({ mailbox, point, body, messages, held }) => {
      await point(site, mailbox, () => site.mesh.put(mailboxId('feed'), { workflowId: mailbox, body: `${mailbox} ${body}` }));
      daemon.signal('SIGKILL');
      await daemon.ended();
      expect((await site.standing(mailbox)).map(({ state }) => state)).toEqual(['waiting']);
      if (held) expect(await sent(mailbox)).toHaveLength(messages);
      site.mesh.clearFaults();
      site.proxy.mode = 'forward';
      daemon = await site.start();
    },
    LONG * 2,
  );

  it.each(own)(
    'and then: $name ($by)',
    async (point) => {
      const { mailbox, body, held } = point;
      const wanted = held === true ? { state: 'held', reason: 'mesh-unknown' } : { state: 'confirmed', reason: null };
      await eventually(
        () => site.standing(mailbox),
        ([row]) => row?.state === wanted.state,
        { within: LONG, what: 'its end' },
      );
      expect(await site.standing(mailbox)).toEqual([wanted]);
      expect(posts(mailbox)).toBe(point.posts);
      const found = await sent(mailbox);
      expect(found).toHaveLength(point.messages);
      if (held) return;
      const [message] = found;
      expect(message?.state).toBe('accepted');
      const chunks = Array.from({ length: message?.totalChunks ?? 0 }, (_, index) => site.mesh.body(message?.id ?? '', index + 1));
      expect(Buffer.concat((await Promise.all(chunks)).map((chunk) => chunk ?? Buffer.alloc(0))).toString()).toBe(`${mailbox} ${body}`);
    },
    LONG * 2,
  );

  it(
    'both lines balance, with nothing under way',
    async () => {
      await site.settles();
      expect((await site.counted()).get('feed')).toMatchObject({ received: own.length, duplicate: 0 });
    },
    LONG * 2,
  );
});
