import type { MailboxSettings } from './options.ts';

const covers = (list: readonly string[] | undefined, workflow: string): boolean =>
  list === undefined || list.some((entry) => (entry.endsWith('*') ? workflow.startsWith(entry.slice(0, -1)) : entry === workflow));

export class Mailbox {
  readonly id: string;
  readonly password: string;
  readonly name: string;
  readonly odsCode: string;
  readonly certificateName: string | undefined;
  enabled: boolean;
  /** Requests being answered at this moment, and the most there ever were: one thread a mailbox is a rule of the service. */
  open = 0;
  mostOpen = 0;
  readonly #sends: readonly string[] | undefined;
  readonly #receives: readonly string[] | undefined;

  constructor(settings: MailboxSettings) {
    this.id = settings.id.toUpperCase();
    this.password = settings.password;
    this.name = settings.name ?? `Mailbox ${this.id}`;
    this.odsCode = settings.odsCode ?? '';
    this.certificateName = settings.certificateName;
    this.enabled = settings.enabled ?? true;
    this.#sends = settings.sends;
    this.#receives = settings.receives;
  }

  maySend(workflow: string): boolean {
    return covers(this.#sends, workflow);
  }

  takes(workflow: string): boolean {
    return covers(this.#receives, workflow);
  }
}

export class Mailboxes {
  readonly #byId: ReadonlyMap<string, Mailbox>;

  constructor(settings: readonly MailboxSettings[]) {
    this.#byId = new Map(settings.map((one) => [one.id.toUpperCase(), new Mailbox(one)]));
  }

  get(id: string): Mailbox | undefined {
    return this.#byId.get(id);
  }

  /** In the order of the settings. */
  all(): Mailbox[] {
    return [...this.#byId.values()];
  }

  /** Enabled ones of an organisation that are registered for a workflow. */
  at(odsCode: string, workflow: string): Mailbox[] {
    return this.forWorkflow(workflow).filter((mailbox) => mailbox.odsCode.toUpperCase() === odsCode.toUpperCase());
  }

  forWorkflow(workflow: string): Mailbox[] {
    return this.all().filter((mailbox) => mailbox.enabled && mailbox.takes(workflow));
  }
}
