import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadedConfig } from '../../config/types.ts';
import { assemble, readPlanFiles } from '../../daemon/load-plan.ts';
import type { Plan } from '../../pipeline/plan/plan.ts';
import { runBatch } from '../../pipeline/process/batch.ts';
import { PersonCache } from '../../pipeline/process/person-cache.ts';
import { createMailboxReceiver } from '../../pipeline/receive/mailbox-receiver.ts';
import type { FarReceipts } from '../../records/far-side.ts';
import { brandAs, type DestinationName, type HoldId, type MessageId, type SourceName } from '../../records/ids.ts';
import { showFinding } from '../../records/issue.ts';
import type { ClaimedDelivery } from '../../records/lanes.ts';
import type { IncomingStream, MailboxReceiver, OutboundDelivery } from '../../records/ports.ts';
import type { FiledHead } from '../../records/process.ts';
import { silent } from '../../records/telemetry.ts';
import { ROLES } from '../../routing/roles.ts';
import { conservation } from '../../store/conservation.ts';
import { type ContentStore, createContentStore } from '../../store/content.ts';
import { releaseMessageHold } from '../../store/holds.ts';
import { HotBytes } from '../../store/hot-bytes.ts';
import { Journal } from '../../store/journal.ts';
import { ensureDestinations } from '../../store/lanes/destinations.ts';
import { createLaneStore } from '../../store/lanes/lane-store.ts';
import { takeLease } from '../../store/lease.ts';
import { type MessageDetail, showMessage } from '../../store/messages.ts';
import { createProcessStore } from '../../store/process/process-store.ts';
import { Systems } from '../../store/process/systems.ts';
import { ensureSources } from '../../store/sources.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { loaded, writeSite } from './example-site.ts';
import { enterTestDaemon, testOutlet } from './lanes.ts';
import { type Disposable, temporaryFolder } from './temp.ts';

const MAILBOX = `  gp:
    id: X26OT001
    url: http://127.0.0.1:1
    password: one
    sharedKey: two
`;
/** Nothing is ever sent through these: what is filed for them is looked at. */
const DESTINATIONS = `
  archive:
    kind: folder
    path: data/out/archive
    mappings: []
  other:
    kind: folder
    path: data/out/other
    mappings: []
`;

const source = brandAs<SourceName>('gp-mailbox');

/** The example site with a mailbox, from the receipt to the lanes, without a daemon: each batch runs when it is asked for. */
export class MailboxSite {
  readonly db: TestDatabase;
  readonly content: ContentStore;
  readonly receiver: MailboxReceiver;
  readonly #folder: Disposable;
  readonly #journal: Journal;
  readonly #daemon: number;
  readonly #cache = new PersonCache(1000);
  readonly heads: FiledHead[] = [];
  #plan: Plan;
  #next = 0;

  private constructor(db: TestDatabase, folder: Disposable, plan: Plan, daemon: number) {
    this.db = db;
    this.#folder = folder;
    this.#plan = plan;
    this.#daemon = daemon;
    this.content = createContentStore(db.database, db.vault);
    this.#journal = new Journal({ database: db.database, vault: db.vault, content: this.content, daemon });
    const none: Pick<FarReceipts, 'find' | 'note'> = { find: async () => null, note: async () => 'unmatched' };
    this.receiver = createMailboxReceiver({
      settings: (name) => {
        const found = this.#plan.sources.get(name);
        if (found === undefined) throw new Error(`no source ${name}`);
        return found.receipt;
      },
      journal: this.#journal,
      digest: (bytes) => db.vault.digest(bytes),
      digester: () => db.vault.digester(),
      bodies: this.content,
      hashControlId: String,
      far: none,
      telemetry: silent,
      now: () => new Date(),
    });
  }

  /** `dispositions`: YAML below `sources.gp-mailbox`. */
  static async open(dispositions: string): Promise<MailboxSite> {
    const db = await testDatabase({ max: 6 });
    const folder = await temporaryFolder('mailboxes');
    await writeSite(folder.path, [1, 2, 3]);
    await copyMappings(folder.path);
    const file = await writeDispositions(folder.path, dispositions);
    return new MailboxSite(db, folder, await planOf(db, file), await enterTestDaemon(db.database));
  }

