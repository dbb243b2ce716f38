import type { DaemonProcess } from '../support/daemon-process.ts';
import type { BackendKind } from '../support/delivery.ts';
import { eventually } from '../support/eventually.ts';
import { answered, asked, beforeStatement, doneUnanswered, type Point, withMailboxes } from './mesh/kill.ts';
import { LONG, MeshSite, mailboxId } from './mesh/site.ts';

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
  /** `held`: nobody can know whether it was taken. `sent again`: it is known that it was not. `sent`: once, and it is found or gone on with. */
  readonly end: 'held' | 'sent again' | 'sent';
  /** First requests that reached the service; 1 unless said. */
  readonly posts?: 0 | 2;
  /** Messages the service has in the end; 1 unless said. */
  readonly messages?: 0;
}

const claimed = beforeStatement('far-present');
const first = asked({ route: 'send' });
const firstLost = doneUnanswered({ route: 'send' });
const firstAnswered = answered({ route: 'send' }, 'hold');
const lastLost = doneUnanswered({ route: 'send-chunk', chunk: 3 });
const lastAnswered = answered({ route: 'send-chunk', chunk: 3 }, 'hold');

/** Each has a mailbox of its own, so one death serves many; the store stands still for all, so those at the store die alone. */
const AT_SERVICE: readonly SendPoint[] = [
  { name: 'first request sent and not looked at', point: first, body: ONE, by: 'keyed', end: 'sent again', posts: 2 },
  { name: 'first request sent and not looked at', point: first, body: ONE, by: 'blind', end: 'held', messages: 0 },
  { name: 'first request taken, its answer lost', point: firstLost, body: ONE, by: 'keyed', end: 'sent' },
  { name: 'first request taken, its answer lost', point: firstLost, body: ONE, by: 'blind', end: 'held' },
  { name: 'first of three chunks taken, its answer lost', point: firstLost, body: THREE, by: 'keyed', end: 'sent' },
  { name: 'its id committed, no second chunk', point: asked({ route: 'send-chunk', chunk: 2 }), body: THREE, by: 'blind', end: 'sent' },
  { name: 'between two chunks', point: asked({ route: 'send-chunk', chunk: 3 }), body: THREE, by: 'blind', end: 'sent' },
  { name: 'last chunk taken, its answer lost', point: lastLost, body: THREE, by: 'blind', end: 'sent' },
];
const AT_STORE: readonly (readonly SendPoint[])[] = [
  [{ name: 'its id come and not committed', point: firstAnswered, body: THREE, by: 'keyed', end: 'sent' }],
  [{ name: 'its id come and not committed', point: firstAnswered, body: THREE, by: 'blind', end: 'held' }],
  [{ name: 'all taken, the result not committed', point: lastAnswered, body: THREE, by: 'blind', end: 'sent' }],
  [{ name: 'claimed, nothing sent', point: claimed, body: ONE, by: 'keyed', end: 'sent again' }],
  [{ name: 'claimed, nothing sent', point: claimed, body: ONE, by: 'blind', end: 'held', posts: 0, messages: 0 }],
];

describe.each<[BackendKind, readonly (readonly SendPoint[])[]]>([
  ['postgres', [AT_SERVICE, ...AT_STORE]],
  // What is at the store does not get as far as the hints.
  ['redis', [AT_SERVICE]],
])('hints in %s', (backend, plan) => {
  const deaths = withMailboxes('out', plan);
  const all = deaths.flatMap(({ points }) => points);
  let site: MeshSite;
  let daemon: DaemonProcess;

  beforeAll(async () => {
    const localId = { keyed: 'key', blind: 'none' };
    site = await MeshSite.open({
      backend,
      sources: ['feed'],
      destinations: Object.fromEntries(all.map(({ mailbox, by }) => [mailbox, `    localId: ${localId[by]}\n    confirmedBy: accepted\n`])),
      // Until it is given up, it is waited for the service to show what it has.
      quick: all.filter(({ end }) => end !== 'sent').map(({ mailbox }) => mailbox),
    });
    daemon = await site.start();
  }, LONG * 2);
  afterAll(async () => {
    expect(site.mesh.problems).toEqual([]);
    await site.close();
  }, LONG * 2);

  describe.each(deaths)('a daemon that is killed while it sends', ({ points }) => {
    beforeAll(async () => {
      // Whoever else was about to be sent or asked for would come to the same points.
      await site.settles();
      const begin = (mailbox: string, body: string) => () =>
        site.mesh.put(mailboxId('feed'), { workflowId: mailbox, body: `${mailbox} ${body}` });
      // On a machine so slow that an attempt is given up before the last is where it should be, nothing is found out yet.
      for (const { mailbox } of points)
        site.mesh.inject({ effect: 'black-hole', mailbox: mailboxId(mailbox), route: 'track-local', times: 0 });
      await Promise.all(points.map(({ point, mailbox, body }) => point(site, mailbox, begin(mailbox, body))));
      daemon.signal('SIGKILL');
      await daemon.ended();
      for (const { mailbox } of points) expect((await site.standing(mailbox)).map(({ state }) => state)).toEqual(['waiting']);
      site.mesh.clearFaults();
      site.proxy.mode = 'forward';
      daemon = await site.start();
    }, LONG * 3);

    it.each(points)(
      '$name, $by: $end',
      async ({ mailbox, body, end, posts = 1, messages = 1 }) => {
        const [row] = await eventually(
          () => site.standing(mailbox),
          ([delivery]) => delivery?.state !== 'waiting',
          { within: LONG, what: 'its end' },
        );
        expect(row?.state).toBe(end === 'held' ? 'held' : 'confirmed');
        expect(['mesh-unknown', 'claim-expired', null]).toContain(row?.reason);
        expect(site.posts(mailbox)).toBe(posts);
        const found = await site.sent(mailbox);
        expect(found).toHaveLength(messages);
        if (end === 'held') return;
        const [message] = found;
        expect(message?.state).toBe('accepted');
        const chunks = Array.from({ length: message?.totalChunks ?? 0 }, (_, index) => site.mesh.body(message?.id ?? '', index + 1));
        const bytes = (await Promise.all(chunks)).map((chunk) => chunk ?? Buffer.alloc(0));
        expect(Buffer.concat(bytes).toString()).toBe(`${mailbox} ${body}`);
      },
      LONG * 2,
    );
  });

  it(
    'both lines balance, with nothing under way',
    async () => {
      await site.settles();
      expect(await site.counted('feed')).toMatchObject({ received: all.length, processed: all.length });
    },
    LONG * 2,
  );
});
