import { randomBytes } from 'node:crypto';
import { appendFile, chmod, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readAck } from '../../formats/hl7v2/acknowledgement.ts';
import { brandAs, type SourceName } from '../../records/ids.ts';
import { conservation } from '../../store/conservation.ts';
import { createContentStore } from '../../store/content.ts';
import { ensureServer } from '../../store/embedded/embedded.ts';
import { readKeyFile } from '../../store/keys.ts';
import { messageBytes } from '../../store/message-body.ts';
import { openDatabase } from '../../store/pool.ts';
import { openVault } from '../../store/vault.ts';
import { type ChildSite, type ChildSiteOptions, openChildSite } from '../support/child-site.ts';
import { eventually } from '../support/eventually.ts';
import { freshId, movement, report, somebody } from '../support/example-messages.ts';
import { ExampleSite, journeyMessage } from '../support/example-site.ts';
import { frame } from '../support/mllp-bytes.ts';
import type { MllpClient } from '../support/mllp-client.ts';

/** What surroundings do to a daemon: too much at once, half of it, nothing at all, no rights and no room. */

const MB = 1024 * 1024;

describe('a daemon in a process of its own', () => {
  let site: ChildSite | undefined;
  const open = async (options: ChildSiteOptions): Promise<ChildSite> => {
    site = await openChildSite(options);
    return site;
  };
  afterEach(async () => {
    await site?.close();
    site = undefined;
  });

  it('★ holds no more of a frame of 100 MB than its limit, refuses it, and takes the next message', async () => {
    const { connect, most, db } = await open({
      config: (yaml) => yaml.replace('system: lab-lims', 'system: lab-lims\n    maxSize: 8MB'),
    });
    const client = await connect('pathology');
    await most();
    const quiet = await most();
    const piece = Buffer.alloc(MB, 'x');
    client.write(Buffer.concat([Buffer.of(0x0b), Buffer.from(report(somebody(350)))]));
    for (let sent = 0; sent < 100 && !client.closed; sent += 1) await client.drained(piece);
    client.write(Buffer.of(0x1c, 0x0d));
    const answer = await client.answer(0);
    expect(readAck(answer.bytes)).toMatchObject({ code: 'AR' });
    expect((await most()) - quiet).toBeLessThan(50 * MB);
    const [row] = (await db?.database.query<{ size: number; kept: number }>(
      'select size, octet_length(body) as kept from message order by id desc limit 1',
    )) ?? [{ size: 0, kept: 0 }];
    expect(row?.size).toBeGreaterThan(8 * MB);
    expect(row?.kept).toBeLessThan(MB);
    expect(await (await connect('pathology')).send(report(somebody(350)))).toMatchObject({ code: 'AA' });
  });

  it('passes a letter of 8 MB on, and holds a few times its size at most', async () => {
    const { folder, connect, most, receivers } = await open({});
    expect(await (await connect('prison-adt')).send(await journeyMessage('01-reception'))).toMatchObject({ code: 'AA' });
    const pdf = randomBytes(6 * MB);
    const letter = (await journeyMessage('02-gp-record-letter')).replace(/\^Base64\^[^|\r]*/, `^Base64^${pdf.toString('base64')}`);
    expect(letter.length).toBeGreaterThan(8 * MB);
    await most();
    const quiet = await most();
    await writeFile(join(folder, 'letter.hl7'), letter);
    await rename(join(folder, 'letter.hl7'), join(folder, 'data/in/gp-records/letter.hl7'));
    const arrived = await eventually(
      () => receivers.leeds.received.find(({ bytes }) => bytes.length > 8 * MB),
      (found) => found !== undefined,
      { within: 40_000, what: 'the letter' },
    );
    expect(arrived?.bytes.toString('latin1')).toContain(pdf.toString('base64'));
    // Received, sealed, read, decoded and stored: some of that at once, never a string of it beside.
    expect((await most()) - quiet).toBeLessThan(15 * 8 * MB);
  });

  it('reports a folder it may not read, serves its other sources, and takes the files once it may', async () => {
    const { folder, connect, log, db } = await open({ unprivileged: true });
    const inbox = join(folder, 'data/in/gp-records');
    await chmod(inbox, 0o000);
    await eventually(log, (text) => /"code":"EACCES","event":"source\.unreachable"/.test(text), { what: 'the alarm' });
    expect(await (await connect('prison-adt')).send(movement('A01', somebody(351)))).toMatchObject({ code: 'AA' });
    await writeFile(join(folder, 'new.hl7'), report(somebody(351)));
    await chmod(join(folder, 'new.hl7'), 0o666);
    await rename(join(folder, 'new.hl7'), join(inbox, 'new.hl7'));
    await chmod(inbox, 0o777);
    await eventually(
      async () =>
        (await db?.database.query("select 1 from message m join source s on s.id = m.source_id where s.name = 'gp-records'"))?.length,
      (n) => n === 1,
      { what: 'the file' },
    );
    await eventually(log, (text) => text.includes('source.unreachable.cleared'), { what: 'the end of the alarm' });
  });

  it('★ answers no message positively that a full disk has no room for, keeps running, and goes on when there is room', async () => {
    const { folder, connect, daemon, log } = await open({ embedded: true, fileSize: 24 * MB });
    const { target } = await ensureServer(join(folder, 'data'));
    const database = openDatabase(target, { max: 2 });
    try {
      // Fills the journal's file nearly to the brim and takes it back: what that leaves is room again only after a vacuum.
      const partition = 'message_p0';
      await database.query(`alter table ${partition} set (autovacuum_enabled = off, toast.autovacuum_enabled = off)`);
      const takenBack = new Error('taken back');
      await expect(
        database.inTransaction(async (tx) => {
          for (let n = 0, size = 0; size < 23 * MB; n += 1) {
            await tx.query(
              `insert into message (id, source_id, digest, size, key_id, body)
               select 900000 + $1, 0, '', 0, 1, decode(string_agg(md5(random()::text), ''), 'hex') from generate_series(1, 16384)`,
              [n],
            );
            const [file] = await tx.query<{ size: number }>(
              'select pg_relation_size(reltoastrelid) as size from pg_class where relname = $1',
              [partition],
            );
            size = file?.size ?? Number.POSITIVE_INFINITY;
          }
          throw takenBack;
        }),
      ).rejects.toBe(takenBack);
      const messages = Array.from({ length: 30 }, (_, n) => ({ id: freshId(), n })).map(({ id, n }) => ({
        id,
        bytes: report(somebody(360 + n), { id }).replace('Serum sodium', `Serum sodium ${'0123456789abcdef'.repeat(3_500)}`),
      }));
      const outcome = new Map<string, string>();
      for (const { id, bytes } of messages) {
        const client = await connect('pathology');
        outcome.set(id, await answerOf(client, bytes));
      }
      const taken = messages.filter(({ id }) => outcome.get(id) === 'AA');
      const refused = messages.filter(({ id }) => outcome.get(id) !== 'AA');
      expect(taken.length).toBeGreaterThan(0);
      expect(refused.length).toBeGreaterThan(0);
      expect(daemon.running).toBe(true);
      expect(await log()).toContain('source.store-unavailable');

      // What was acknowledged is there, byte for byte; what was not is no message.
      const keys = await readKeyFile(join(folder, 'data'));
      if (keys === undefined) throw new Error('the daemon made no keys');
      const vault = await openVault(database, keys);
      const rows = await database.query<{ id: number; control_id: string }>('select id, control_id from message');
      expect(rows.map((row) => row.control_id).sort()).toEqual(taken.map(({ id }) => id).sort());
      const content = createContentStore(database, vault);
      for (const row of rows)
        expect((await messageBytes(database, vault, content, brandAs(row.id)))?.toString()).toBe(
          messages.find(({ id }) => id === row.control_id)?.bytes,
        );

      await database.query(`vacuum ${partition}`);
      for (const { id, bytes } of refused) {
        expect({ id, code: await answerOf(await connect('pathology'), bytes) }).toEqual({ id, code: 'AA' });
      }
      const lines = await eventually(
        async () => (await conservation(database)).messages,
        (found) => found.every((line) => line.unprocessed === 0),
        { what: 'everything processed' },
      );
      expect(lines).toMatchObject([{ source: 'pathology', received: messages.length, balances: true }]);
    } finally {
      await database.close();
    }
  });

  const answerOf = (client: MllpClient, bytes: string): Promise<string> =>
    client.send(bytes).then(
      ({ code }) => code,
      () => 'closed',
    );
});

