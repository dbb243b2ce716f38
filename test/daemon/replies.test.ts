import { ReplyDesk } from '../../daemon/replies.ts';
import { createReceiver } from '../../pipeline/receive/receiver.ts';
import { receiptSettings } from '../../pipeline/receive/settings.ts';
import { brandAs, type MessageId, type SourceId, type SourceName } from '../../records/ids.ts';
import { silent } from '../../records/telemetry.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { movement, somebody } from '../support/example-messages.ts';

/** Who waits for an application answer, and who no longer does (ruling A20): a feed that asks for none must cost nothing. */

const ID = brandAs<MessageId>(7);

describe('a receiver', () => {
  const source = brandAs<SourceName>('prison-adt');
  const awaited = async (accept: string, application: string): Promise<number> => {
    let waiting = 0;
    const settings = receiptSettings(
      brandAs<SourceId>(1),
      source,
      {
        accept: [],
        ignore: new Map(),
        ack: 'auto',
        controlId: 'plain',
        identity: 'message',
        reused: 'hold',
        window: 1000,
        sender: false,
        maxSize: 1024,
        versions: [],
        processingIds: [],
        trustsNhsNumbers: false,
      },
      'T',
    );
    const receiver = createReceiver({
      settings: () => settings,
      journal: { append: () => Promise.resolve({ kind: 'stored', messageId: ID }) },
      digest: () => Buffer.alloc(32),
      hashControlId: String,
      awaitReply: () => {
        waiting += 1;
      },
      telemetry: silent,
      now: () => new Date(0),
    });
    const bytes = Buffer.from(movement('A01', somebody(1), { accept, application }));
    await receiver.receive({ source, bytes, connection: 'c', later: () => true });
    return waiting;
  };

  it.each([
    ['', '', 0],
    ['AL', 'NE', 0],
    ['AL', '', 0],
    ['AL', 'AL', 1],
    ['NE', 'ER', 1],
    ['', 'SU', 1],
  ])('with MSH-15 “%s” and MSH-16 “%s” keeps %i connection for later', async (accept, application, waiting) => {
    expect(await awaited(accept, application)).toBe(waiting);
  });
});

describe('the desk', () => {
  let db: TestDatabase;
  let desk: ReplyDesk;
  beforeEach(async () => {
    db = await testDatabase();
    desk = new ReplyDesk({
      database: db.database,
      vault: db.vault,
      telemetry: silent,
      destinationOf: () => undefined,
      onHeads: () => undefined,
    });
  });
  afterEach(async () => {
    await desk.stop();
    await db.close();
  });

  it('lets go of a connection whose message came out in a way that is not answered, and of no other', async () => {
    const [good, open] = [ID, brandAs<MessageId>(8)];
    for (const id of [good, open]) desk.await(id, () => true);
    await db.database.query("insert into message_outcome (message_id, source_id, day, outcome) values ($1, 1, '2026-03-02', 1)", [good]);
    await eventually(
      () => desk.waiting,
      (waiting) => waiting === 1,
      { what: 'one that waits' },
    );
    await db.database.query("insert into message_outcome (message_id, source_id, day, outcome) values ($1, 1, '2026-03-02', 1)", [open]);
    await eventually(
      () => desk.waiting,
      (waiting) => waiting === 0,
      { what: 'nobody that waits' },
    );
  });
});
