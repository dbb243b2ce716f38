import { createHash, randomBytes } from 'node:crypto';
import { createMailboxReceiver } from '../../../pipeline/receive/mailbox-receiver.ts';
import { type ReceiptSettings, receiptSettings } from '../../../pipeline/receive/settings.ts';
import type { FarName, FarReceipt, Fence, IncomingReport, NoteOutcome } from '../../../records/far-side.ts';
import { brandAs, type DeliveryId, type SourceName } from '../../../records/ids.ts';
import type { Arrival, JournalPort } from '../../../records/intake.ts';
import type { IncomingStream, MailboxReceiver } from '../../../records/ports.ts';
import { silent } from '../../../records/telemetry.ts';
import { conservation } from '../../../store/conservation.ts';
import { type ContentStore, createContentStore } from '../../../store/content.ts';
import { Journal } from '../../../store/journal.ts';
import { ensureLease, takeLease } from '../../../store/lease.ts';
import { revealMessage } from '../../../store/message-body.ts';
import { ensureSource } from '../../../store/sources.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';

const MB = 1024 * 1024;
const source = brandAs<SourceName>('gp-mailbox');
const ADT = (id: string, more = ''): string =>
  `MSH|^~\\&|GP|Y1|TC|LEI|20260302140500||ADT^A01|${id}|T|2.4|||||GBR|UNICODE UTF-8\rPID|1||A1234BC^^^NOMIS^PI\r${more}`;

interface Row {
  readonly id: number;
  readonly control_id: string | null;
  readonly type: string | null;
  readonly size: number;
  readonly answer: number;
  readonly outcome: number | null;
  readonly reason: string | null;
  readonly todo: boolean;
}

/** Deliveries that are awaited, by the far side's id; notes are kept. */
class FakeFar {
  readonly known = new Map<string, DeliveryId>();
  readonly notes: { readonly name: FarName; readonly receipt: FarReceipt }[] = [];
  failing = false;
  find = async ({ farId = '' }: FarName): Promise<DeliveryId | null> => this.known.get(farId) ?? null;
  note = async (name: FarName, receipt: FarReceipt): Promise<NoteOutcome> => {
    if (this.failing) throw new Error('the store went away');
    if (this.notes.some((one) => one.receipt.reference === receipt.reference)) return 'known';
    this.notes.push({ name, receipt });
    return 'noted';
  };
}

async function* once(bytes: Uint8Array | string): AsyncGenerator<Uint8Array> {
  yield typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
}

