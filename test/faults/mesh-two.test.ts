import { setTimeout as sleep } from 'node:timers/promises';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { eventually } from '../support/eventually.ts';
import { type Chance, withChance } from '../support/seed.ts';
import { LONG, MeshSite, mailboxId } from './mesh/site.ts';

/** Two daemons on one store and one mailbox, killed and frozen at random while the messages come. */

const ROUNDS = 20;
const EACH_ROUND = 30;
/** In each of so many rounds something happens for sure. */
const SURE = 4;
/** Longest a daemon is frozen, ms: longer than its lease lasts. */
const FROZEN = 2_500;

/** One of two daemons; after a kill another takes its place. */
class Place {
  readonly #site: MeshSite;
  #daemon: DaemonProcess | undefined;
  #coming: Promise<unknown> = Promise.resolve();

  constructor(site: MeshSite) {
    this.#site = site;
  }

  start(): Promise<void> {
    const up = this.#site.start().then((daemon) => {
      this.#daemon = daemon;
    });
    this.#coming = up;
    return up;
  }

  /** Does nothing to one that is on its way up. */
  kill(): boolean {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    daemon?.signal('SIGKILL');
    if (daemon !== undefined) void daemon.ended().then(() => this.start());
    return daemon !== undefined;
  }

  freeze(ms: number): boolean {
    const daemon = this.#daemon;
    if (daemon === undefined) return false;
    this.#daemon = undefined;
    daemon.signal('SIGSTOP');
    this.#coming = sleep(ms).then(() => {
      daemon.signal('SIGCONT');
      this.#daemon = daemon;
    });
    return true;
  }

  /** Up and awake. */
  async ready(): Promise<void> {
    await eventually(
      () => this.#daemon,
      (daemon) => daemon !== undefined,
      { within: LONG, what: 'a daemon' },
    );
    await this.#coming;
  }
}

/** Kills one or freezes it. `sure`: waits for one that can be. Says what it did; empty: nothing. */
const disturb = async (places: readonly Place[], dice: Chance, sure: boolean): Promise<string> => {
  const place = dice.pick(places);
  if (sure) await place.ready();
  else if (dice.happens(0.6)) return '';
  if (dice.happens(0.5)) return place.kill() ? 'killed' : '';
  return place.freeze(300 + dice.below(FROZEN)) ? 'frozen' : '';
};

describe('two daemons on one mailbox', () => {
  let site: MeshSite;
  let places: readonly Place[];
  beforeAll(async () => {
    site = await MeshSite.open({ backend: 'redis', sources: ['in'], destinations: { out: '    confirmedBy: downloaded\n' } });
    places = [new Place(site), new Place(site)];
    for (const place of places) await place.start();
  }, LONG * 2);
  afterAll(async () => {
    expect(site.mesh.problems).toEqual([]);
    await site.close();
  }, LONG * 2);

  it(
    'take everything once between them',
    async () => {
      await withChance(async (dice) => {
        // What the REPORTs are about, sent before anything is disturbed.
        for (let round = 0; round < ROUNDS; round += 1) await site.mesh.put(mailboxId('in'), { workflowId: 'out', body: `sent ${round}` });
        await eventually(
          () => site.standing('out'),
          (rows) => rows.length === ROUNDS && rows.every(({ state }) => state === 'handed-over'),
          { within: LONG, what: 'what is sent' },
        );
        const sent = await site.sent('out');

        const ids: string[] = [];
        const reports: string[] = [];
        const texts = new Set<string>();
        const disturbances: string[] = [];
        for (let round = 0; round < ROUNDS; round += 1) {
          for (let index = 0; index < EACH_ROUND; index += 1) {
            const text = `message ${round}.${index}`;
            texts.add(text);
            ids.push(await site.mesh.put(mailboxId('in'), { workflowId: 'FILE', body: text }));
          }
          reports.push(await site.mesh.report(mailboxId('out'), { code: '12', about: sent[round]?.id ?? '' }));
          disturbances.push(await disturb(places, dice, round % SURE === SURE - 1));
          await sleep(100 + dice.below(300));
        }
        for (const place of places) await place.ready();
        await site.allAcknowledged([...ids, ...reports]);
        const released = await site.releaseFiles();

        // A run in which nothing happened would prove nothing.
        expect(disturbances.filter(Boolean).length).toBeGreaterThanOrEqual(ROUNDS / SURE);
        const taken = await site.counted('in');
        expect(taken.received - taken.duplicate).toBe(ids.length + ROUNDS);
        expect(taken.processed).toBe(ids.length + ROUNDS);
        const filed = await site.filed();
        expect(filed.length).toBeLessThanOrEqual(texts.size + released);
        expect(new Set(filed)).toEqual(texts);
        const noted = await site.counted('from-out');
        expect(noted.received - noted.duplicate).toBe(ROUNDS);
        const receipts = await site.receipts('out');
        expect(receipts).toHaveLength(2 * ROUNDS);
        expect(receipts.filter((stage) => stage === 'reported')).toHaveLength(ROUNDS);
        expect(site.posts('out')).toBe(ROUNDS);
        expect(await site.sent('out')).toHaveLength(ROUNDS);
        // One that was frozen may have one request on its lips when it wakes up, its lease gone; and never more than that.
        expect(site.mesh.mailbox(mailboxId('in')).mostConcurrent).toBeLessThanOrEqual(2);
        expect(site.mesh.totals().replayedTokens).toBe(0);
      });
    },
    LONG * 4,
  );
});
