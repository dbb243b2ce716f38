/** What a reader remembers of the messages of one mailbox between its looks; all of it may be lost, and is found out again. */
export class InboxMemory {
  /** Left for another reader, and under which workflow: they need not be asked for again. */
  readonly left = new Map<string, string>();
  /** Journalled, and not taken out of the mailbox yet: they are not fetched again. */
  readonly taken = new Set<string>();
  /** How often the store did not take a message. */
  readonly failures = new Map<string, number>();
  /** How often the content of a message could not be had. */
  readonly spoilt = new Map<string, number>();
  /** Reports that name no delivery yet, and when they were first seen (ms since 1970). */
  readonly unmatched = new Map<string, number>();

  forget(id: string): void {
    this.left.delete(id);
    this.taken.delete(id);
    this.failures.delete(id);
    this.spoilt.delete(id);
    this.unmatched.delete(id);
  }

  /** After a whole list was read: what is not in it is not in the mailbox. */
  keepOnly(listed: ReadonlySet<string>): void {
    for (const known of [this.left, this.taken, this.failures, this.spoilt, this.unmatched])
      for (const id of known.keys()) if (!listed.has(id)) known.delete(id);
  }
}

/** One more; how many that makes. */
export const oneMore = (counts: Map<string, number>, id: string): number => {
  const times = (counts.get(id) ?? 0) + 1;
  counts.set(id, times);
  return times;
};
