import type { Fence } from '../../../records/far-side.ts';
import { brandAs, type SourceId, type SourceName } from '../../../records/ids.ts';
import type { Arrival, IntakeResult } from '../../../records/intake.ts';
import { conservation } from '../../../store/conservation.ts';
import { type ContentStore, createContentStore } from '../../../store/content.ts';
import { Journal, type JournalOptions } from '../../../store/journal.ts';
import { ensureLease, takeLease } from '../../../store/lease.ts';
import { openDatabase } from '../../../store/pool.ts';
import { ensureSource } from '../../../store/sources.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { storeProxy } from '../../support/store-proxy.ts';

interface Row {
  readonly control_id: string;
  readonly outcome: number | null;
  readonly reason: string | null;
  readonly rule: string | null;
  readonly part: number | null;
  readonly hold: string | null;
  readonly todo: boolean;
}

describe('the journal, of what mailboxes bring', () => {
  let db: TestDatabase;
  let content: ContentStore;
  let source: SourceId;
  let count = 0;
  const open: Journal[] = [];
  beforeAll(async () => {
    db = await testDatabase({ max: 8 });
    content = createContentStore(db.database, db.vault);
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    source = await ensureSource(db.database, brandAs<SourceName>(`mailbox-${++count}`));
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((journal) => journal.close()));
    for (const line of (await conservation(db.database)).messages) expect(line).toMatchObject({ balances: true, unexplained: 0 });
  });

  const journal = (options: Partial<JournalOptions> = {}): Journal => {
    const made = new Journal({ database: db.database, vault: db.vault, content, daemon: ++count, ...options });
    open.push(made);
    return made;
  };
  const arrival = (controlId: string, more: Partial<Arrival> = {}): Arrival => {
    const body = more.body ?? Buffer.from(`body of ${controlId}`);
    return {
      sourceId: source,
      sender: '',
      controlId,
      type: 'W',
      digest: db.vault.digest(body),
      body,
      answer: 0,
      reused: 'hold',
      windowMs: 86_400_000,
      ...more,
    };
  };
  const lease = async (name: string, daemon = 1): Promise<Fence> => {
    await ensureLease(db.database, `mailbox:${name}`);
    await db.database.query("update lease set until = '-infinity' where name = $1", [`mailbox:${name}`]);
    const token = await takeLease(db.database, `mailbox:${name}`, daemon);
    if (token === null) throw new Error('the lease was not free');
    return { lease: `mailbox:${name}`, token };
  };
  const rows = (): Promise<Row[]> =>
    db.database.query<Row>(
      `select m.control_id, o.outcome, o.reason, o.rule, p.part, h.reason as hold, t.message_id is not null as todo
       from message m left join message_outcome o on o.message_id = m.id left join message_part p on p.message_id = m.id
       left join hold h on h.message_id = m.id left join message_todo t on t.message_id = m.id where m.source_id = $1 order by m.id`,
      [source],
    );
  const outcomes = (settled: readonly PromiseSettledResult<IntakeResult>[]): readonly string[] =>
    settled.map((one) => (one.status === 'fulfilled' ? one.value.kind : String(one.reason.code)));

  it('★ takes what is fetched under the newest token, and refuses what is fetched under an old one: its neighbours commit', async () => {
    const j = journal();
    const old = await lease('F1');
    const newest = await lease('F1', 2);
    const other = await lease('F2');
    const settled = await Promise.allSettled([
      j.append(arrival('mllp-1')),
      j.append(arrival('old-1', { fence: old })),
      j.append(arrival('new-1', { fence: newest })),
      j.append(arrival('other-1', { fence: other })),
      j.append(arrival('old-2', { fence: old, settled: { outcome: 'held', reason: 'workflow-held' } })),
      j.append(arrival('mllp-2')),
    ]);
    expect(outcomes(settled)).toEqual(['stored', 'lease-lost', 'stored', 'stored', 'lease-lost', 'stored']);
    expect((await rows()).map((row) => [row.control_id, row.todo])).toEqual([
      ['mllp-1', true],
      ['new-1', true],
      ['other-1', true],
      ['mllp-2', true],
    ]);
    // A refused one left no key either: whoever reads the mailbox now is not told it is a duplicate.
    expect(await j.append(arrival('old-1', { fence: newest }))).toMatchObject({ kind: 'stored' });
  });

  it('refuses a whole flush of lost ones, and one whose lease was never taken', async () => {
    const j = journal();
    const old = await lease('F3');
    await lease('F3', 2);
    const none: Fence = { lease: 'mailbox:never', token: old.token };
    const settled = await Promise.allSettled([j.append(arrival('a', { fence: old })), j.append(arrival('b', { fence: none }))]);
    expect(outcomes(settled)).toEqual(['lease-lost', 'lease-lost']);
    expect(await rows()).toEqual([]);
  });

  it('★ does not let a lease be taken over between the look at it and the commit', async () => {
    const fence = await lease('F4');
    const waiting = async (): Promise<number> =>
      (await db.database.query("select distinct pid from pg_locks where not granted and locktype = 'transactionid'")).length;
    let appended: Promise<IntakeResult> | undefined;
    let take: Promise<unknown> | undefined;
    const undone = db.database.inTransaction(async (tx) => {
      // Somebody else is about to have its key: the flush has looked at the lease, and waits.
      await tx.query("insert into message_key (source_id, control_id, digest, message_id) values ($1, 'waits', '\\x00', 0)", [source]);
      appended = journal().append(arrival('waits', { fence }));
      await eventually(waiting, (pids) => pids === 1, { what: 'the flush behind the key' });
      take = db.open().query('update lease set holder = 2, token = token + 1 where name = $1', [fence.lease]);
      await eventually(waiting, (pids) => pids === 2, { what: 'the taker behind the flush' });
      throw new Error('thought better of it');
    });
    await expect(undone).rejects.toThrow('thought better of it');
    expect(await appended).toMatchObject({ kind: 'stored' });
    await take;
  });

  it('decides what nobody need process, and finds it again under its identity', async () => {
    const j = journal();
    const processed = arrival('report', { settled: { outcome: 'processed', rule: 'mesh-report' } });
    const held = arrival('held', { settled: { outcome: 'held', reason: 'workflow-held' } });
    const rejected = arrival('rejected', { settled: { outcome: 'held', reason: 'message-too-long' }, rejected: 'wrong-processing-id' });
    expect((await Promise.all([j.append(processed), j.append(held), j.append(rejected)])).map((r) => r.kind)).toEqual([
      'processed',
      'held',
      'rejected',
    ]);
    expect((await Promise.all([j.append(processed), j.append(held)])).map((r) => r.kind)).toEqual(['duplicate', 'duplicate']);
    expect(await rows()).toEqual([
      { control_id: 'report', outcome: 1, reason: null, rule: 'mesh-report', part: 1, hold: null, todo: false },
      { control_id: 'held', outcome: 2, reason: 'workflow-held', rule: null, part: 1, hold: 'workflow-held', todo: false },
      { control_id: 'rejected', outcome: 3, reason: 'wrong-processing-id', rule: null, part: null, hold: null, todo: false },
      { control_id: 'report', outcome: 5, reason: null, rule: null, part: null, hold: null, todo: false },
      { control_id: 'held', outcome: 5, reason: null, rule: null, part: null, hold: null, todo: false },
    ]);
  });

  it('the careful way says the same: twins within a flush, and another content under a known id', async () => {
    const j = journal();
    const held = arrival('held', { settled: { outcome: 'held', reason: 'workflow-held' } });
    const other = arrival('held', { body: Buffer.from('something else'), settled: { outcome: 'processed', rule: 'mesh-report' } });
    const results = await Promise.all([j.append(held), j.append(held), j.append(other), j.append(arrival('plain'))]);
    expect(results.map((r) => r.kind)).toEqual(['held', 'duplicate', 'held', 'stored']);
    expect((await rows()).map(({ reason, hold, rule }) => [reason, hold, rule])).toEqual([
      ['workflow-held', 'workflow-held', null],
      [null, null, null],
      ['control-id-reused', 'control-id-reused', null],
      [null, null, null],
    ]);
  });

  it('★ recognises a fenced flush whose commit went unanswered, though the lease has gone on meanwhile', async () => {
    const proxy = await storeProxy(db.target);
    const through = openDatabase(proxy.target, { max: 2, statementTimeout: 500, connectTimeout: 500 });
    await through.query('select 1');
    const j = journal({ database: through });
    try {
      const fence = await lease('F5');
      proxy.limit = 1;
      proxy.mode = 'cut-replies';
      const appended = j.append(arrival('cut', { fence }));
      // As soon as the first try is in.
      for (let found = 0; found === 0; ) found = (await rows()).length;
      await lease('F5', 2);
      expect(await appended).toMatchObject({ kind: 'stored' });
      expect(await rows()).toHaveLength(1);
    } finally {
      await j.close();
      await through.close();
      await proxy.close();
    }
  });

  it('names stored content in place of bytes, with its size; a duplicate of it names none', async () => {
    const j = journal();
    const bytes = Buffer.alloc(700_000, 'x');
    const stored = await content.write(bytes, false);
    const large = arrival('large', { stored, body: Buffer.alloc(0), digest: db.vault.digest(bytes) });
    expect((await j.append(large)).kind).toBe('stored');
    expect((await j.append(large)).kind).toBe('duplicate');
    expect(await db.database.query('select size, content_id, body from message where source_id = $1 order by id', [source])).toEqual([
      { size: 700_000, content_id: stored.id, body: null },
      { size: 700_000, content_id: null, body: null },
    ]);
  });
});