describe('what mailboxes bring', () => {
  let db: TestDatabase;
  let content: ContentStore;
  let journal: Journal;
  let settings: ReceiptSettings;
  let far: FakeFar;
  let receiver: MailboxReceiver;
  let daemons = 0;
  let failing: ((arrival: Arrival) => void) | null;
  beforeAll(async () => {
    db = await testDatabase();
    content = createContentStore(db.database, db.vault);
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    await db.database.query('truncate message, message_key, message_todo, message_outcome, message_part, hold, content, content_chunk');
    settings = {
      ...receiptSettings(
        await ensureSource(db.database, source),
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
          maxSize: 64 * MB,
          versions: [],
          processingIds: [],
          trustsNhsNumbers: false,
        },
        'T',
      ),
    };
    far = new FakeFar();
    failing = null;
    journal = new Journal({ database: db.database, vault: db.vault, content, daemon: ++daemons });
    const port: JournalPort = {
      append: async (arrival) => {
        failing?.(arrival);
        return journal.append(arrival);
      },
    };
    receiver = createMailboxReceiver({
      settings: () => settings,
      journal: port,
      digest: (bytes) => db.vault.digest(bytes),
      digester: () => db.vault.digester(),
      bodies: content,
      hashControlId: (id) => `hashed ${id.length}`,
      far,
      telemetry: silent,
      now: () => new Date('2026-03-02T14:05:00Z'),
    });
  });
  afterEach(async () => {
    await journal.close();
    for (const line of (await conservation(db.database)).messages) expect(line).toMatchObject({ balances: true, unexplained: 0 });
  });

  const stream = (body: AsyncIterable<Uint8Array>, more: Partial<IncomingStream> = {}): IncomingStream => ({
    source,
    connection: 'mesh/gp-mailbox',
    transportId: '20260302140500000001_AB12CD',
    workflow: 'TOC_FHIR_IP_DISCH',
    disposition: 'process',
    body,
    ...more,
  });
  const rows = (): Promise<Row[]> =>
    db.database.query<Row>(
      `select m.id, m.control_id, m.type, m.size, m.answer, o.outcome, o.reason, t.message_id is not null as todo
       from message m left join message_outcome o on o.message_id = m.id left join message_todo t on t.message_id = m.id order by m.id`,
    );
  const bytesOf = async (id: number): Promise<Buffer> => {
    const revealed = await revealMessage(db.database, db.vault, content, brandAs(id), { who: 'test', why: 'a look' });
    const chunks: Buffer[] = [];
    for await (const chunk of revealed?.stream() ?? []) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  const contents = () => db.database.query<{ id: number }>('select id from content order by id');

  describe('HL7', () => {
    it('goes the way of every HL7 message, under its own control id, and is answered by nobody', async () => {
      const [receipt] = await receiver.receiveStream(stream(once(`\ufeff\r\n${ADT('C1')}`)));
      expect(receipt).toMatchObject({ outcome: 'stored', reply: null });
      expect(await rows()).toMatchObject([{ control_id: 'C1', type: 'ADT^A01', answer: 0, todo: true, outcome: null }]);
    });

    it.each([
      ['wrong-processing-id', ADT('C2').replace('|T|2.4', '|P|2.4')],
      ['no-control-id', ADT('')],
    ])('is journalled rejected where a receipt check says %s, and is no error to its reader', async (reason, text) => {
      expect(await receiver.receiveStream(stream(once(text)))).toMatchObject([{ outcome: 'rejected', reason, reply: null }]);
      expect(await rows()).toMatchObject([{ outcome: 3, reason, todo: false }]);
    });

    it('★ A5: under `identity: transport` is known by its MESH id, kept clear', async () => {
      settings = { ...settings, identity: 'transport' };
      await receiver.receiveStream(stream(once(ADT('C3'))));
      expect(await rows()).toMatchObject([{ control_id: '20260302140500000001_AB12CD', type: 'ADT^A01' }]);
    });

    it('as a batch is journalled message by message, in order; under `identity: transport` each by its place', async () => {
      settings = { ...settings, identity: 'transport' };
      const batch = `FHS|^~\\&\rBHS|^~\\&\r${ADT('B1')}${ADT('B2')}${ADT('B3').replace('|T|2.4', '|P|2.4')}BTS|3\rFTS|1\r`;
      const receipts = await receiver.receiveStream(stream(once(batch)));
      expect(receipts.map((one) => one.outcome)).toEqual(['stored', 'stored', 'rejected']);
      expect((await rows()).map((row) => row.control_id)).toEqual([1, 2, 3].map((n) => `20260302140500000001_AB12CD.${n}`));
      expect((await receiver.receiveStream(stream(once(batch)))).map((one) => one.outcome)).toEqual(['duplicate', 'duplicate', 'rejected']);
    });

    it('★ in a batch that is not whole is taken, and the whole is held beside it: nothing of it is lost when it is acknowledged', async () => {
      const batch = `BHS|^~\\&\r${ADT('B4')}${ADT('B5')}BTS|3\r`;
      const receipts = await receiver.receiveStream(stream(once(batch)));
      expect(receipts.map(({ outcome, reason }) => [outcome, reason])).toEqual([
        ['stored', undefined],
        ['stored', undefined],
        ['held', 'batch-count'],
      ]);
      expect((await bytesOf(receipts[2]?.messageId ?? 0)).toString()).toBe(batch);
    });

    it('longer than its source lets be processed is kept whole and held', async () => {
      settings = { ...settings, maxSize: 2048 };
      const text = ADT('L1', `NTE|1||${'x'.repeat(3000)}\r`);
      expect(await receiver.receiveStream(stream(once(text)))).toMatchObject([{ outcome: 'held', reason: 'message-too-long' }]);
      const [row] = await rows();
      expect(row).toMatchObject({ control_id: 'L1', type: 'TOC_FHIR_IP_DISCH', answer: 8, outcome: 2, size: text.length });
      expect((await bytesOf(row?.id ?? 0)).toString()).toBe(text);
    });

    it('above a megabyte is checked by its beginning: a character that the cut goes through is no wrong character set', async () => {
      for (const shift of [0, 1, 2]) {
        const text = ADT(`M${shift}`, `NTE|1||${'x'.repeat(shift)}${'€'.repeat(500_000)}\r`);
        const [receipt] = await receiver.receiveStream(stream(inPieces(Buffer.from(text), 65_536), { transportId: `T${shift}` }));
        expect(receipt).toMatchObject({ outcome: 'stored' });
        expect((await bytesOf(receipt?.messageId ?? 0)).equals(Buffer.from(text))).toBe(true);
      }
      expect((await rows()).map(({ control_id, type, answer }) => [control_id, type, answer])).toEqual([
        ['M0', 'ADT^A01', 0],
        ['M1', 'ADT^A01', 0],
        ['M2', 'ADT^A01', 0],
      ]);
      const wide = Buffer.from(`\ufeff${ADT('W').replace('UNICODE UTF-8', 'UNICODE')}NTE|1||${'x'.repeat(600_000)}\r`, 'utf16le');
      expect(await receiver.receiveStream(stream(inPieces(wide, 65_537)))).toMatchObject([{ outcome: 'stored' }]);
    });

    it('★ as a batch above a megabyte is told apart all the same, unless it is above the source’s size', async () => {
      const note = `NTE|1||${'x'.repeat(MB)}\r`;
      for (const [n, header] of ['BHS|^~\\&\r', ''].entries()) {
        const batch = Buffer.from(`${header}${ADT(`G${n}1`, note)}${ADT(`G${n}2`)}${ADT(`G${n}3`)}`);
        const receipts = await receiver.receiveStream(stream(inPieces(batch, 65_536)));
        // Also where no batch header tells of it, and the second message begins behind the first megabyte.
        expect(receipts.map((one) => one.outcome)).toEqual(['stored', 'stored', 'stored']);
      }
      const many = Buffer.from(Array.from({ length: 20_000 }, (_, n) => ADT(`S${n % 3}`)).join(''));
      settings = { ...settings, maxSize: MB };
      expect(await receiver.receiveStream(stream(inPieces(many, 65_536)))).toMatchObject([{ outcome: 'held', reason: 'message-too-long' }]);
      expect(await bytesOf((await rows()).at(-1)?.id ?? 0)).toHaveLength(many.length);
    });

    it('above a megabyte and wrong is rejected with all its bytes; above the source’s size it is held', async () => {
      const note = `NTE|1||${'x'.repeat(2 * MB)}\r`;
      const take = async (text: string) => (await receiver.receiveStream(stream(inPieces(Buffer.from(text), 65_536))))[0];
      const rejected = await take(ADT('R1', note).replace('|T|2.4', '|P|2.4'));
      expect(rejected).toMatchObject({ outcome: 'rejected', reason: 'wrong-processing-id' });
      expect(await bytesOf(rejected?.messageId ?? 0)).toHaveLength(ADT('R1', note).length);
      settings = { ...settings, maxSize: MB };
      expect(await take(ADT('R3', note))).toMatchObject({ outcome: 'held', reason: 'message-too-long' });
    });
  });

  describe('of any other kind', () => {
    const FHIR = '{"resourceType":"Bundle"}';

    it('is known by its workflow and its MESH id; its headers lie sealed beside it', async () => {
      const long = 'W'.repeat(300);
      await receiver.receiveStream(stream(once(FHIR), { workflow: long, headers: { from: 'X26OT001' }, meta: { seen: 'now' } }));
      expect(await rows()).toMatchObject([{ control_id: '20260302140500000001_AB12CD', type: long, answer: 8, todo: true }]);
      const revealed = await revealMessage(db.database, db.vault, content, brandAs((await rows())[0]?.id ?? 0), { who: 'a', why: 'b' });
      expect(revealed?.meta).toEqual({ seen: 'now', workflow: long, 'mex-from': 'X26OT001' });
    });

    it('is held at once where its workflow is held, HL7 or not', async () => {
      for (const [n, text] of [FHIR, ADT('H1')].entries())
        expect(await receiver.receiveStream(stream(once(text), { disposition: 'hold', transportId: `H${n}` }))).toMatchObject([
          { outcome: 'held', reason: 'workflow-held' },
        ]);
      expect((await rows()).map(({ control_id, answer, todo }) => [control_id, answer, todo])).toEqual([
        ['H0', 8, false],
        ['H1', 8, false],
      ]);
    });

    it('is passed on unread where its workflow is forwarded, though it be HL7 and not for us', async () => {
      const text = ADT('F1').replace('|T|2.4', '|P|2.4');
      expect(await receiver.receiveStream(stream(once(text), { disposition: 'forward' }))).toMatchObject([{ outcome: 'stored' }]);
      expect(await rows()).toMatchObject([{ type: 'TOC_FHIR_IP_DISCH', answer: 8, todo: true }]);
    });

    it('★ 64 MB are never held: no piece larger than those that came is handed on, and a handful at a time', async () => {
      const piece = randomBytes(64 * 1024);
      const total = 64 * MB;
      let [given, most, largest] = [0, 0, 0];
      let taken = 0;
      async function* body(): AsyncGenerator<Buffer> {
        const expected = createHash('sha256');
        for (; given < total; given += piece.length) {
          expected.update(piece);
          most = Math.max(most, given - taken);
          yield piece;
        }
      }
      const bodies: Parameters<typeof createMailboxReceiver>[0]['bodies'] = {
        readById: (id) => content.readById(id),
        write: (from, lasting) =>
          content.write(
            (async function* counted() {
              for await (const one of from) {
                largest = Math.max(largest, one.length);
                yield one;
                taken += one.length;
              }
            })(),
            lasting,
          ),
      };
      const counting = createMailboxReceiver({
        settings: () => settings,
        journal,
        digest: (bytes) => db.vault.digest(bytes),
        digester: () => db.vault.digester(),
        bodies,
        hashControlId: String,
        far,
        telemetry: silent,
        now: () => new Date(),
      });
      const [receipt] = await counting.receiveStream(stream(body(), { disposition: 'forward' }));
      expect(receipt?.outcome).toBe('stored');
      expect(largest).toBeLessThanOrEqual(MB);
      expect(most).toBeLessThanOrEqual(2 * MB);
      const hmac = db.vault.digester();
      for (let at = 0; at < total; at += piece.length) hmac.update(piece);
      expect(await db.database.query('select size, digest from message')).toEqual([{ size: total, digest: hmac.digest() }]);
    });
  });

  describe('again', () => {
    const large = Buffer.alloc(3 * MB, 'large ');

    it('★ is a duplicate under the same MESH id, and what was stored for it twice is stored once', async () => {
      await receiver.receiveStream(stream(inPieces(large, 65_536)));
      const before = await contents();
      expect(await receiver.receiveStream(stream(inPieces(large, 100_000)))).toMatchObject([{ outcome: 'duplicate' }]);
      expect(await contents()).toEqual(before);
      expect(before).toHaveLength(1);
    });

    it('★ after the daemon died between content and journal it is journalled, and the content serves', async () => {
      failing = () => {
        throw new Error('died here');
      };
      await expect(receiver.receiveStream(stream(inPieces(large, 65_536)))).rejects.toThrow('died here');
      expect(await rows()).toEqual([]);
      failing = null;
      expect(await receiver.receiveStream(stream(inPieces(large, 65_536)))).toMatchObject([{ outcome: 'stored' }]);
      expect(await contents()).toHaveLength(1);
    });

    it('after a body that broke off nothing is left of it', async () => {
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield* inPieces(large, 65_536);
        throw new Error('connection reset');
      }
      await expect(receiver.receiveStream(stream(broken()))).rejects.toThrow('connection reset');
      expect([await rows(), await contents()]).toEqual([[], []]);
    });

    it('★ after a batch whose second message the store did not take, what was taken is not taken again', async () => {
      failing = ({ controlId }) => {
        if (controlId === 'D2') throw new Error('the store went away');
      };
      const batch = ADT('D1') + ADT('D2');
      await expect(receiver.receiveStream(stream(once(batch)))).rejects.toThrow('the store went away');
      failing = null;
      expect((await receiver.receiveStream(stream(once(batch)))).map((one) => one.outcome)).toEqual(['duplicate', 'stored']);
    });

    it('★ under a token that is no longer the newest is refused, and nothing of it is journalled', async () => {
      const fence = async (daemon: number): Promise<Fence> => {
        await ensureLease(db.database, 'mailbox:X');
        const token = await takeLease(db.database, 'mailbox:X', daemon, -1);
        if (token === null) throw new Error('the lease was not free');
        return { lease: 'mailbox:X', token };
      };
      const [old, newest] = [await fence(1), await fence(2)];
      for (const body of [Buffer.from(ADT('N1')), Buffer.from('%PDF'), large]) {
        await expect(receiver.receiveStream(stream(inPieces(body, 65_536), { fence: old }))).rejects.toMatchObject({ code: 'lease-lost' });
      }
      await expect(receiver.receiveReport(report({ fence: old, final: true }))).rejects.toMatchObject({ code: 'lease-lost' });
      expect(await rows()).toEqual([]);
      expect(await receiver.receiveStream(stream(inPieces(large, 65_536), { fence: newest }))).toMatchObject([{ outcome: 'stored' }]);
      expect(await contents()).toHaveLength(1);
    });
  });

  const report = (more: Partial<IncomingReport> = {}): IncomingReport => ({
    source,
    connection: 'mesh/gp-mailbox',
    transportId: 'REPORT1',
    bytes: Buffer.from('{"mex-statuscode":"14"}'),
    type: 'REPORT',
    name: { mailbox: 'X26OT001', farId: 'FAR1' },
    receipt: { stage: 'reported', good: false, fault: 'not-collected', receiptCode: '14', reference: 'REPORT1' },
    final: false,
    ...more,
  });

  describe('about deliveries', () => {
    it('is journalled as processed by the rule that took it, and then noted with its message', async () => {
      far.known.set('FAR1', brandAs<DeliveryId>(7));
      const receipt = await receiver.receiveReport(report());
      expect(receipt).toMatchObject({ outcome: 'stored', reply: null });
      expect(await rows()).toMatchObject([{ control_id: 'REPORT1', type: 'REPORT', outcome: 1, todo: false }]);
      expect(far.notes).toEqual([{ name: report().name, receipt: { ...report().receipt, messageId: receipt?.messageId } }]);
    });

    it('journals nothing while no delivery is called so and there is time, and holds it at the end', async () => {
      expect(await receiver.receiveReport(report())).toBeNull();
      expect(await rows()).toEqual([]);
      expect(await receiver.receiveReport(report({ final: true }))).toMatchObject({ outcome: 'held', reason: 'report-unmatched' });
      expect(far.notes).toEqual([]);
    });

    it('★ that was journalled and not noted is noted when it comes again, though its headers differ by a time', async () => {
      far.known.set('FAR1', brandAs<DeliveryId>(7));
      far.failing = true;
      await expect(receiver.receiveReport(report())).rejects.toThrow('the store went away');
      const [journalled] = await rows();
      far.failing = false;
      const again = report({ bytes: Buffer.from('{"mex-statuscode":"14","date":"later"}') });
      expect(await receiver.receiveReport(again)).toMatchObject({ outcome: 'duplicate' });
      expect(far.notes.map((note) => note.receipt.messageId)).toEqual([journalled?.id]);
      expect(await receiver.receiveReport(again)).toMatchObject({ outcome: 'duplicate' });
      expect(far.notes).toHaveLength(1);
    });

    it('★ that was not journalled is not noted: its evidence comes first', async () => {
      far.known.set('FAR1', brandAs<DeliveryId>(7));
      failing = () => {
        throw new Error('died here');
      };
      await expect(receiver.receiveReport(report())).rejects.toThrow('died here');
      expect(far.notes).toEqual([]);
    });
  });
});

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
