import { randomBytes } from 'node:crypto';
import type { MessageId, SourceId, SourceName } from '../../records/ids.ts';
import { brandAs } from '../../records/ids.ts';
import type { IntakeResult } from '../../records/intake.ts';
import { conservation } from '../../store/conservation.ts';
import { type ContentStore, createContentStore } from '../../store/content.ts';
import { Journal } from '../../store/journal.ts';
import { takeLease } from '../../store/lease.ts';
import { ensurePartitions, FAMILIES } from '../../store/partitions.ts';
import { removeOld } from '../../store/retention.ts';
import { ensureSource } from '../../store/sources.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

/** Old messages and deliveries go by whole partitions; whatever somebody may still need keeps its own. */

const DAY = 86_400_000;
const DAEMON = 1;
const [MESSAGES, DELIVERIES] = FAMILIES;

let db: TestDatabase;
let content: ContentStore;
let journal: Journal;
let source: SourceId;
beforeEach(async () => {
  db = await testDatabase();
  content = createContentStore(db.database, db.vault);
  journal = new Journal({ database: db.database, vault: db.vault, content, daemon: DAEMON });
  source = await ensureSource(db.database, brandAs<SourceName>('prison-adt'));
});
afterEach(async () => {
  await journal.close();
  await db.close();
});

const put = (controlId: string, body: Buffer = Buffer.from(`body of ${controlId}`)): Promise<IntakeResult> =>
  journal.append({
    sourceId: source,
    sender: '',
    controlId,
    type: 'ADT^A01',
    digest: db.vault.digest(body),
    body,
    answer: 0,
    reused: 'accept',
    windowMs: 7 * DAY,
  });
const processed = async (id: MessageId): Promise<void> => {
  await db.database.query('delete from message_todo where message_id = $1', [id]);
  await db.database.query(
    `insert into message_outcome (message_id, source_id, day, outcome, rule, parts) select id, source_id, (received at time zone 'UTC')::date, 1, 'file-it', 1 from message where id = $1`,
    [id],
  );
  await db.database.query('insert into message_part (message_id, part, outcome) values ($1, 1, 1)', [id]);
};
const take = async (controlId: string, body?: Buffer): Promise<MessageId> => {
  const { messageId } = await put(controlId, body);
  await processed(messageId);
  return messageId;
};
const deliver = async (message: MessageId, state: number): Promise<number> => {
  const [row] = await db.database.query<{ id: number }>("select nextval('delivery_id') as id");
  const id = row?.id ?? 0;
  await db.database.query(
    `insert into delivery (id, lane_id, destination_id, person_id, message_id, part, state, role, route, transport_key, decided_version, mapping_version, directory_version, content_type, size, done)
     values ($1, 1, 1, 1, $2, 1, $3, 'custodian', 'results', 'K' || $1::bigint, 0, '', '', 'text/plain', 10, case when $3::int2 > 0 then now() end)`,
    [id, message, state],
  );
  await db.database.query("insert into payload (delivery_id, key_id, body) values ($1, 1, '\\x00')", [id]);
  await db.database.query("insert into attempt (delivery_id, token, outcome, code) values ($1, 1, 2, 'answer-timeout')", [id]);
  await db.database.query("insert into far_message (delivery_id, destination_id, far_id) values ($1, 1, 'F' || $1::bigint)", [id]);
  await db.database.query("insert into receipt (delivery_id, stage, good, code) values ($1, 1, true, '202')", [id]);
  return id;
};
/** Everything so far was a year ago, and its partitions are full: new ids come from the next ones. */
const aYearPasses = async (): Promise<void> => {
  for (const statement of [
    "update message set received = received - interval '1 year'",
    "update message_outcome set day = day - interval '1 year'",
    "update message_key set received = received - interval '1 year'",
    "update delivery set filed = filed - interval '1 year', done = done - interval '1 year'",
    "update content set created = created - interval '1 year'",
  ])
    await db.database.query(statement);
  await db.database.query("select setval('message_id', (select (last_value / 1000000 + 1) * 1000000 from message_id))");
  await db.database.query("select setval('delivery_id', (select (last_value / 1000000 + 1) * 1000000 from delivery_id))");
  await ensurePartitions(db.database);
};
const remove = (): Promise<void> => removeOld(db.database, { daemon: DAEMON, keepMs: 90 * DAY });
const partitionsOf = async (table: string): Promise<readonly number[]> =>
  (
    await db.database.query<{ n: number }>(
      "select substring(relname from '_p(\\d+)$')::int as n from pg_class where relkind = 'r' and relname ~ ('^' || $1 || '_p\\d+$') order by 1",
      [table],
    )
  ).map(({ n }) => n);
