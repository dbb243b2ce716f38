import { gunzipSync } from 'node:zlib';
import { MeshMailbox } from '../../../../adapters/mesh-api/mailbox.ts';
import { MeshDestination } from '../../../../adapters/mesh-api/outbound.ts';
import type { MailboxSettings, MeshDestinationSettings } from '../../../../config/types-mesh.ts';
import { brandAs, type MailboxName } from '../../../../records/ids.ts';
import type { SendResult } from '../../../../records/ports.ts';
import type { MeshServer } from '../../../../stand-ins/mesh/handle.ts';
import type { MeshServerOptions } from '../../../../stand-ins/mesh/options.ts';
import { type DeliveryDraft, delivery, destinationName, noDeadline } from '../../support/deliveries.ts';
import { Notebook } from '../../support/notebook.ts';
import { TestDiary } from './diary.ts';
import { clientParts, mailboxSettings, OURS, Services, THEIRS } from './service.ts';

export type Settings = Omit<MeshDestinationSettings, 'kind'>;

const DEFAULTS: Settings = {
  mailbox: brandAs<MailboxName>('gp'),
  workflow: 'TEST_WORKFLOW',
  allowed: [],
  to: { by: 'mailbox', mailbox: THEIRS },
  localId: 'key',
  subject: 'none',
  confirmedBy: 'downloaded',
  late: { downloaded: 432_000_000, business: 172_800_000 },
  compress: 'auto',
  chunkSize: 20 * 1024 * 1024,
  mappings: [],
  advance: 'handed-over',
  retry: { first: 1_000, most: 300_000, factor: 2 },
  breaker: { failures: 5, first: 5_000, most: 60_000 },
  msh: {},
};

export interface Site {
  readonly server: MeshServer;
  readonly mailbox: MeshMailbox;
  readonly destination: MeshDestination;
  readonly notebook: Notebook;
  /** How often a look into the inbox was asked for. */
  readonly looks: () => number;
  send(draft?: DeliveryDraft): Promise<SendResult>;
  /** Another daemon with the same configuration, or a changed one: it remembers nothing. */
  another(changes?: Partial<Settings>): MeshDestination;
  /** The destinations' clock goes on by so much. */
  pass(ms: number): void;
  /** Requests that began a message. */
  firsts(): number;
  /** Numbers of the chunks that were sent, as they came; 1 = the first request. */
  chunks(): readonly number[];
}

/** Servers and destinations of one test file. */
export class Outgoing {
  readonly services = new Services();
  readonly #closing: (() => Promise<void>)[] = [];

  async start(
    changes: {
      readonly settings?: Partial<Settings>;
      readonly mailbox?: Partial<MailboxSettings>;
      readonly server?: MeshServerOptions;
    } = {},
  ): Promise<Site> {
    const server = await this.services.start(changes.server);
    return this.on(server, changes.settings, changes.mailbox);
  }

  on(server: MeshServer, settings: Partial<Settings> = {}, mailboxChanges: Partial<MailboxSettings> = {}): Site {
    const notebook = new Notebook();
    const mailbox = new MeshMailbox(brandAs<MailboxName>('gp'), mailboxSettings(server, mailboxChanges), {
      ...clientParts({ telemetry: notebook }),
      diary: new TestDiary(),
    });
    let looks = 0;
    let passed = 0;
    mailbox.onLookSoon(() => {
      looks += 1;
    });
    const make = (more: Partial<Settings> = {}): MeshDestination => {
      const made = new MeshDestination(
        destinationName('gp-hill-lane'),
        { ...DEFAULTS, ...settings, ...more },
        mailbox,
        notebook,
        () => performance.now() + passed,
      );
      this.#closing.push(async () => {
        await made.close();
        mailbox.close();
      });
      return made;
    };
    const destination = make();
    return {
      server,
      mailbox,
      destination,
      notebook,
      looks: () => looks,
      send: (draft = {}) => destination.send(delivery(draft), noDeadline()),
      another: make,
      pass: (ms) => {
        passed += ms;
      },
      firsts: () => server.requests().filter(({ route }) => route === 'send').length,
      chunks: () =>
        server
          .requests()
          .filter(({ route }) => route === 'send' || route === 'send-chunk')
          .map(({ route, chunk }) => (route === 'send' ? 1 : chunk)),
    };
  }

  async close(): Promise<void> {
    for (const close of this.#closing.splice(0)) await close();
    await this.services.close();
  }
}

/** The one message the server has from us; fails where there is none, or a second. */
export const onlyMessage = async (server: MeshServer) => {
  const messages = await server.messages({ sender: OURS });
  expect(messages).toHaveLength(1);
  const [message] = messages;
  if (message === undefined) throw new RangeError('no message');
  return message;
};

/** What the recipient reads: every chunk decompressed by itself. */
export const contentOf = async (server: MeshServer, id: string, chunks: number, gzip: boolean): Promise<Buffer> => {
  const all: Buffer[] = [];
  for (let chunk = 1; chunk <= chunks; chunk += 1) {
    const body = (await server.body(id, chunk)) ?? Buffer.alloc(0);
    all.push(gzip ? gunzipSync(body) : body);
  }
  return Buffer.concat(all);
};

/** Text that compresses, different at each place. */
export const textOf = (length: number): Buffer => {
  const lines: string[] = [];
  for (let n = 0, size = 0; size < length; n += 1) {
    const line = `<entry number="${n}"><status value="final"/></entry>\n`;
    lines.push(line);
    size += line.length;
  }
  return Buffer.from(lines.join('').slice(0, length));
};

/** Pieces of so many bytes, as a store gives them. */
export const inPieces = (bytes: Buffer, length = 64 * 1024): Buffer[] => {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += length) pieces.push(bytes.subarray(at, at + length));
  return pieces;
};
