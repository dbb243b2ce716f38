import { MeshSource } from '../../../adapters/mesh-api/inbound.ts';
import { MeshMailbox } from '../../../adapters/mesh-api/mailbox.ts';
import { createMailboxReceiver } from '../../../pipeline/receive/mailbox-receiver.ts';
import { receiptSettings } from '../../../pipeline/receive/settings.ts';
import { brandAs, type MailboxName, type SourceName } from '../../../records/ids.ts';
import { silent } from '../../../records/telemetry.ts';
import type { MeshServer } from '../../../stand-ins/mesh/handle.ts';
import { conservation } from '../../../store/conservation.ts';
import { createContentStore } from '../../../store/content.ts';
import { Journal } from '../../../store/journal.ts';
import { createLeases } from '../../../store/leases.ts';
import { createMailboxDiary } from '../../../store/mailbox-diary.ts';
import { openDatabase } from '../../../store/pool.ts';
import { ensureSource } from '../../../store/sources.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { enterTestDaemon } from '../../support/lanes.ts';
import { until } from '../support/waiting.ts';
import { clientParts, mailboxSettings, OURS, Services } from './support/service.ts';

const services = new Services();
const source = brandAs<SourceName>('gp-mailbox');

describe('mailboxes over the store itself', () => {
  let db: TestDatabase;
  const ends: (() => Promise<void>)[] = [];
  beforeEach(async () => {
    db = await testDatabase();
  });
  afterEach(async () => {
    await Promise.all(ends.splice(0).map((end) => end()));
    for (const line of (await conservation(db.database)).messages) expect(line).toMatchObject({ balances: true, unexplained: 0 });
    await db.close();
    await services.close();
  });

  /** A daemon with connections, leases and a journal of its own. `kill` takes its database away in the middle of whatever it does. */
  const daemon = async (server: MeshServer): Promise<{ kill(): Promise<void> }> => {
    const database = openDatabase(db.target, { max: 4 });
    const id = await enterTestDaemon(database);
    const content = createContentStore(database, db.vault);
    const journal = new Journal({ database, vault: db.vault, content, daemon: id });
    const leases = createLeases({ database, daemon: id, milliseconds: 3_000, telemetry: silent });
    const diary = createMailboxDiary(database);
    const settings = receiptSettings(
      await ensureSource(database, source),
      source,
      {
        accept: [],
        ignore: new Map(),
        ack: 'auto',
        controlId: 'plain',
        identity: 'message',
        reused: 'hold',
        window: 86_400_000,
        sender: false,
        maxSize: 64 * 1024 ** 2,
        versions: [],
        processingIds: [],
        trustsNhsNumbers: false,
      },
      'T',
    );
    const receiver = createMailboxReceiver({
      settings: () => settings,
      journal,
      digest: (bytes) => db.vault.digest(bytes),
      digester: () => db.vault.digester(),
      bodies: content,
      hashControlId: String,
      far: { find: async () => null, note: async () => 'unmatched' },
      telemetry: silent,
      now: () => new Date(),
    });
    const mailbox = new MeshMailbox(brandAs<MailboxName>('gp'), mailboxSettings(server, { poll: 50 }), { ...clientParts(), diary });
    const reader = new MeshSource(
      source,
      { workflows: new Map([['LETTERS', { do: 'hold' }]]), others: 'leave', page: 500 },
      {
        mailbox,
        receiver,
        refuse: () => Promise.reject(new Error('nothing is refused here')),
        leases,
        diary,
        far: { awaited: async () => [], note: async () => 'unmatched' },
        telemetry: silent,
      },
    );
    await reader.start();
    let killed = false;
    const end = async (): Promise<void> => {
      await reader.stop(AbortSignal.timeout(5_000));
      mailbox.close();
      await leases.close().catch(() => {});
      await journal.close().catch(() => {});
      if (!killed) await database.close();
    };
    ends.push(end);
    return {
      kill: () => {
        killed = true;
        return database.close();
      },
    };
  };

  const journalled = async (): Promise<string[]> =>
    (await db.database.query<{ id: string }>('select control_id as id from message where duplicate_of is null order by id')).map(
      ({ id }) => id,
    );

  const fill = async (server: MeshServer, count: number): Promise<string[]> => {
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) ids.push(await server.put(OURS, { workflowId: 'LETTERS', body: `letter ${n}` }));
    return ids;
  };

  it('two daemons: each message is journalled once, in the order of the inbox', async () => {
    const server = await services.start();
    const ids = await fill(server, 80);
    await Promise.all([daemon(server), daemon(server)]);
    await until('the inbox is empty', () => server.mailbox(OURS).waiting === 0, 50_000);
    ids.push(...(await fill(server, 20)));
    await until('the inbox is empty again', () => server.mailbox(OURS).waiting === 0, 50_000);
    expect(await journalled()).toEqual(ids);
  });

  it('a daemon whose database goes away in the middle loses nothing: another takes over, and what is fetched again is a duplicate', async () => {
    const server = await services.start();
    const ids = await fill(server, 80);
    const first = await daemon(server);
    await until('it is in the middle', () => server.mailbox(OURS).waiting < 50, 50_000);
    await first.kill();
    await daemon(server);
    await until('the inbox is empty', () => server.mailbox(OURS).waiting === 0, 50_000);
    expect(await journalled()).toEqual(ids);
    expect((await db.database.query('select 1 from message where duplicate_of is not null')).length).toBeLessThanOrEqual(1);
  });
});
