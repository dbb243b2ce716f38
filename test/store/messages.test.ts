import { brandAs, type MessageId, type SourceId, type SourceName } from '../../records/ids.ts';
import type { Arrival } from '../../records/intake.ts';
import { conservation } from '../../store/conservation.ts';
import { type ContentStore, createContentStore } from '../../store/content.ts';
import { idBound } from '../../store/id-bounds.ts';
import { Journal } from '../../store/journal.ts';
import { revealMessage } from '../../store/message-body.ts';
import { listMessages, showMessage } from '../../store/messages.ts';
import { filedReplies, giveUpReply, markRepliesSent, replyAad } from '../../store/replies.ts';
import { ensureSource, ensureSources } from '../../store/sources.ts';
import { traceMessage } from '../../store/trace.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

const name = (text: string): SourceName => brandAs<SourceName>(text);
const NOBODY = brandAs<MessageId>(999_999_999);

describe('what operators read of messages', () => {
  let db: TestDatabase;
  let content: ContentStore;
  let journal: Journal;
  let adt: SourceId;
  let gp: SourceId;
  beforeEach(async () => {
    db = await testDatabase();
    content = createContentStore(db.database, db.vault);
    journal = new Journal({ database: db.database, vault: db.vault, content, daemon: 1 });
    adt = await ensureSource(db.database, name('prison-adt'));
    gp = await ensureSource(db.database, name('gp-records'));
  });
  afterEach(async () => {
    await journal.close();
    await db.close();
  });

  const arrival = (controlId: string | null, text: string, more: Partial<Arrival> = {}): Arrival => {
    const body = more.body ?? Buffer.from(text);
    return {
      sourceId: adt,
      sender: '',
      controlId,
      type: 'ADT^A01',
      digest: db.vault.digest(body),
      body,
      answer: 0,
      reused: 'hold',
      windowMs: 86_400_000,
      ...more,
    };
  };
  const put = async (controlId: string | null, text: string, more: Partial<Arrival> = {}): Promise<MessageId> =>
    (await journal.append(arrival(controlId, text, more))).messageId;

  const process = async (id: MessageId, deliveries = 0, rule: string | null = 'file-it'): Promise<void> => {
    await db.database.inTransaction(async (tx) => {
      await tx.query('delete from message_todo where message_id = $1', [id]);
      await tx.query(
        `insert into message_outcome (message_id, source_id, day, outcome, rule, deliveries) select id, source_id, (received at time zone 'UTC')::date, 1, $2, $3 from message where id = $1`,
        [id, rule, deliveries],
      );
    });
  };

  /** One delivery in a lane, in the state and phase given. */
  const file = async (message: MessageId, state: number, phase: number, isHead = true): Promise<number> => {
    const destination = (
      await db.database.query<{ id: number }>(
        "insert into destination (name) values ('d' || (select count(*) from destination)) returning id",
      )
    )[0]?.id;
    const lane = (
      await db.database.query<{ id: number }>('insert into lane (destination_id, person_id, phase) values ($1, 1, $2) returning id', [
        destination,
        phase,
      ])
    )[0]?.id;
    const id = (await db.database.query<{ id: number }>("select nextval('delivery_id') as id"))[0]?.id ?? 0;
    await db.database.query(
      `insert into delivery (id, lane_id, destination_id, person_id, message_id, part, state, role, route, transport_key, decided_version, mapping_version, directory_version, content_type, size, done, receipt_code)
       values ($1, $2, $3, 1, $4, 1, $5, 'custodian', 'results', $6, 0, '', '', 'text/plain', 10, case when $5::int2 > 0 then now() end, case when $5::int2 in (1, 2) then 'AA' end)`,
      [id, lane, destination, message, state, `K${id}`],
    );
    if (isHead) await db.database.query('update lane set head = $2 where id = $1', [lane, id]);
    return id;
  };

  it('★ balances, by source and day: received is processed, held, rejected, ignored, duplicate or unprocessed', async () => {
    const one = await put('1', 'one');
    await put('1', 'one');
    await put('1', 'other');
    await put(null, 'bad', { rejected: 'not-hl7' });
    await put('2', 'booked', { ignored: 'not used' });
    await put('3', 'waits');
    await put('g', 'of the gp', { sourceId: gp });
    await process(one, 1);
    const day = new Date().toISOString().slice(0, 10);
    const { messages } = await conservation(db.database);
    expect(messages).toEqual([
      expect.objectContaining({ source: 'gp-records', received: 1, unprocessed: 1, balances: true }),
      {
        source: 'prison-adt',
        day,
        received: 6,
        processed: 1,
        held: 1,
        rejected: 1,
        ignored: 1,
        duplicate: 1,
        unprocessed: 1,
        unexplained: 0,
        balances: true,
      },
    ]);
    expect((await conservation(db.database, new Date(Date.now() + 3_600_000))).messages).toEqual([]);
    expect((await conservation(db.database, new Date(Date.now() - 3_600_000))).messages).toHaveLength(2);
  });

  it('★ shows the line that does not balance when a message is in no state, or in two', async () => {
    const [lost, twice, unexplained] = [await put('1', 'one'), await put('2', 'two'), await put('3', 'three')];
    await db.database.query('delete from message_todo where message_id = $1', [lost]);
    expect((await conservation(db.database)).messages[0]).toMatchObject({ received: 3, unprocessed: 2, balances: false });
    await db.database.query('insert into message_todo (message_id, source_id) values ($1, $2)', [lost, adt]);
    expect((await conservation(db.database)).messages[0]).toMatchObject({ balances: true });
    await process(twice);
    await db.database.query('insert into message_todo (message_id, source_id) values ($1, $2)', [twice, adt]);
    expect((await conservation(db.database)).messages[0]).toMatchObject({ balances: false });
    await process(unexplained, 0, null);
    expect((await conservation(db.database)).messages[0]).toMatchObject({ unexplained: 1 });
  });

  it('★ balances deliveries by what an operator sees of them', async () => {
    const id = await put('1', 'one');
    for (const [state, phase, head] of [
      [2, 0, false],
      [1, 0, false],
      [3, 0, false],
      [0, 1, true],
      [0, 3, true],
      [0, 4, false],
      [0, 4, true],
      [0, 2, true],
      [0, 5, true],
      [1, 6, true],
    ] as const)
      await file(id, state, phase, head);
    expect((await conservation(db.database)).deliveries).toEqual([
      expect.objectContaining({
        source: 'prison-adt',
        deliveries: 10,
        confirmed: 1,
        'handed-over': 2,
        withdrawn: 1,
        waiting: 3,
        held: 1,
        sending: 2,
        balances: true,
      }),
    ]);
  });

  it('lists newest first, a page at a time, by what is asked for', async () => {
    const ids: MessageId[] = [];
    for (let n = 0; n < 7; n++) ids.push(await put(`C${n}`, `message ${n}`, { type: n % 2 === 0 ? 'ADT^A01' : 'ORU^R01' }));
    const dup = await put('C3', 'message 3');
    const bad = await put('C9', 'bad', { rejected: 'unsupported-version' });
    const first = await listMessages(db.database, { limit: 4 });
    expect(first.map((row) => row.id)).toEqual([bad, dup, ids[6], ids[5]]);
    const rest = await listMessages(db.database, { limit: 50, before: first.at(-1)?.id ?? 0 });
    expect(rest.map((row) => row.id)).toEqual(ids.slice(0, 5).reverse());
    const by = async (filter: Parameters<typeof listMessages>[1]) => (await listMessages(db.database, filter)).map((row) => row.id);
    expect(await by({ state: 'duplicate' })).toEqual([dup]);
    expect(await by({ state: 'unprocessed', type: 'ORU^R01' })).toEqual([ids[5], ids[3], ids[1]]);
    expect(await by({ reason: 'unsupported-version' })).toEqual([bad]);
    expect(await by({ controlId: 'C3' })).toEqual([dup, ids[3]]);
    expect(await by({ controlId: 'C9' })).toEqual([bad]);
    expect(await by({ source: name('gp-records') })).toEqual([]);
    expect(await by({ since: new Date(Date.now() + 60_000) })).toEqual([]);
    expect(await by({ since: new Date(Date.now() - 60_000), until: new Date(Date.now() + 60_000) })).toHaveLength(9);
    expect((await listMessages(db.database, { controlId: 'C3', limit: 1 }))[0]).toMatchObject({
      state: 'duplicate',
      duplicateOf: ids[3],
      source: 'prison-adt',
      type: 'ADT^A01',
      size: 9,
    });
  });

  it('finds where a time begins without an index on time', async () => {
    for (let n = 0; n < 40; n++) await put(`C${n}`, `${n}`);
    await db.database.query("update message set received = now() - (40 - id) * interval '1 hour'");
    const bound = await idBound(db.database, new Date(Date.now() - 10 * 3_600_000 - 60_000));
    const exact = await db.database.query<{ id: number }>(
      "select min(id) as id from message where received >= now() - interval '10 hours 1 minute'",
    );
    expect(bound).toBeLessThanOrEqual(exact[0]?.id ?? 0);
    expect(bound).toBeGreaterThan((exact[0]?.id ?? 0) - 3);
    expect(
      (await listMessages(db.database, { since: new Date(Date.now() - 10 * 3_600_000 - 60_000), limit: 100 })).map((r) => r.id),
    ).toHaveLength(10 + 1);
  });

  it('shows one with its parts, holds and deliveries', async () => {
    await put('1', 'one');
    const held = await put('1', 'other');
    const delivery = await file(held, 0, 1);
    const detail = await showMessage(db.database, held);
    expect(detail).toMatchObject({ state: 'held', reason: 'control-id-reused', mappingVersion: null });
    expect(detail?.partRows).toEqual([{ part: 1, person: null, outcome: 'held', reason: 'control-id-reused', rule: null, deliveries: 0 }]);
    expect(detail?.holds.map((hold) => hold.reason)).toEqual(['control-id-reused']);
    expect(detail?.filed.map((d) => d.id)).toEqual([delivery]);
    expect(await showMessage(db.database, NOBODY)).toBeNull();
  });

  it('tells what happened, oldest first', async () => {
    const id = await put('1', 'one');
    await process(id, 1);
    const delivery = await file(id, 2, 0, false);
    // Times are told to the millisecond: what comes later must be later by one.
    const later = () => db.database.query('select pg_sleep(0.005)');
    await later();
    await db.database.query("insert into attempt (delivery_id, token, outcome, code, at) values ($1, 1, 2, 'connection-refused', now())", [
      delivery,
    ]);
    await later();
    await db.database.query("insert into reply (message_id, code, key_id, body, sent_at) values ($1, 'AA', 1, '', now())", [id]);
    await later();
    await revealMessage(db.database, db.vault, content, id, { who: 'on-call', why: 'checking a result' });
    const steps = await traceMessage(db.database, id);
    expect(steps?.map((s) => s.step)).toEqual(['received', 'mapped', 'filed', 'receipt', 'attempt', 'answered', 'viewed']);
    expect(steps?.[0]?.facts).toEqual({ source: 'prison-adt', type: 'ADT^A01', size: 3 });
    expect(steps?.[1]?.facts).toMatchObject({ outcome: 'processed', deliveries: 1 });
    expect(steps?.[4]?.facts).toMatchObject({ delivery, outcome: 'transient', code: 'connection-refused' });
    expect(await traceMessage(db.database, NOBODY)).toBeNull();
  });

  it('reveals a body, large, small or of a duplicate, only after it is on record who asked and why', async () => {
    const large = Buffer.alloc(700_000, 'PID|');
    const one = await put('1', 'one', { meta: { file: 'in.hl7' } });
    const dup = await put('1', 'one');
    const big = await put('2', '', { body: large });
    const bytes = async (id: MessageId): Promise<string> => {
      const revealed = await revealMessage(db.database, db.vault, content, id, { who: 'on-call', why: 'canary reason' });
      const pieces: Buffer[] = [];
      if (revealed !== null) for await (const piece of revealed.stream()) pieces.push(piece);
      return Buffer.concat(pieces).toString();
    };
    expect(await bytes(one)).toBe('one');
    expect(await bytes(dup)).toBe('one');
    expect(await bytes(big)).toBe(large.toString());
    expect((await revealMessage(db.database, db.vault, content, one, { who: 'x', why: 'y' }))?.meta).toEqual({ file: 'in.hl7' });
    const audit = await db.database.query<{ who: string; subject: string; why: Buffer; key_id: number }>(
      'select who, subject, why, key_id from audit order by id',
    );
    expect(audit.map((row) => row.subject)).toEqual([one, dup, big, one].map((id) => `message ${id}`));
    expect(audit[0]?.why.includes('canary')).toBe(false);
    expect(db.vault.unseal(audit[0]?.key_id ?? 0, audit[0]?.why ?? Buffer.alloc(0), `audit:message reveal:message ${one}`).toString()).toBe(
      'canary reason',
    );
    expect(await revealMessage(db.database, db.vault, content, NOBODY, { who: 'x', why: 'y' })).toBeNull();
  });

  it('hands filed replies to the daemon that waits for them, once', async () => {
    const [one, two, three] = [await put('1', 'one'), await put('2', 'two'), await put('3', 'three')];
    for (const id of [one, two]) {
      const sealed = db.vault.seal(Buffer.from(`MSA|AA|${id}`), replyAad(id));
      await db.database.query("insert into reply (message_id, code, key_id, body) values ($1, 'AA', $2, $3)", [
        id,
        sealed.keyId,
        sealed.bytes,
      ]);
    }
    expect(await filedReplies(db.database, db.vault, [one, three])).toEqual([
      { messageId: one, code: 'AA', bytes: Buffer.from(`MSA|AA|${one}`) },
    ]);
    await markRepliesSent(db.database, [one]);
    expect(await giveUpReply(db.database, db.vault, two, () => undefined)).toEqual([]);
    expect(await filedReplies(db.database, db.vault, [one, two, three])).toEqual([]);
    expect(await filedReplies(db.database, db.vault, [])).toEqual([]);
  });

  it('gives each source one id, however often and from wherever it is asked', async () => {
    const names = ['a', 'b', 'prison-adt'].map(name);
    const many = await Promise.all(Array.from({ length: 5 }, () => ensureSources(db.database, names)));
    for (const ids of many) expect(ids).toEqual(many[0]);
    expect(many[0]?.get(name('prison-adt'))).toBe(adt);
  });
});