  /** As a reload would: from the next batch on. */
  async reload(dispositions: string): Promise<void> {
    await writeSite(this.#folder.path, [1, 2, 3]);
    this.#plan = await planOf(this.db, await writeDispositions(this.#folder.path, dispositions));
  }

  /** Journals one message and gives its id. */
  async take(body: Buffer | string, more: Partial<IncomingStream> = {}): Promise<MessageId> {
    this.#next += 1;
    const bytes = Buffer.from(body);
    const [receipt] = await this.receiver.receiveStream({
      source,
      connection: 'mesh/gp',
      transportId: `20260302_${this.#next}`,
      workflow: 'LETTERS',
      disposition: 'process',
      body: inPieces(bytes),
      ...more,
    });
    if (receipt === undefined) throw new Error('nothing was taken');
    return receipt.messageId;
  }

  /** Runs batches until nothing waits; gives how many bytes of bodies the leader loaded through the content store. */
  async process(limit = 100): Promise<{ readonly batches: number; readonly loaded: number }> {
    const { database, vault } = this.db;
    let loadedBytes = 0;
    const counted: ContentStore = {
      write: (from, lasting) => this.content.write(from, lasting),
      size: (name) => this.content.size(name),
      sweep: () => this.content.sweep(),
      read: (name) => counting(this.content.read(name)),
      readById: (id) => counting(this.content.readById(id)),
    };
    async function* counting(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        loadedBytes += chunk.length;
        yield chunk;
      }
    }
    const systems = new Systems();
    await systems.ensure(database, this.#plan.systems);
    const store = createProcessStore({
      database,
      vault,
      content: counted,
      systems,
      received: new HotBytes<MessageId>(),
      filed: new HotBytes<string>(),
      daemon: this.#daemon,
      leaseMs: 60_000,
    });
    const token = await takeLease(database, 'process', this.#daemon, 60_000);
    if (token === null) throw new Error('another leads');
    for (let batches = 0; ; batches++) {
      const report = await runBatch(
        {
          store,
          plan: () => this.#plan,
          cache: this.#cache,
          names: {
            recordId: (parts) => vault.nameId(parts),
            transportKey: (parts) => vault.transportKey(parts),
            content: (bytes) => vault.contentName(bytes),
          },
          telemetry: silent,
          keep: async (bytes) => (await this.content.write(bytes)).name,
          onHeads: (heads) => this.heads.push(...heads),
          onReplies: () => undefined,
        },
        token,
        0,
        limit,
      );
      if (report.messages === 0) return { batches, loaded: loadedBytes };
    }
  }

  async message(id: MessageId): Promise<MessageDetail> {
    const found = await showMessage(this.db.database, id);
    if (found === null) throw new Error(`no message ${id}`);
    return found;
  }

  async release(id: MessageId): Promise<void> {
    const [hold] = await this.db.database.query<{ id: HoldId }>('select id from hold where message_id = $1 and done is null', [id]);
    if (hold === undefined) throw new Error(`message ${id} has no open hold`);
    const released = await releaseMessageHold(this.db.database, this.db.vault, hold.id, { who: 'a tester', why: 'the test asks for it' });
    expect(released).toEqual({ outcome: 'done', message: id });
  }

  /** What a destination's adapter would be given to send of this message. */
  async sending(id: MessageId): Promise<{ readonly claimed: ClaimedDelivery; readonly outbound: OutboundDelivery }> {
    const { database, vault } = this.db;
    const [delivery] = await database.query<FiledHead>(
      'select lane_id as lane, id as delivery, destination_id as destination, priority, size from delivery where message_id = $1',
      [id],
    );
    if (delivery === undefined) throw new Error(`message ${id} was not filed`);
    const lanes = createLaneStore({
      database,
      vault,
      content: this.content,
      filed: new HotBytes(),
      roles: ROLES,
      daemon: this.#daemon,
    });
    const { claimed } = await lanes.turn(testOutlet(delivery.destination), {
      results: [],
      again: false,
      claims: [delivery],
      next: 0,
      probe: false,
    });
    const [loadedClaim] = await lanes.load(claimed);
    if (loadedClaim === undefined) throw new Error('nothing was claimed');
    return { claimed: loadedClaim, outbound: await lanes.open(loadedClaim) };
  }

  async balances(): Promise<void> {
    const found = await conservation(this.db.database);
    expect(found.messages.filter((row) => !row.balances || row.unexplained > 0)).toEqual([]);
    expect(found.deliveries.filter((row) => !row.balances)).toEqual([]);
  }

  async close(): Promise<void> {
    await this.#journal.close();
    await this.db.close();
    await this.#folder.remove();
  }
}

const MAPPINGS = join(__dirname, '..', '..', 'mappings');
/** Of the shipped mappings, those that a mailbox's HL7 may come to. */
const FOR_MAILBOX = ['adt/movement', 'results/oru'];

const copyMappings = async (folder: string): Promise<void> => {
  await cp(MAPPINGS, join(folder, 'mappings'), { recursive: true, filter: (path) => !path.endsWith('.ts') });
  for (const name of FOR_MAILBOX) {
    const file = join(folder, 'mappings', `${name}.map.yaml`);
    await writeFile(file, (await readFile(file, 'utf8')).replace(/^( {2}source: .*)$/m, '$1, gp-mailbox'));
  }
};

const writeDispositions = async (folder: string, dispositions: string): Promise<LoadedConfig> => {
  const file = join(folder, 'throughcare.yaml');
  const yaml = await readFile(file, 'utf8');
  const below = dispositions.replaceAll(/^/gm, '    ');
  await writeFile(
    file,
    yaml
      .replace(`- ${MAPPINGS}\n`, '')
      .replace('\nsources:', `\nmailboxes:\n${MAILBOX}\nsources:\n  gp-mailbox:\n    kind: mesh-api\n    mailbox: gp\n${below}`)
      .replace('\nroutes:', `${DESTINATIONS.replaceAll('data/', `${folder}/data/`)}\nroutes:`),
  );
  return loaded(file);
};

const planOf = async (db: TestDatabase, config: LoadedConfig): Promise<Plan> => {
  const sources = await ensureSources(db.database, [...config.config.sources.keys()]);
  const destinations = await ensureDestinations(
    db.database,
    [...config.config.destinations].map(([name, settings]: [DestinationName, { readonly kind: string }]) => ({
      name,
      transport: settings.kind,
      dedupable: false,
      advanceConfirmed: false,
    })),
  );
  const { plan, findings } = assemble(config, await readPlanFiles(config), sources, destinations);
  if (plan === undefined) throw new Error(findings.map(showFinding).join('\n'));
  return plan;
};

async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}