describe('a daemon', () => {
  let site: ExampleSite;
  beforeAll(async () => {
    site = await ExampleSite.open({
      config: (yaml) => yaml.replace('system: lab-lims', 'system: lab-lims\n    frameTimeout: 200ms\n    maxConnections: 6000'),
    });
  });
  afterAll(() => site.close());
  afterEach(() => site.settled());

  it('★ answers only once the message is committed', async () => {
    const client = await site.connect('pathology');
    await site.db.database.inTransaction(async (tx) => {
      await tx.query('lock table message in share mode');
      client.write(frame(report(somebody(357))));
      await eventually(
        () => site.db.database.query("select 1 as one from pg_locks where not granted and relation = 'message'::regclass"),
        (waiting) => waiting.length > 0,
        { what: 'the journal, waiting' },
      );
      await sleep(100);
      expect(client.answers).toEqual([]);
    });
    expect((await client.answer(0)).code).toBe('AA');
  });

  it('★ gives half a frame and silence no answer, keeps it as rejected, and goes on', async () => {
    const client = await site.connect('pathology');
    const whole = report(somebody(352));
    client.write(Buffer.concat([frame(whole), Buffer.of(0x0b), Buffer.from(report(somebody(353)).slice(0, 90))]));
    await client.whenClosed();
    expect(client.answers.map(({ code }) => code)).toEqual(['AA']);
    const row = await eventually(
      async () => site.message(await site.newest('pathology')),
      ({ state }) => state === 'rejected',
    );
    expect(row).toMatchObject({ reason: 'incomplete-frame' });
    expect((await site.send('pathology', report(somebody(353)))).code).toBe('AA');
  });

  it('serves its senders beside 5,000 idle connections', async () => {
    const sender = await site.connect('pathology');
    for (let at = 0; at < 5_000; at += 250) await Promise.all(Array.from({ length: 250 }, () => site.connect('pathology')));
    for (let n = 0; n < 20; n += 1) expect(await sender.send(report(somebody(354), { value: String(n) }))).toMatchObject({ code: 'AA' });
    const late = await site.connect('pathology');
    expect(await late.send(report(somebody(355)))).toMatchObject({ code: 'AA' });
    const ready = await fetch(`${site.daemon.console}/readyz`);
    expect(ready.status).toBe(200);
  });

  it('takes a file that grows only when it is whole, and once', async () => {
    const inbox = join(site.folder, 'data/in/gp-records');
    const source = brandAs<SourceName>('gp-records');
    const list = () => site.daemon.operations.listMessages({ source, limit: 10 });
    const message = report(somebody(356), { id: freshId() });
    // Slower than the folder is looked at, faster than it takes to be stable.
    for (let at = 0; at < message.length; at += 80) {
      await appendFile(join(inbox, 'growing.hl7'), message.slice(at, at + 80));
      await sleep(120);
      expect(await list()).toEqual([]);
    }
    const [row] = await eventually(list, (rows) => rows.length > 0, { what: 'the file' });
    if (row === undefined) throw new Error('not received');
    expect((await site.daemon.operations.revealMessage(row.id, { by: 'a tester', reason: 'whole?' }))?.toString()).toBe(message);
    await eventually(
      () => readdir(join(inbox, 'done')),
      (names) => names.length === 1,
    );
    expect(await list()).toHaveLength(1);
  });
});
