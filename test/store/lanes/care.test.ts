import { spawnSync } from 'node:child_process';
import { ROLES } from '../../../routing/roles.ts';
import { HotBytes } from '../../../store/hot-bytes.ts';
import { createLaneStore } from '../../../store/lanes/lane-store.ts';
import { delivered, enterTestDaemon, failed, type LaneFixture, openLanes } from '../../support/lanes.ts';

const only = <T>(items: readonly T[]): T => {
  const [first] = items;
  if (first === undefined || items.length !== 1) throw new RangeError(`expected one, got ${items.length}`);
  return first;
};
const content = {
  read: () => {
    throw new RangeError('no content');
  },
};
/** A process id that was in use a moment ago and is not now. */
const deadPid = (): number => spawnSync(process.execPath, ['-e', '']).pid;

const runOut = (f: LaneFixture): Promise<unknown> =>
  f.store.database.query('update lane set claimed_until = now() - interval $$1 s$$ where phase = 2');

describe('claims of a receiver that cannot tell duplicates', () => {
  let f: LaneFixture;
  beforeAll(async () => {
    f = await openLanes({ dedupable: false, transport: 'folder' });
  });
  afterAll(() => f.close());

  it('that ran out are asked about, never sent again blindly', async () => {
    const head = only(await f.file(await f.person(), {}, {}));
    const claim = only(await f.claim(head));
    await runOut(f);
    expect(only(await f.lanes.expireClaims())).toMatchObject({ kind: 'ask', delivery: head.delivery });
    expect(await f.claim(head)).toEqual([]);
    const asking = only(await f.lanes.ask([head], 60_000));
    expect(await f.lanes.ask([head], 60_000)).toEqual([]);
    expect((await f.turn({ results: [delivered(claim)] })).late).toHaveLength(1);
    const found = await f.turn({ results: [delivered(asking, false)] });
    expect(only(found.due).delivery).toBe(head.delivery + 1);
    expect(await f.delivery(head.delivery)).toMatchObject({ state: 1 });
  });

  it('go out again once the far side says that nothing came', async () => {
    const head = only(await f.file(await f.person()));
    const claim = only(await f.claim(head));
    const outcome = await f.turn({ results: [failed(claim, { outcome: 'ambiguous', code: 'connection-lost', sentBytes: true })] });
    expect(only(outcome.ambiguous)).toMatchObject({ delivery: head.delivery, delayMs: 0 });
    const { lane, delivery, token } = only(await f.lanes.ask([head], 60_000));
    expect(only((await f.turn({ results: [{ lane, delivery, token, kind: 'unsent' }] })).due).delivery).toBe(head.delivery);
    expect(await f.delivery(head.delivery)).toMatchObject({ sent_first: null });
    expect(only(await f.lanes.load([only(await f.claim(head))])).movable).toBe(true);
  });

  it('are held for a person when nobody knows, under the code of the attempt', async () => {
    const head = only(await f.file(await f.person()));
    await f.turn({ results: [failed(only(await f.claim(head)), { outcome: 'ambiguous', code: 'connection-lost', sentBytes: true })] });
    for (let asked = 1; asked <= 3; asked++) {
      const { lane, delivery, token } = only(await f.lanes.ask([head], 60_000));
      const outcome = await f.turn({ results: [{ lane, delivery, token, kind: 'unknown' }] });
      expect(outcome.held).toHaveLength(asked === 3 ? 1 : 0);
      await f.store.database.query('update lane set next_at = now() where id = $1', [head.lane]);
    }
    expect(await f.store.database.query('select reason from hold where delivery_id = $1', [head.delivery])).toEqual([
      { reason: 'connection-lost' },
    ]);
  });

  it('of a dead daemon wait for their time all the same', async () => {
    const other = createLaneStore({
      database: f.store.database,
      vault: f.store.vault,
      content,
      filed: new HotBytes(),
      roles: ROLES,
      daemon: await enterTestDaemon(f.store.database, 'test-host', deadPid()),
    });
    const head = only(await f.file(await f.person()));
    expect((await other.turn(f.outlet, { results: [], again: false, claims: [head], next: 0, probe: false })).claimed).toHaveLength(1);
    await f.store.database.query("update daemon set seen = now() - interval '10 s' where id <> $1", [f.daemon]);
    expect(await f.lanes.expireClaims()).toEqual([]);
  });
});

describe('claims of a receiver that recognises duplicates (ruling A24)', () => {
  let f: LaneFixture;
  beforeAll(async () => {
    f = await openLanes();
  });
  afterAll(() => f.close());

  const claimBy = async (host: string, pid: number) => {
    const daemon = await enterTestDaemon(f.store.database, host, pid);
    const other = createLaneStore({
      database: f.store.database,
      vault: f.store.vault,
      content,
      filed: new HotBytes(),
      roles: ROLES,
      daemon,
    });
    const head = only(await f.file(await f.person()));
    await other.turn(f.outlet, { results: [], again: false, claims: [head], next: 0, probe: false });
    await f.store.database.query("update daemon set seen = now() - interval '10 s' where id = $1", [daemon]);
    return { head, daemon };
  };

  it('are free at once when their daemon on this host is dead', async () => {
    const { head, daemon } = await claimBy('test-host', deadPid());
    expect(await f.lanes.silentDaemons()).toContain(daemon);
    expect(only(await f.lanes.expireClaims())).toMatchObject({ kind: 'due', delivery: head.delivery });
    expect(await f.lane(head)).toMatchObject({ crashes: 1, phase: 1 });
    expect((await f.delivery(head.delivery)).sent_first).not.toBeNull();
  });

  it('are kept by a daemon that is only slow, and by one on another host', async () => {
    await claimBy('test-host', process.ppid);
    await claimBy('another-host', deadPid());
    expect(await f.lanes.expireClaims()).toEqual([]);
  });
});

describe('what is due', () => {
  it('is found by age, oldest and most urgent first, back-offs on request', async () => {
    const f = await openLanes();
    try {
      const [routine, urgent, waiting] = [
        only(await f.file(await f.person())),
        only(await f.file(await f.person(), { priority: 1 })),
        only(await f.file(await f.person())),
      ];
      await f.turn({ results: [failed(only(await f.claim(waiting)))] });
      const due = (olderMs: number, future: boolean) => f.lanes.due({ destination: f.destination, olderMs, future });
      expect((await due(0, false)).map((d) => d.delivery)).toEqual([urgent.delivery, routine.delivery]);
      expect(await due(60_000, false)).toEqual([]);
      const all = await due(0, true);
      expect(all).toHaveLength(3);
      expect(all.find((d) => d.kind === 'backoff')).toMatchObject({ delivery: waiting.delivery });
      expect(all.find((d) => d.kind === 'backoff')?.delayMs).toBeGreaterThan(500);
    } finally {
      await f.close();
    }
  });
});
