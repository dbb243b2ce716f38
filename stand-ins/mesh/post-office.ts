import { randomBytes } from 'node:crypto';
import { MESH_STATUS, type MeshStatusCode } from '../../formats/mesh/status-codes.ts';
import { secondStamp } from '../../formats/mesh/timestamp.ts';
import type { Keeper } from './keeper.ts';
import type { Mailbox, Mailboxes } from './mailboxes.ts';
import type { StoredMessage } from './message.ts';
import type { PatientRegister } from './patient-register.ts';

export interface PostOfficeSettings {
  readonly expiry: number;
  readonly retention: number;
  readonly routingDelay: number;
}

interface Due {
  readonly at: number;
  readonly message: StoredMessage;
}

const DEACTIVATED = 'Message was not collected as the mailbox is deactivated';

/**
 * The messages and inboxes, and what time does to them: patient routing after the 202, expiry with a report to the sender, oblivion.
 * Nothing runs by itself: `settle` does what is due, and is called before each request and each look.
 */
export class PostOffice {
  readonly #mailboxes: Mailboxes;
  readonly #register: PatientRegister;
  readonly #settings: PostOfficeSettings;
  readonly #now: () => number;
  readonly #keeper: Keeper;
  readonly #messages = new Map<string, StoredMessage>();
  /** In the order of arrival. */
  readonly #inboxes = new Map<string, Map<string, StoredMessage>>();
  readonly #arrivals = new WeakMap<StoredMessage, number>();
  readonly #byLocalId = new Map<string, StoredMessage[]>();
  readonly #routing: Due[] = [];
  /** For a mailbox that is switched off. */
  readonly #bouncing: StoredMessage[] = [];
  readonly #expiring: Due[] = [];
  readonly #forgetting: Due[] = [];
  #counter = 0;
  #arrived = 0;

  constructor(parts: {
    readonly mailboxes: Mailboxes;
    readonly register: PatientRegister;
    readonly settings: PostOfficeSettings;
    readonly now: () => number;
    readonly keeper: Keeper;
  }) {
    this.#mailboxes = parts.mailboxes;
    this.#register = parts.register;
    this.#settings = parts.settings;
    this.#now = parts.now;
    this.#keeper = parts.keeper;
  }

