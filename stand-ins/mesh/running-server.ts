import { buffer } from 'node:stream/consumers';
import { openAdmin } from './admin.ts';
import type { Authorizer } from './authorize.ts';
import type { Identity } from './certificates.ts';
import type { MeshClock } from './clock.ts';
import type { Fault, Faults, InjectedFault } from './faults.ts';
import type { MailboxView, MeshServer, MessageView, PutMessage, PutReport, Totals } from './handle.ts';
import type { Mailbox } from './mailboxes.ts';
import type { MessageState, StoredMessage } from './message.ts';
import { makePut } from './put.ts';
import type { RequestLog, SeenRequest } from './request-log.ts';
import type { Service } from './service.ts';
import type { TlsMaterial } from './tls-material.ts';

export interface RunningParts {
  readonly url: string;
  readonly tls: TlsMaterial | undefined;
  readonly sharedKey: string;
  readonly clock: MeshClock;
  readonly service: Service;
  readonly authorizer: Authorizer;
  readonly faults: Faults;
  readonly log: RequestLog;
  readonly problems: readonly unknown[];
  readonly close: () => Promise<void>;
}

const viewOf = (message: StoredMessage): MessageView => ({
  id: message.id,
  type: message.type,
  state: message.state,
  sender: message.sender ?? '',
  recipient: message.recipient,
  workflowId: message.workflow,
  localId: message.localId,
  subject: message.subject,
  totalChunks: message.totalChunks,
  size: message.size,
  downloads: Array.from(message.downloads, (times) => times ?? 0),
  acknowledgements: message.acknowledgements,
  code: message.failure?.code,
  linkedId: message.linkedId,
});

export class RunningServer implements MeshServer {
  readonly #parts: RunningParts;
  readonly url: string;
  #admin: { readonly url: string; close(): Promise<void> } | undefined;
  readonly ca: string | undefined;
  readonly client: Identity | undefined;
  readonly sharedKey: string;
  readonly problems: readonly unknown[];
  readonly clock: MeshServer['clock'];

  constructor(parts: RunningParts) {
    this.#parts = parts;
    this.url = parts.url;
    this.ca = parts.tls?.authority.identity.cert;
    this.client = parts.tls?.client;
    this.sharedKey = parts.sharedKey;
    this.problems = parts.problems;
    this.clock = {
      now: () => parts.clock.now(),
      advance: (milliseconds) => {
        parts.clock.advance(milliseconds);
        return parts.service.office.settle();
      },
    };
  }

  issueClient(commonName: string, days?: number): Promise<Identity> {
    const { tls } = this.#parts;
    if (tls === undefined) throw new Error('a server without TLS issues no certificates');
    return tls.authority.issueClient(commonName, days);
  }

  mailboxes(): readonly MailboxView[] {
    return this.#parts.service.mailboxes.all().map((mailbox) => this.#viewOf(mailbox));
  }

  mailbox(id: string): MailboxView {
    return this.#viewOf(this.#mailbox(id));
  }

  setEnabled(id: string, enabled: boolean): Promise<void> {
    return this.#parts.service.office.setEnabled(this.#mailbox(id), enabled);
  }

  async put(mailbox: string, put: PutMessage): Promise<string> {
    const { service } = this.#parts;
    const message = await makePut(this.#mailbox(mailbox).id, put, service);
    await service.office.open(message);
    return message.id;
  }

  async report(mailbox: string, { code, description, about, ...made }: PutReport): Promise<string> {
    const { office } = this.#parts.service;
    const failed = about === undefined ? undefined : this.#message(about);
    const failure = description === undefined ? { code } : { code, description };
    return (await office.report(this.#mailbox(mailbox).id, failure, failed, made)).id;
  }

  reinstate(messageId: string): Promise<void> {
    const message = this.#message(messageId);
    if (message.state !== 'error' || message.recipient === '') throw new Error(`message ${messageId} did not expire`);
    return this.#parts.service.office.reinstate(message);
  }

  async collect(messageId: string): Promise<void> {
    const { office } = this.#parts.service;
    await office.settle();
    const message = this.#message(messageId);
    if (message.state !== 'accepted' || message.recipient === '') throw new Error(`message ${messageId} waits in no inbox`);
    await office.acknowledge(message, false);
  }

  inject(fault: Fault): InjectedFault {
    return this.#parts.faults.inject(fault);
  }

  clearFaults(): void {
    this.#parts.faults.clear();
  }

  faults(): readonly { readonly fault: Fault; readonly hits: number }[] {
    return this.#parts.faults.list();
  }

  requests(): readonly SeenRequest[] {
    return this.#parts.log.latest();
  }

  totals(): Totals {
    const { log, authorizer } = this.#parts;
    return { requests: log.total, byRoute: Object.fromEntries(log.counts), replayedTokens: authorizer.replayed };
  }

  async messages(only: { state?: MessageState; recipient?: string; sender?: string } = {}): Promise<readonly MessageView[]> {
    const { office } = this.#parts.service;
    await office.settle();
    return [...office.all()]
      .filter(
        ({ state, recipient, sender }) =>
          (only.state ?? state) === state && (only.recipient ?? recipient) === recipient && (only.sender ?? sender) === sender,
      )
      .map(viewOf);
  }

  async message(id: string): Promise<MessageView | undefined> {
    const { office } = this.#parts.service;
    await office.settle();
    const message = office.get(id);
    return message === undefined ? undefined : viewOf(message);
  }

  async body(id: string, chunk = 1): Promise<Buffer | undefined> {
    const body = this.#message(id).chunks[chunk - 1];
    return body === undefined ? undefined : (body.bytes ?? (await buffer(body.stream())));
  }

  get adminUrl(): string | undefined {
    return this.#admin?.url;
  }

  /** A port that is taken ends the whole server. */
  async openAdmin(port: number): Promise<void> {
    try {
      this.#admin = await openAdmin(this, port);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#admin?.close();
    await this.#parts.close();
  }

  #mailbox(id: string): Mailbox {
    const mailbox = this.#parts.service.mailboxes.get(id.toUpperCase());
    if (mailbox === undefined) throw new Error(`the stand-in has no mailbox ${id}`);
    return mailbox;
  }

  #message(id: string): StoredMessage {
    const message = this.#parts.service.office.get(id);
    if (message === undefined) throw new Error(`the stand-in knows no message ${id}`);
    return message;
  }

  #viewOf({ id, password, enabled, mostOpen }: Mailbox): MailboxView {
    const { office } = this.#parts.service;
    return { id, password, sharedKey: this.sharedKey, enabled, waiting: office.inbox(id).size, mostConcurrent: mostOpen };
  }
}
