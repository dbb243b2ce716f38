import type { MeshMailbox } from '../adapters/mesh-api/mailbox.ts';
import { createSource, type SourceParts } from '../adapters/registry.ts';
import { reopensSource } from '../config/reload.ts';
import type { SourceSettings } from '../config/types.ts';
import type { SourceName } from '../records/ids.ts';
import type { SourceAdapter } from '../records/ports.ts';
import { Problem } from '../records/problem.ts';
import type { Telemetry } from '../records/telemetry.ts';
import { found, mailboxOf, type OpenMailboxes } from './mailbox-pool.ts';

const sourceOf = (name: SourceName, settings: SourceSettings, mailbox: MeshMailbox | undefined, parts: SourceParts): SourceAdapter => {
  switch (settings.kind) {
    case 'folder':
      return createSource('folder', name, settings, parts);
    case 'mllp': {
      const { listen, ...rest } = settings;
      return createSource('mllp', name, { ...rest, host: listen.host, port: listen.port }, parts);
    }
    case 'mesh-folder':
      return createSource('mesh-folder', name, settings, parts);
    case 'mesh-api': {
      const { workflows, others, page } = settings;
      return createSource('mesh-api', name, { mailbox: found(mailbox, settings.mailbox), workflows, others, page }, parts);
    }
  }
};

/** Two adapters cannot have one port, and must not have one folder or mailbox. */
const inTheWay = (a: SourceSettings, b: SourceSettings): boolean => {
  if (a.kind === 'mllp') return b.kind === 'mllp' && a.listen.port !== 0 && a.listen.port === b.listen.port;
  if (a.kind === 'mesh-api') return b.kind === 'mesh-api' && a.mailbox === b.mailbox;
  return (b.kind === 'folder' || b.kind === 'mesh-folder') && a.path === b.path;
};

type Settings = ReadonlyMap<SourceName, SourceSettings>;
interface OpenSource {
  readonly settings: SourceSettings;
  /** The mailbox it reads; another one in its place, and it is opened anew. */
  readonly mailbox: MeshMailbox | undefined;
  readonly adapter: SourceAdapter;
}

/** A source could not be opened; which, and where its settings say so. */
export class CannotOpen extends Error {
  readonly source: SourceName;
  constructor(source: SourceName, options: { readonly cause: unknown }) {
    super(options.cause instanceof Error ? options.cause.message : `source ${source} cannot be opened`, options);
    this.name = 'CannotOpen';
    this.source = source;
  }
}

/** Sources that are open, and take nothing until `commit`; `abandon` puts everything back as it was. */
export interface OpeningSources {
  commit(): Promise<void>;
  abandon(): Promise<void>;
}

/** Messages that come in over a source opened by a reload wait until the plan knows the source; their senders wait for the answer. */
class Gate {
  #open = false;
  readonly #decided: Promise<void>;
  #decide: { readonly open: () => void; readonly shut: (error: Error) => void } = { open: () => {}, shut: () => {} };

  constructor() {
    this.#decided = new Promise((open, shut) => {
      this.#decide = { open, shut };
    });
    this.#decided.catch(() => {});
  }

  before(parts: SourceParts): SourceParts {
    const { receive, refuse } = parts.receiver;
    const { receiveStream, receiveReport } = parts.mail.receiver;
    const passed = <T>(work: () => Promise<T>): Promise<T> => (this.#open ? work() : this.#decided.then(work));
    return {
      ...parts,
      receiver: { receive: (incoming) => passed(() => receive(incoming)), refuse: (refused) => passed(() => refuse(refused)) },
      mail: {
        ...parts.mail,
        receiver: {
          receiveStream: (incoming) => passed(() => receiveStream(incoming)),
          receiveReport: (report) => passed(() => receiveReport(report)),
        },
      },
    };
  }

  open(): void {
    this.#open = true;
    this.#decide.open();
  }

  /** What waits is not taken: its senders get no answer and send again. */
  shut(): void {
    this.#decide.shut(new Problem('the changed configuration was not taken'));
  }
}

/** The open sources of a daemon: those of its configuration, whichever it is by now. */
export class WaysIn {
  readonly #parts: SourceParts;
  readonly #telemetry: Telemetry;
  readonly #drainMs: () => number;
  readonly #open = new Map<SourceName, OpenSource>();
  /** Closed for a reload that failed, and not opened again since. */
  readonly #down = new Map<SourceName, string>();

  constructor(parts: SourceParts, drainMs: () => number) {
    this.#parts = parts;
    this.#telemetry = parts.telemetry;
    this.#drainMs = drainMs;
  }