  /** Ids look like the service's: time to the microsecond, and six digits of chance. */
  newId(): string {
    this.#counter = (this.#counter + 1) % 1000;
    const now = this.#now();
    const micros = String((now % 1000) * 1000 + this.#counter).padStart(6, '0');
    return `${secondStamp(new Date(now))}${micros}_${randomBytes(3).toString('hex').toUpperCase()}`;
  }

  all(): IterableIterator<StoredMessage> {
    return this.#messages.values();
  }

  get(id: string): StoredMessage | undefined {
    return this.#messages.get(id);
  }

  byLocalId(sender: string, localId: string): readonly StoredMessage[] {
    return this.#byLocalId.get(`${sender}\0${localId}`) ?? [];
  }

  inbox(mailbox: string): ReadonlyMap<string, StoredMessage> {
    return this.#inboxes.get(mailbox) ?? new Map();
  }

  /** Its place in the order of arrival; for pages that go on behind a message that may be gone. */
  arrival(message: StoredMessage): number {
    return this.#arrivals.get(message) ?? 0;
  }

  /** A message whose first chunk is here. */
  async open(message: StoredMessage): Promise<void> {
    this.#enter(message);
    if (message.state === 'accepted') await this.accept(message);
    else await this.#keeper.save(message);
  }

  /** The last chunk is here: into the recipient's inbox, or to the routing by patient. */
  async accept(message: StoredMessage): Promise<void> {
    const now = this.#now();
    message.state = 'accepted';
    message.acceptedAt = now;
    message.size = message.chunks.reduce((sum, chunk) => sum + (chunk?.size ?? 0), 0);
    this.#expiring.push({ at: now + this.#settings.expiry, message });
    if (message.routeTo === undefined) this.#deliver(message);
    else this.#routing.push({ at: now + this.#settings.routingDelay, message });
    await this.#keeper.save(message);
  }

  /** A chunk was added or replaced. */
  changed(message: StoredMessage): Promise<void> {
    return this.#keeper.save(message);
  }

  async acknowledge(message: StoredMessage, keepBody: boolean): Promise<void> {
    message.acknowledgements += 1;
    if (message.state !== 'accepted') return;
    message.state = 'acknowledged';
    message.acknowledgedAt = this.#now();
    this.#leave(message);
    if (!keepBody) await dropBodies(message);
    await this.#keeper.save(message);
  }

  /** The service desk puts an uncollected message back for another five days. */
  async reinstate(message: StoredMessage): Promise<void> {
    message.failure = undefined;
    await this.accept(message);
  }

  /** Switches a mailbox; what waits in one that is switched off goes back as undelivered. */
  async setEnabled(mailbox: Mailbox, enabled: boolean): Promise<void> {
    mailbox.enabled = enabled;
    if (enabled) return;
    for (const message of [...this.inbox(mailbox.id).values()]) await this.#fail(message, '14', DEACTIVATED);
  }

  /** A message an earlier run kept. */
  restore(message: StoredMessage): void {
    this.#enter(message);
    if (message.state !== 'accepted' || message.acceptedAt === undefined) return;
    this.#expiring.push({ at: message.acceptedAt + this.#settings.expiry, message });
    if (message.routeTo === undefined) this.#deliver(message);
    else this.#routing.push({ at: message.acceptedAt + this.#settings.routingDelay, message });
  }

  /** A report in a mailbox, about `failed` or, with none, about nothing anybody knows. */
  async report(
    mailbox: string,
    failure: { readonly code: MeshStatusCode; readonly description?: string },
    failed?: StoredMessage,
    made: { readonly linkedId?: string; readonly workflowId?: string; readonly localId?: string; readonly subject?: string } = {},
  ): Promise<StoredMessage> {
    const now = this.#now();
    const description = failure.description ?? MESH_STATUS[failure.code].description;
    const report: StoredMessage = {
      workflow: made.workflowId ?? failed?.workflow ?? '',
      subject: made.subject ?? failed?.subject ?? '',
      localId: made.localId ?? failed?.localId ?? '',
      partnerId: '',
      fileName: '',
      checksum: '',
      contentType: '',
      encoding: '',
      encrypted: false,
      compressed: false,
      id: this.newId(),
      type: 'REPORT',
      sender: undefined,
      recipient: mailbox,
      routeTo: undefined,
      totalChunks: 0,
      chunks: [],
      size: 0,
      state: 'accepted',
      uploadedAt: now,
      acceptedAt: now,
      acknowledgedAt: undefined,
      failure: { code: failure.code, description, at: now },
      linkedId: made.linkedId ?? failed?.id,
      intended: failed === undefined || failed.recipient === '' ? undefined : failed.recipient,
      downloads: [],
      acknowledgements: 0,
    };
    await this.open(report);
    return report;
  }

  /** Does what is due. */
  async settle(): Promise<void> {
    const now = this.#now();
    for (const message of this.#bouncing.splice(0)) await this.#fail(message, '14', DEACTIVATED);
    for (const message of due(this.#routing, now)) await this.#route(message);
    for (const message of due(this.#expiring, now)) {
      // A message that was put back has a later end.
      if (message.state === 'accepted' && (message.acceptedAt ?? 0) + this.#settings.expiry <= now) await this.#fail(message, '14');
    }
    for (const message of due(this.#forgetting, now)) await this.#forget(message);
  }

  async #route(message: StoredMessage): Promise<void> {
    const to = message.routeTo ?? '';
    const routed = this.#register.route(to, message.workflow, this.#mailboxes);
    // From here on nobody sees the patient in the address.
    message.routeTo = undefined;
    if ('code' in routed) return this.#fail(message, routed.code);
    message.recipient = routed.mailbox.id;
    this.#deliver(message);
    await this.#keeper.save(message);
  }

  #deliver(message: StoredMessage): void {
    // Not at once: the sender has its 202 first, and then the report.
    if (this.#mailboxes.get(message.recipient)?.enabled === false) this.#bouncing.push(message);
    else this.#arrive(message);
  }

  #arrive(message: StoredMessage): void {
    this.#arrived += 1;
    this.#arrivals.set(message, this.#arrived);
    const inbox = this.#inboxes.get(message.recipient) ?? new Map<string, StoredMessage>();
    this.#inboxes.set(message.recipient, inbox.set(message.id, message));
  }

  #leave(message: StoredMessage): void {
    this.#inboxes.get(message.recipient)?.delete(message.id);
  }

  async #fail(message: StoredMessage, code: MeshStatusCode, description: string = MESH_STATUS[code].description): Promise<void> {
    this.#leave(message);
    message.state = 'error';
    message.failure = { code, description, at: this.#now() };
    await this.#keeper.save(message);
    // A report has no sender: that nobody collects it is not reported. Nor is anything to a sender outside.
    const { sender } = message;
    if (sender !== undefined && this.#mailboxes.get(sender) !== undefined) await this.report(sender, { code, description }, message);
  }

  #enter(message: StoredMessage): void {
    this.#messages.set(message.id, message);
    this.#forgetting.push({ at: message.uploadedAt + this.#settings.retention, message });
    if (message.localId === '' || message.type === 'REPORT') return;
    const key = `${message.sender ?? ''}\0${message.localId}`;
    const same = this.#byLocalId.get(key);
    if (same === undefined) this.#byLocalId.set(key, [message]);
    else same.push(message);
  }

  async #forget(message: StoredMessage): Promise<void> {
    this.#leave(message);
    this.#messages.delete(message.id);
    this.#byLocalId.delete(`${message.sender ?? ''}\0${message.localId}`);
    await dropBodies(message);
    await this.#keeper.remove(message);
  }
}

/** Takes what is due off the front: each list has one constant delay, so it is in order. */
function* due(list: Due[], now: number): Generator<StoredMessage> {
  for (let first = list[0]; first !== undefined && first.at <= now; first = list[0]) {
    list.shift();
    yield first.message;
  }
}

const dropBodies = async (message: StoredMessage): Promise<void> => {
  for (const chunk of message.chunks.splice(0)) await chunk?.remove();
};
