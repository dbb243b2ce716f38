import { MeshSource } from '../../../../adapters/mesh-api/inbound.ts';
import { MeshMailbox } from '../../../../adapters/mesh-api/mailbox.ts';
import type { MeshClientParts } from '../../../../adapters/mesh-api/requests.ts';
import type { MailboxSettings, MeshSourceSettings, WorkflowDisposition } from '../../../../config/types-mesh.ts';
import { brandAs, type MailboxName, type SourceName } from '../../../../records/ids.ts';
import type { MeshServer } from '../../../../stand-ins/mesh/handle.ts';
import { Notebook } from '../../support/notebook.ts';
import { TestDiary, TestLeases } from './diary.ts';
import { TestFar, TestJournal } from './receiver.ts';
import { clientParts, mailboxSettings } from './service.ts';

/** What daemons share. */
export class Store {
  readonly leases = new TestLeases();
  readonly diary = new TestDiary();
  readonly far = new TestFar();
  readonly journal = new TestJournal(this.leases);
}

export interface ReaderOptions {
  readonly settings?: Partial<MailboxSettings>;
  readonly workflows?: Readonly<Record<string, WorkflowDisposition>>;
  readonly others?: MeshSourceSettings['others'];
  readonly page?: number;
  readonly store?: Store;
  readonly parts?: Partial<MeshClientParts>;
}

/** One daemon's source for a mailbox. */
export class Reader {
  readonly store: Store;
  readonly mailbox: MeshMailbox;
  readonly source: MeshSource;
  readonly notebook = new Notebook();

  constructor(server: MeshServer, options: ReaderOptions = {}) {
    const { workflows = { W1: { do: 'process' } }, others = 'leave', page = 500, store = new Store() } = options;
    this.store = store;
    const parts = clientParts({ telemetry: this.notebook, ...options.parts });
    const settings = mailboxSettings(server, { poll: 50, ...options.settings });
    this.mailbox = new MeshMailbox(brandAs<MailboxName>('gp'), settings, { ...parts, diary: store.diary });
    this.source = new MeshSource(
      brandAs<SourceName>('mesh'),
      { workflows: new Map(Object.entries(workflows)), others, page },
      {
        mailbox: this.mailbox,
        receiver: store.journal,
        refuse: store.journal.refuse,
        leases: store.leases,
        diary: store.diary,
        far: store.far,
        telemetry: this.notebook,
        random: () => 0,
      },
    );
  }

  async stop(): Promise<void> {
    await this.source.stop(AbortSignal.timeout(10_000));
    this.mailbox.close();
  }
}

/** Readers of one test file, stopped behind each test. */
export class Readers {
  readonly #running: Reader[] = [];

  async start(server: MeshServer, options: ReaderOptions = {}): Promise<Reader> {
    const reader = new Reader(server, options);
    this.#running.push(reader);
    await reader.source.start();
    return reader;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.splice(0).map((reader) => reader.stop()));
  }
}
