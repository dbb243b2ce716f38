import type { InboxPage } from '../../formats/mesh/answers.ts';
import { type IntakeParts, MailboxIntake } from './intake.ts';

export interface LookParts extends IntakeParts {
  /** Most ids asked for at once. */
  readonly page: number;
}

/** The most the service lists at once. */
const MOST_LISTED = 5_000;
/** A message the store refuses so often is taken behind all others: it must not stand in their way for ever. */
const STANDS_BACK = 3;

/**
 * One look into a mailbox: everything in it that has a disposition is taken, page by page until there is no more. Resolves with how many
 * messages left the mailbox; rejects as `MailboxIntake.take` does.
 */
export const lookInto = async (parts: LookParts): Promise<number> => {
  const { mailbox, memory, page: most, signal, stopping } = parts;
  const intake = new MailboxIntake(parts);
  const seen = new Set<string>();
  const back: string[] = [];
  const over = (): boolean => stopping.aborted || signal.aborted;
  // A list is no message in hand: whoever stops need not wait for it.
  const listing = AbortSignal.any([stopping, signal]);

  const take = async (ids: readonly string[]): Promise<void> => {
    const wanted: string[] = [];
    for (const id of ids) {
      const known = seen.has(id);
      seen.add(id);
      if (memory.left.has(id)) continue;
      if ((memory.failures.get(id) ?? 0) < STANDS_BACK) wanted.push(id);
      else if (!known) back.push(id);
    }
    await intake.take(wanted);
  };

  let page: InboxPage = await mailbox.client.inbox({ most }, listing);
  for (;;) {
    const before = intake.gone;
    await take(page.ids);
    if (over()) return intake.gone;
    if (page.next !== null) page = await mailbox.client.inbox({ next: page.next }, listing);
    else if (mailbox.client.version !== 1 || page.ids.length < most) break;
    // Version 1 has no further pages: what is behind is listed when these are out.
    else if (intake.gone > before) page = await mailbox.client.inbox({ most }, listing);
    else {
      await lookBehind(parts, take);
      await intake.take(back);
      return intake.gone;
    }
  }
  memory.keepOnly(seen);
  await intake.take(back);
  return intake.gone;
};

/** Version 1, and a page full of messages that stay: those with a disposition are asked for by their workflow. */
const lookBehind = async (
  { mailbox, rules, signal, stopping }: LookParts,
  take: (ids: readonly string[]) => Promise<void>,
): Promise<void> => {
  const known = [...rules.workflows].flatMap(([workflow, rule]) => (rule.do === 'leave' ? [] : [workflow]));
  for (const workflowFilter of new Set([...known, ...mailbox.sent])) {
    if (stopping.aborted || signal.aborted) return;
    await take((await mailbox.client.inbox({ most: MOST_LISTED, workflowFilter }, signal)).ids);
  }
};
