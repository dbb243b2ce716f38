import { MeshMailbox } from '../adapters/mesh-api/mailbox.ts';
import { sameSettings } from '../config/reload.ts';
import type { DestinationSettings, SourceSettings } from '../config/types.ts';
import type { MailboxSettings } from '../config/types-mesh.ts';
import type { MailboxDiary } from '../records/far-side.ts';
import type { MailboxName } from '../records/ids.ts';
import { Problem } from '../records/problem.ts';
import type { Telemetry } from '../records/telemetry.ts';

export interface MailboxPoolParts {
  readonly diary: MailboxDiary;
  readonly telemetry: Telemetry;
  readonly clientVersion: string;
}

type Settings = ReadonlyMap<MailboxName, MailboxSettings>;
export type OpenMailboxes = ReadonlyMap<MailboxName, MeshMailbox>;

/** The MESH mailboxes of a daemon, whichever its configuration names by now: each with its connections, shared by all that use it. */
export class MailboxPool {
  readonly #parts: MailboxPoolParts;
  #open: OpenMailboxes = new Map();

  constructor(parts: MailboxPoolParts) {
    this.#parts = parts;
  }

  /** Those of these settings: the open ones that stay, and new ones in place of what changed. A mailbox connects when it is first used. */
  prepare(settings: Settings): OpenMailboxes {
    const mailboxes = new Map<MailboxName, MeshMailbox>();
    for (const [name, one] of settings) {
      const now = this.#open.get(name);
      mailboxes.set(name, now !== undefined && sameSettings(now.settings, one) ? now : new MeshMailbox(name, one, this.#parts));
    }
    return mailboxes;
  }

  /** From now on these. Returns how to close those that left, once nobody uses them. */
  take(mailboxes: OpenMailboxes): () => void {
    const left = [...this.#open.values()].filter((one) => mailboxes.get(one.name) !== one);
    this.#open = mailboxes;
    return () => {
      for (const one of left) one.close();
    };
  }

  close(): void {
    for (const one of this.#open.values()) one.close();
  }
}

/** The mailbox that a source or destination names; undefined for one without, and for one that is not configured. */
export const mailboxOf = (settings: SourceSettings | DestinationSettings, mailboxes: OpenMailboxes): MeshMailbox | undefined =>
  settings.kind === 'mesh-api' ? mailboxes.get(settings.mailbox) : undefined;

/** A check of the configuration sees to it that there is one. */
export const found = (mailbox: MeshMailbox | undefined, name: MailboxName): MeshMailbox => {
  if (mailbox === undefined) throw new Problem(`mailbox ${name} is not configured`);
  return mailbox;
};
