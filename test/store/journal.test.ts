import fc from 'fast-check';
import { brandAs, type SourceId, type SourceName } from '../../records/ids.ts';
import type { Arrival, IntakeResult } from '../../records/intake.ts';
import { type ContentStore, createContentStore } from '../../store/content.ts';
import { Journal, type JournalOptions } from '../../store/journal.ts';
import type { Database } from '../../store/pool.ts';
import { ensureSource } from '../../store/sources.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { type StoreProxy, storeProxy } from '../support/store-proxy.ts';

const DAY = 86_400_000;

interface MessageRow {
  id: number;
  control_id: string | null;
  digest: Buffer;
  duplicate_of: number | null;
  stored: boolean;
  outcome: number | null;
  reason: string | null;
  todo: boolean;
}

describe('the journal', () => {
  let db: TestDatabase;
  let content: ContentStore;
  let source: SourceId;
  let daemons = 0;
  const open: Journal[] = [];
  beforeAll(async () => {
    db = await testDatabase({ max: 8 });
    content = createContentStore(db.database, db.vault);
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    source = await ensureSource(db.database, brandAs<SourceName>(`source-${++daemons}`));
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((journal) => journal.close()));
  });

  const journal = (options: Partial<JournalOptions> = {}): Journal => {
    const made = new Journal({ database: db.database, vault: db.vault, content, daemon: ++daemons, ...options });
    open.push(made);
    return made;
  };

  const arrival = (controlId: string | null, text: string, more: Partial<Arrival> = {}): Arrival => {
    const body = more.body ?? Buffer.from(text);
    return {
      sourceId: source,
      sender: '',
      controlId,
      type: 'ADT^A01',
      digest: db.vault.digest(body),
      body,
      answer: 0,
      reused: 'hold',
      windowMs: 7 * DAY,
      ...more,
    };
  };

  const rows = (): Promise<MessageRow[]> =>
    db.database.query<MessageRow>(
      `select m.id, m.control_id, m.digest, m.duplicate_of, m.body is not null or m.content_id is not null as stored, o.outcome, o.reason, t.message_id is not null as todo
       from message m left join message_outcome o on o.message_id = m.id left join message_todo t on t.message_id = m.id where m.source_id = $1 order by m.id`,
      [source],
    );
  const keys = () =>
    db.database.query<{ control_id: string; variant: number; message_id: number }>(
      'select control_id, variant, message_id from message_key where source_id = $1 order by control_id, variant',
      [source],
    );
  const age = (days: number) =>
    db.database.query("update message_key set received = received - $2 * interval '1 day' where source_id = $1", [source, days]);

  /** Every message is in exactly one state, and nothing keyed points nowhere. */
  const expectSound = async (): Promise<void> => {
    for (const row of await rows()) expect([row.todo, row.outcome !== null].filter(Boolean)).toHaveLength(1);
    expect(
      await db.database.query(
        'select 1 from message_key k where source_id = $1 and not exists (select 1 from message where id = k.message_id)',
        [source],
      ),
    ).toEqual([]);
  };

  it('keeps what comes in, sealed, in order of arrival, and hands it on to be processed', async () => {
    const j = journal();
    const results = await Promise.all(Array.from({ length: 40 }, (_, n) => j.append(arrival(`C${n}`, `message ${n}`))));
    expect(results.every((r) => r.kind === 'stored')).toBe(true);
    const ids = results.map((r) => r.messageId);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    const stored = await db.database.query<{ body: Buffer; digest: Buffer; key_id: number }>(
      'select body, digest, key_id from message where source_id = $1 order by id',
      [source],
    );
    expect(stored.map((row) => db.vault.unseal(row.key_id, row.body, row.digest).toString())).toEqual(
      Array.from({ length: 40 }, (_, n) => `message ${n}`),
    );
    expect((await rows()).every((row) => row.todo)).toBe(true);
    await expectSound();
  });

  it('tells the leader after the commit how much there is to process', async () => {
    let told = 0;
    const j = journal({ onStored: (count) => (told += count) });
    await Promise.all([
      j.append(arrival('A', 'one')),
      j.append(arrival('B', 'two')),
      j.append(arrival(null, 'x', { rejected: 'no-control-id' })),
    ]);
    expect(told).toBe(2);
  });

  it('★ writes no key and no todo for a rejected frame: the corrected resend is checked afresh (A1)', async () => {
    const j = journal();
    const rejected = await j.append(arrival('C1', 'bad version', { rejected: 'unsupported-version' }));
    expect(rejected.kind).toBe('rejected');
    expect(await keys()).toEqual([]);
    expect(await rows()).toMatchObject([{ outcome: 3, reason: 'unsupported-version', todo: false, stored: true }]);
    expect((await j.append(arrival('C1', 'corrected'))).kind).toBe('stored');
    // Neither does the same rejected frame become a duplicate of itself.
    expect((await j.append(arrival('C1', 'bad version', { rejected: 'unsupported-version' }))).kind).toBe('rejected');
    expect((await j.append(arrival(null, 'no MSH-10', { rejected: 'no-control-id' }))).kind).toBe('rejected');
    await expectSound();
  });

  it('keeps an ignored message without a key, so that it can be sent again once it is wanted', async () => {
    const j = journal();
    expect((await j.append(arrival('C1', 'booked', { ignored: 'booked receptions are not used' }))).kind).toBe('ignored');
    expect(await rows()).toMatchObject([{ outcome: 4, reason: 'booked receptions are not used', todo: false }]);
    expect((await j.append(arrival('C1', 'booked'))).kind).toBe('stored');
  });

  it('★ answers the same message again as a duplicate, with a row of its own and no body (A2)', async () => {
    const j = journal();
    const first = await j.append(arrival('C1', 'one'));
    const again = await j.append(arrival('C1', 'one'));
    expect(again).toEqual({ kind: 'duplicate', messageId: expect.any(Number), of: first.messageId });
    expect(await rows()).toMatchObject([
      { id: first.messageId, todo: true, duplicate_of: null, stored: true },
      { id: again.messageId, todo: false, duplicate_of: first.messageId, stored: false, outcome: 5 },
    ]);
    await expectSound();
  });

  it('★ recognises duplicates within one flush, and gives no neighbour another’s id (A3)', async () => {
    const j = journal();
    await j.append(arrival('B', 'known'));
    const results = await Promise.all(
      [
        arrival('A', 'a'),
        arrival('B', 'known'),
        arrival('C', 'c'),
        arrival('A', 'a'),
        arrival('D', 'd'),
        arrival(null, 'x', { rejected: 'not-hl7' }),
        arrival('D', 'other'),
      ].map((a) => j.append(a)),
    );
    expect(results.map((r) => r.kind)).toEqual(['stored', 'duplicate', 'stored', 'duplicate', 'stored', 'rejected', 'held']);
    const byId = new Map((await rows()).map((row) => [row.id, row]));
    expect(results.map((r) => byId.get(r.messageId)?.control_id)).toEqual(['A', 'B', 'C', 'A', 'D', null, 'D']);
    expect(results.map((r) => r.messageId)).toEqual(results.map((r) => r.messageId).sort((a, b) => a - b));
    await expectSound();
  });

  it('★ holds other content under a known control id, and knows each variant again (A4)', async () => {
    const j = journal();
    const one = await j.append(arrival('C1', 'one'));
    const two = await j.append(arrival('C1', 'two'));
    expect(two.kind).toBe('held');
    expect(await db.database.query('select reason, part, done from hold where message_id = $1', [two.messageId])).toEqual([
      { reason: 'control-id-reused', part: 1, done: null },
    ]);
    expect(await j.append(arrival('C1', 'one'))).toMatchObject({ kind: 'duplicate', of: one.messageId });
    expect(await j.append(arrival('C1', 'two'))).toMatchObject({ kind: 'duplicate', of: two.messageId });
    expect((await j.append(arrival('C1', 'three', { reused: 'accept' }))).kind).toBe('stored');
    expect((await keys()).map((key) => key.variant)).toEqual([0, 1, 2]);
    await expectSound();
  });

  it('★ takes a key over past the window, whatever variants it had (A3)', async () => {
    const j = journal();
    await j.append(arrival('C1', 'one'));
    await j.append(arrival('C1', 'two'));
    await age(8);
    const fresh = await j.append(arrival('C1', 'one'));
    expect(fresh.kind).toBe('stored');
    expect(await keys()).toEqual([{ control_id: 'C1', variant: 0, message_id: fresh.messageId }]);
    expect(await j.append(arrival('C1', 'one'))).toMatchObject({ kind: 'duplicate', of: fresh.messageId });
    expect((await j.append(arrival('C1', 'two'))).kind).toBe('held');
    await expectSound();
  });

  it('does not call a variant past its window a duplicate while another lives', async () => {
    const j = journal();
    await j.append(arrival('C1', 'one'));
    await age(8);
    await j.append(arrival('C1', 'two', { reused: 'accept', windowMs: 30 * DAY }));
    const again = await j.append(arrival('C1', 'one', { reused: 'accept' }));
    expect(again.kind).toBe('stored');
    expect((await keys()).map((key) => key.variant)).toEqual([0, 1]);
    expect(await j.append(arrival('C1', 'one'))).toMatchObject({ kind: 'duplicate', of: again.messageId });
  });

  it('tells senders apart where the source asks for it', async () => {
    const j = journal();
    expect((await j.append(arrival('C1', 'one', { sender: 'NOMIS|LEI' }))).kind).toBe('stored');
    expect((await j.append(arrival('C1', 'two', { sender: 'NOMIS|MDI' }))).kind).toBe('stored');
    expect((await j.append(arrival('C1', 'one', { sender: 'NOMIS|LEI' }))).kind).toBe('duplicate');
  });

  it('takes whatever a sender puts into its header, and no neighbour suffers', async () => {
    const j = journal();
    const odd = ['a\0b', 'x'.repeat(50_000), '\ud800', '', `'; drop table message; --`];
    const results = await Promise.all([
      ...odd.map((id) => j.append(arrival(id, `odd ${id.length}`, { type: 'T\0'.repeat(100) }))),
      j.append(arrival('plain', 'plain')),
    ]);
    expect(results.map((r) => r.kind)).toEqual(odd.map(() => 'stored').concat('stored'));
    for (const id of odd) expect((await j.append(arrival(id, `odd ${id.length}`))).kind).toBe('duplicate');
    await expectSound();
  });

  it('★ refuses one message the database will not have, and takes its neighbours', async () => {
    await db.database.query("alter table message add constraint poison check (control_id <> 'POISON')");
    try {
      const j = journal();
      const results = await Promise.allSettled(['A', 'POISON', 'C', 'D', 'E'].map((id) => j.append(arrival(id, id))));
      expect(results.map((r) => r.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
      expect((await rows()).map((row) => row.control_id)).toEqual(['A', 'C', 'D', 'E']);
      await expectSound();
    } finally {
      await db.database.query('alter table message drop constraint poison');
    }
  });

  it('keeps large bodies in the content store, and the order of a connection', async () => {
    const j = journal();
    const large = Buffer.alloc(3_000_000, 'OBX|');
    const results = await Promise.all([
      j.append(arrival('L', '', { body: large, connection: 'one' })),
      j.append(arrival('S1', 'behind the large one', { connection: 'one' })),
      j.append(arrival('S2', 'on another connection', { connection: 'two' })),
    ]);
    const [l, s1, s2] = results.map((r) => r.messageId);
    expect(l).toBeLessThan(s1 ?? 0);
    expect(s2).toBeLessThan(l ?? 0);
    const stored = await db.database.query<{ body: Buffer | null; content_id: number; size: number }>(
      'select body, content_id, size from message where id = $1',
      [l],
    );
    expect(stored[0]).toMatchObject({ body: null, size: large.length });
    const pieces: Buffer[] = [];
    for await (const piece of content.readById(stored[0]?.content_id ?? 0)) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(large)).toBe(true);
    expect((await j.append(arrival('L', '', { body: large }))).kind).toBe('duplicate');
  });

  it('keeps the size that was sent where only the head of it is kept, and seals what came beside it', async () => {
    const j = journal();
    const { messageId } = await j.append(
      arrival(null, 'head', { rejected: 'message-too-large', size: 70_000_000, meta: { file: 'SMITH-JOHN.hl7' } }),
    );
    const [row] = await db.database.query<{ size: number; meta: Buffer }>('select size, meta from message where id = $1', [messageId]);
    expect(row?.size).toBe(70_000_000);
    expect(row?.meta.includes('SMITH')).toBe(false);
  });

  it('makes partitions when the ids outrun them', async () => {
    const own = await testDatabase();
    try {
      await own.database.query("select setval('message_id', 3999998)");
      const id = await ensureSource(own.database, brandAs<SourceName>('s'));
      const j = new Journal({ database: own.database, vault: own.vault, content: createContentStore(own.database, own.vault), daemon: 1 });
      const results = await Promise.all(
        ['a', 'b', 'c', 'd'].map((text) => j.append({ ...arrival(text, text), sourceId: id, digest: own.vault.digest(Buffer.from(text)) })),
      );
      expect(results.map((r) => r.kind)).toEqual(['stored', 'stored', 'stored', 'stored']);
      expect(results[3]?.messageId).toBeGreaterThan(4_000_000);
      await j.close();
    } finally {
      await own.close();
    }
  });

  describe('when the store fails', () => {
    let proxy: StoreProxy;
    let through: Database;
    beforeEach(async () => {
      proxy = await storeProxy(db.target);
      through = (await import('../../store/pool.ts')).openDatabase(proxy.target, { max: 2, statementTimeout: 500, connectTimeout: 500 });
      await through.query('select 1');
    });
    afterEach(async () => {
      proxy.mode = 'forward';
      await Promise.all(open.splice(0).map((journal) => journal.close()));
      await through.close();
      await proxy.close();
    });

    it.each([1, 2, 3])('★ recognises its own flush when the answer to the commit is cut %i times', async (cuts) => {
      const j = journal({ database: through, content });
      await j.append(arrival('known', 'known'));
      proxy.limit = cuts;
      proxy.mode = 'cut-replies';
      const results = await Promise.all([
        j.append(arrival('A', 'a')),
        j.append(arrival('B', 'b')),
        j.append(arrival(null, 'r', { rejected: 'not-hl7' })),
      ]);
      expect(results.map((r) => r.kind)).toEqual(['stored', 'stored', 'rejected']);
      expect((await rows()).map((row) => row.control_id)).toEqual(['known', 'A', 'B', null]);
      expect(proxy.cuts()).toBe(cuts);
      // A true duplicate is still one.
      expect((await j.append(arrival('A', 'a'))).kind).toBe('duplicate');
      await expectSound();
    });

    it('★ recognises its own flush on the careful way too: duplicates, variants and rejected are counted once', async () => {
      const j = journal({ database: through, content });
      await j.append(arrival('A', 'a'));
      for (let cuts = 1; cuts <= 12; cuts++) {
        const before = (await rows()).length;
        proxy.limit = proxy.cuts() + 1 + (cuts % 4);
        proxy.mode = 'cut-replies';
        const results = await Promise.all([
          j.append(arrival('A', 'a')),
          j.append(arrival(`N${cuts}`, 'new')),
          j.append(arrival('A', `variant ${cuts}`)),
          j.append(arrival(null, 'r', { rejected: 'not-hl7' })),
        ]);
        proxy.mode = 'forward';
        expect(results.map((r: IntakeResult) => r.kind)).toEqual(['duplicate', 'stored', 'held', 'rejected']);
        expect((await rows()).length).toBe(before + 4);
      }
      await expectSound();
    });

    it('rejects, in time, what the store does not take, and takes it later', async () => {
      const j = journal({ database: through, content, patience: 700, statement: 200 });
      proxy.mode = 'refuse';
      proxy.drop();
      const began = performance.now();
      await expect(j.append(arrival('A', 'a'))).rejects.toMatchObject({ code: 'store-unavailable' });
      expect(performance.now() - began).toBeLessThan(10_000);
      proxy.mode = 'forward';
      const kind = await eventually(() => j.append(arrival('A', 'a')).then((r) => r.kind));
      expect(kind).toBe('stored');
      await expectSound();
    });

    it('rejects in time when answers never come; a resend is a duplicate if it was in', async () => {
      const j = journal({ database: through, content, patience: 600, statement: 100 });
      await j.append(arrival('first', 'first'));
      proxy.mode = 'swallow';
      await expect(j.append(arrival('A', 'a'))).rejects.toMatchObject({ code: 'store-unavailable' });
      proxy.mode = 'forward';
      const kind = await eventually(() => j.append(arrival('A', 'a')).then((r) => r.kind));
      expect(['stored', 'duplicate']).toContain(kind);
      expect((await rows()).filter((row) => row.control_id === 'A' && row.todo)).toHaveLength(1);
      await expectSound();
    });

    it('refuses more than may wait, and takes again when there is room', async () => {
      const j = journal({ database: through, content, mostWaiting: 10_000, patience: 20_000 });
      proxy.mode = 'swallow';
      const waiting = j.append(arrival('A', 'a', { body: Buffer.alloc(9_000, 'a') }));
      await expect(j.append(arrival('B', 'b', { body: Buffer.alloc(2_000, 'b') }))).rejects.toMatchObject({ code: 'store-unavailable' });
      expect(j.waitingBytes).toBe(9_000);
      proxy.mode = 'forward';
      proxy.drop();
      expect((await waiting).kind).toBe('stored');
      expect(j.waitingBytes).toBe(0);
      expect((await j.append(arrival('B', 'b'))).kind).toBe('stored');
    });
  });

  it('takes nothing after it was closed, and answers everything before', async () => {
    const j = journal();
    const before = Array.from({ length: 20 }, (_, n) => j.append(arrival(`C${n}`, `${n}`)));
    await j.close();
    expect((await Promise.all(before)).every((r) => r.kind === 'stored')).toBe(true);
    await expect(j.append(arrival('late', 'late'))).rejects.toMatchObject({ code: 'store-unavailable' });
  });

  it('★ two daemons taking the same resends agree with a simple model of the rules', async () => {
    const step = fc.record({
      daemon: fc.nat(1),
      control: fc.nat(5),
      content: fc.nat(2),
      accept: fc.boolean(),
      rejected: fc.integer({ min: 0, max: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), fc.integer({ min: 1, max: 20 }), async (steps, together) => {
        source = await ensureSource(db.database, brandAs<SourceName>(`source-${++daemons}`));
        const two = [journal(), journal()];
        const results: IntakeResult[] = [];
        for (let at = 0; at < steps.length; at += together) {
          const batch = steps.slice(at, at + together).map((s) => {
            const a = arrival(`C${s.control}`, `content ${s.content}`, {
              reused: s.accept ? 'accept' : 'hold',
              ...(s.rejected === 0 ? { rejected: 'wrong-charset' as const } : {}),
            });
            const j = two[s.daemon];
            if (j === undefined) throw new Error('no such daemon');
            return j.append(a);
          });
          results.push(...(await Promise.all(batch)));
        }
        // Whatever daemon was first: by id, each content of a control id is new once and a duplicate of that one ever after.
        const all = steps.map((s, n) => ({ s, r: results[n] })).sort((a, b) => (a.r?.messageId ?? 0) - (b.r?.messageId ?? 0));
        const contents = new Map<number, Map<number, number>>();
        for (const { s, r } of all) {
          if (r === undefined) throw new Error('no result');
          if (s.rejected === 0) {
            expect(r.kind).toBe('rejected');
            continue;
          }
          const seen = contents.get(s.control) ?? new Map<number, number>();
          contents.set(s.control, seen);
          if (r.kind !== 'duplicate') {
            expect(seen.has(s.content)).toBe(false);
            seen.set(s.content, r.messageId);
          }
        }
        for (const { s, r } of all) if (r?.kind === 'duplicate') expect(contents.get(s.control)?.get(s.content)).toBe(r.of);
        for (const { s, r } of all) if (r?.kind === 'held') expect(s.accept).toBe(false);
        expect(await rows()).toHaveLength(steps.length);
        await expectSound();
      }),
      { numRuns: 30 },
    );
  });
});
