import { deadDaemons, enterDaemon } from '../../store/daemon.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';

describe('a daemon', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await testDatabase();
  });
  afterAll(() => db.close());

  it('shows signs of life until it stops, and is another after a restart (ruling A24)', async () => {
    const daemon = await enterDaemon(db.database, { beat: 50 });
    const seen = async (): Promise<number> =>
      (await db.database.query<{ seen: Date }>('select seen from daemon where id = $1', [daemon.id]))[0]?.seen.getTime() ?? 0;
    const before = await seen();
    await eventually(seen, (at) => at > before);
    expect(daemon.silentFor()).toBeLessThan(20_000);
    expect((await deadDaemons(db.database, 60_000)).map((d) => d.id)).not.toContain(daemon.id);
    await daemon.stop();
    expect((await deadDaemons(db.database, 60_000)).map((d) => d.id)).toContain(daemon.id);
    const again = await enterDaemon(db.database);
    expect(again.id).toBeGreaterThan(daemon.id);
    await again.stop();
  });

  it('counts as dead after its silence', async () => {
    const daemon = await enterDaemon(db.database, { beat: 3_600_000 });
    await db.database.query("update daemon set seen = now() - interval '10 seconds' where id = $1", [daemon.id]);
    expect((await deadDaemons(db.database, 60_000)).map((d) => d.id)).not.toContain(daemon.id);
    expect((await deadDaemons(db.database, 5_000)).map((d) => d.id)).toContain(daemon.id);
    await daemon.stop();
  });
});
