import { createMailboxReceiver, type MailboxReceiverParts } from '../pipeline/receive/mailbox-receiver.ts';
import type { FarReceipts, Leases, MailboxDiary } from '../records/far-side.ts';
import type { MailboxReceiver } from '../records/ports.ts';
import type { Telemetry } from '../records/telemetry.ts';
import type { ContentStore } from '../store/content.ts';
import { createLeases } from '../store/leases.ts';
import { createMailboxDiary } from '../store/mailbox-diary.ts';
import type { Database } from '../store/pool.ts';
import type { Vault } from '../store/vault.ts';

/** What the sources of mailboxes need beside what every source does. */
export interface MailPorts {
  readonly receiver: MailboxReceiver;
  readonly leases: Leases;
  readonly diary: MailboxDiary;
  readonly far: FarReceipts;
}

export interface MailParts extends Pick<MailboxReceiverParts, 'settings' | 'journal' | 'digest' | 'hashControlId' | 'now'> {
  readonly database: Database;
  readonly vault: Vault;
  readonly content: ContentStore;
  /** This daemon's row. */
  readonly daemon: number;
  /** How long a mailbox stays one daemon's without being renewed, ms. */
  readonly leaseMs: number;
  readonly far: FarReceipts;
  readonly telemetry: Telemetry;
}

/** `close` gives the mailboxes back, so that another daemon need not wait for them; after the sources have stopped. */
export const openMail = (parts: MailParts): MailPorts & { close(): Promise<void> } => {
  const { database, vault, content, daemon, leaseMs, far, telemetry, settings, journal, digest, hashControlId, now } = parts;
  const leases = createLeases({ database, daemon, milliseconds: leaseMs, telemetry });
  return {
    leases,
    far,
    diary: createMailboxDiary(database),
    receiver: createMailboxReceiver({
      settings,
      journal,
      digest,
      hashControlId,
      now,
      telemetry,
      far,
      bodies: content,
      digester: () => vault.digester(),
    }),
    close: () => leases.close(),
  };
};