const count = async (from: string): Promise<number> =>
  (await db.database.query<{ n: number }>(`select count(*)::int as n from ${from}`))[0]?.n ?? -1;

describe('removing what is old', () => {
  it('★ drops whole partitions with all that belongs to them, and keeps what is young', async () => {
    const old = await take('OLD');
    await deliver(old, 2);
    const closed = await take('CLOSED');
    await db.database.query(
      "insert into hold (reason, message_id, part, done, done_by) values ('no-mapping', $1, 1, 'released', 'somebody')",
      [closed],
    );
    await db.database.query("insert into reply (message_id, code, key_id, body, sent_at) values ($1, 'AA', 1, '', now())", [old]);
    await aYearPasses();
    const young = await take('YOUNG');
    const delivery = await deliver(young, 2);
    await remove();

    for (const table of MESSAGES.tables) expect([table, (await partitionsOf(table))[0]]).toEqual([table, 1]);
    for (const table of DELIVERIES.tables) expect([table, (await partitionsOf(table))[0]]).toEqual([table, 1]);
    expect(await db.database.query('select id from message')).toEqual([{ id: young }]);
    expect(await db.database.query('select control_id from message_key')).toEqual([{ control_id: 'YOUNG' }]);
    for (const table of ['attempt', 'far_message', 'receipt'])
      expect(await db.database.query(`select delivery_id as id from ${table}`)).toEqual([{ id: delivery }]);
    expect([await count('hold'), await count('reply'), await count('message_outcome'), await count('message_part')]).toEqual([0, 0, 1, 1]);
    const { messages } = await conservation(db.database);
    expect(messages).toMatchObject([{ received: 1, processed: 1, balances: true }]);
    // A number used again after its message went is a message of its own.
    expect((await put('OLD')).kind).toBe('stored');
    // Nothing is left to do, and ids go on.
    await remove();
    expect(await count('message')).toBe(2);
  });

  it.each<[string, (id: MessageId) => Promise<unknown>]>([
    ['unprocessed', (id) => db.database.query('insert into message_todo (message_id, source_id) values ($1, $2)', [id, source])],
    ['held', (id) => db.database.query("insert into hold (reason, message_id, part) values ('no-mapping', $1, 1)", [id])],
    ['to be delivered', (id) => deliver(id, 0)],
    [
      'to be confirmed',
      async (id) =>
        db.database.query('insert into lane (destination_id, person_id, head, phase) values (1, 1, $1, 6)', [await deliver(id, 1)]),
    ],
    ['to be answered', (id) => db.database.query("insert into reply (message_id, code, key_id, body) values ($1, 'AA', 1, '')", [id])],
    ['lost: no outcome', (id) => db.database.query('delete from message_outcome where message_id = $1', [id])],
    ['young', (id) => db.database.query("update message set received = received + interval '700 days' where id = $1", [id])],
  ])('★ keeps a partition in which one message is %s, and drops those beside it', async (_what, need) => {
    await take('A');
    await aYearPasses();
    const needed = await take('NEEDED');
    await take('BESIDE');
    await aYearPasses();
    // The age of what is made for it now does not matter.
    await need(needed);
    await take('C');
    await aYearPasses();
    await take('D');
    await remove();
    expect((await partitionsOf('message')).slice(0, 2)).toEqual([1, 3]);
    expect(await db.database.query('select control_id from message_key order by 1')).toEqual(
      ['BESIDE', 'D', 'NEEDED'].map((control_id) => ({ control_id })),
    );
  });

  it.each<[string, (id: number) => Promise<unknown>]>([
    ['waits', (id) => db.database.query('update delivery set state = 0 where id = $1', [id])],
    [
      'awaits its confirmation',
      (id) => db.database.query('insert into lane (destination_id, person_id, head, phase) values (1, 1, $1, 6)', [id]),
    ],
    ['is held', (id) => db.database.query("insert into hold (reason, delivery_id) values ('answer-error', $1)", [id])],
    ['was sent lately', (id) => db.database.query('update delivery set done = now() where id = $1', [id])],
  ])('★ keeps a partition of deliveries in which one %s', async (_what, need) => {
    const message = await take('OLD');
    const [needed, beside] = [await deliver(message, 2), await deliver(message, 2)];
    await aYearPasses();
    await need(needed);
    await remove();
    expect(await count(`delivery where id in (${needed}, ${beside})`)).toBe(2);
    expect(await count(`payload where delivery_id in (${needed}, ${beside})`)).toBe(2);
  });

  it('keeps deliveries of a message that is held in another part, so that its release sends nothing twice', async () => {
    const partly = await take('PARTLY');
    const sent = await deliver(partly, 2);
    await db.database.query("insert into hold (reason, message_id, part) values ('no-mapping', $1, 2)", [partly]);
    await aYearPasses();
    await remove();
    expect(await count(`delivery where id = ${sent}`)).toBe(1);
    await db.database.query("update hold set done = 'released'");
    await remove();
    expect(await count(`delivery where id = ${sent}`)).toBe(0);
  });

  it('removes the bodies of large messages with the last that has them, and never an attachment', async () => {
    const [alone, shared, attached] = [randomBytes(100_000), randomBytes(100_000), randomBytes(100_000)];
    await take('ALONE', alone);
    await take('SHARED', shared);
    await take('ATTACHED', attached);
    const attachment = await content.write(attached);
    await aYearPasses();
    // The same bytes again under another number: one body for both.
    await take('AGAIN', shared);
    await remove();
    expect(await db.database.query<{ id: number }>('select id from message')).toHaveLength(1);
    const names = (await db.database.query<{ digest: Buffer }>('select digest from content order by id')).map(({ digest }) =>
      digest.toString('hex'),
    );
    expect(names.sort()).toEqual([db.vault.contentName(shared), attachment.name].sort());
    expect(await count('content_chunk where content_id not in (select id from content)')).toBe(0);
    for (const bytes of [shared, attached]) {
      const pieces: Buffer[] = [];
      for await (const piece of content.read(db.vault.contentName(bytes))) pieces.push(piece);
      expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
    }
  });

  it('finishes what was cut off in the middle', async () => {
    await take('OLD');
    await aYearPasses();
    await take('YOUNG');
    // Cut off after the first table was cut loose.
    await db.database.query('alter table message detach partition message_p0 concurrently');
    await remove();
    for (const table of MESSAGES.tables) expect([table, (await partitionsOf(table))[0]]).toEqual([table, 1]);
  });

  it('leaves it to the daemon that is at it', async () => {
    await take('OLD');
    await aYearPasses();
    await takeLease(db.database, 'maintain', 2);
    await remove();
    expect((await partitionsOf('message'))[0]).toBe(0);
  });

  it('★ keeps a body that was passed on as long as the delivery that names it: it may have to be sent again', async () => {
    const body = randomBytes(300_000);
    const message = await take('FORWARDED', body);
    const delivery = await deliver(message, 1);
    await aYearPasses();
    await db.database.query("update delivery set done = now() - interval '80 days' where id = $1", [delivery]);
    const name = db.vault.contentName(body);
    await remove();
    expect(await content.size(name)).toBe(body.length);
    await db.database.query("update delivery set done = now() - interval '91 days' where id = $1", [delivery]);
    await remove();
    expect(await content.size(name)).toBeUndefined();
    expect(await count('message')).toBe(0);
  });
});