  get adapters(): ReadonlyMap<SourceName, SourceAdapter> {
    return new Map([...this.#open].map(([name, { adapter }]) => [name, adapter]));
  }

  /** Each source with its address, and whether it takes messages. */
  get states(): readonly { readonly name: SourceName; readonly address: string; readonly open: boolean }[] {
    return [
      ...[...this.#open].map(([name, { adapter }]) => ({ name, address: adapter.address, open: true })),
      ...[...this.#down].map(([name, address]) => ({ name, address, open: false })),
    ];
  }

  /** At the start. Rejects with the first that cannot be opened. */
  async start(settings: Settings, mailboxes: OpenMailboxes): Promise<void> {
    for (const [name, one] of settings) this.#open.set(name, await this.#start(name, one, mailboxOf(one, mailboxes), this.#parts));
  }

  async #start(name: SourceName, settings: SourceSettings, mailbox: MeshMailbox | undefined, parts: SourceParts): Promise<OpenSource> {
    const adapter = sourceOf(name, settings, mailbox, parts);
    await adapter.start();
    this.#telemetry.event('source.listening', { source: name, address: adapter.address });
    return { settings, mailbox, adapter };
  }

  #stop({ adapter }: OpenSource): Promise<void> {
    return adapter.stop(AbortSignal.timeout(this.#drainMs()));
  }

  /**
   * Opens what these settings add or change; what stays as it is, is not touched. An old source gives way before the commit only where
   * the new one needs its very port or folder. Rejects with `CannotOpen`, everything as before, where one cannot be opened.
   */
  async prepare(settings: Settings, mailboxes: OpenMailboxes): Promise<OpeningSources> {
    const leaving = new Map([...this.#open].filter(([name, now]) => gone(settings.get(name), now, mailboxes)));
    const wanted = [...settings].filter(([name]) => leaving.has(name) || !this.#open.has(name));
    const halted = new Map<SourceName, OpenSource>();
    const ended: Promise<void>[] = [];
    const fresh = new Map<SourceName, OpenSource>();
    const gate = new Gate();
    const blocking = (one: SourceSettings) => [...leaving].filter(([, { settings: now }]) => inTheWay(now, one));
    const abandon = async (): Promise<void> => {
      gate.shut();
      await Promise.all([...fresh.values()].map((source) => source.adapter.stop(AbortSignal.abort())));
      await Promise.all(ended);
      for (const [name, source] of halted) await this.#reopen(name, source);
    };
    // First those that need nobody to give way: should one fail, nothing has been touched.
    const order = [...wanted].sort(([, a], [, b]) => blocking(a).length - blocking(b).length);
    for (const [name, one] of order) {
      try {
        for (const [old, source] of blocking(one)) {
          if (halted.has(old)) continue;
          halted.set(old, source);
          const end = this.#stop(source);
          ended.push(end);
          // A port is free as soon as it stops listening, and those connected are answered meanwhile; a folder when its round is over.
          if (one.kind !== 'mllp') await end;
        }
        fresh.set(name, await this.#start(name, one, mailboxOf(one, mailboxes), gate.before(this.#parts)));
      } catch (error) {
        this.#telemetry.error('source.listen-failed', error, { source: name });
        await abandon();
        throw new CannotOpen(name, { cause: error });
      }
    }
    return {
      abandon,
      commit: async () => {
        for (const name of leaving.keys()) this.#open.delete(name);
        for (const [name, source] of fresh) this.#open.set(name, source);
        this.#down.clear();
        gate.open();
        await Promise.all([...ended, ...[...leaving].flatMap(([name, source]) => (halted.has(name) ? [] : [this.#stop(source)]))]);
        for (const name of leaving.keys()) if (!fresh.has(name)) this.#telemetry.event('source.closed', { source: name });
      },
    };
  }

  /** Back to what it was before a reload that failed. Where not even that works, /readyz says so until a reload opens it. */
  async #reopen(name: SourceName, { settings, mailbox, adapter }: OpenSource): Promise<void> {
    try {
      this.#open.set(name, await this.#start(name, settings, mailbox, this.#parts));
    } catch (error) {
      this.#open.delete(name);
      this.#down.set(name, adapter.address);
      this.#telemetry.error('source.listen-failed', error, { source: name });
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#open.values()].map((source) => this.#stop(source)));
  }
}

const gone = (wanted: SourceSettings | undefined, { settings, mailbox }: OpenSource, mailboxes: OpenMailboxes): boolean =>
  wanted === undefined || reopensSource(settings, wanted) || mailboxOf(wanted, mailboxes) !== mailbox;
