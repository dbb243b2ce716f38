import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MessageId, Token } from '../../records/ids.ts';
import type { MappedPart, MappedRecord } from '../../records/mapped.ts';
import {
  type BatchWrite,
  type FiledHead,
  type MessageWrite,
  type PersonWrite,
  type ProcessStore,
  type ProcessTransaction,
  scopedKeyText,
  type TodoMessage,
} from '../../records/process.ts';
import type { Telemetry } from '../../records/telemetry.ts';
import type { Plan } from '../plan/plan.ts';
import { decideMessage } from './decide-message.ts';
import { MOST_FILLED, mayFill } from './fill-links.ts';
import { gather } from './gather.ts';
import type { BatchReport } from './leader.ts';
import type { Names } from './names.ts';
import type { PersonCache } from './person-cache.ts';
import { disposalOf, readByWorkflow } from './read-by-workflow.ts';
import { readWork } from './read-work.ts';
import type { KeepContent } from './release.ts';
import type { MessageWork } from './work.ts';
import type { WorkingSet } from './working-set.ts';

export interface BatchParts {
  readonly store: ProcessStore;
  /** Read once a batch: a reload takes effect with the next one. */
  readonly plan: () => Plan;
  readonly cache: PersonCache;
  readonly names: Names;
  /** Stores content (attachments, summaries) before the batch commits; the same bytes are stored once. */
  readonly keep: KeepContent;
  /** Heads to be hinted, after the commit. */
  readonly onHeads: (heads: readonly FiledHead[]) => void;
  /** Messages with an application answer that is now due. */
  readonly onReplies: (ids: readonly MessageId[]) => void;
  readonly telemetry: Telemetry;
}

/** Reads, maps, decides and commits one batch. Nothing outside the database happens inside its transaction but pure work. */
export const runBatch = async (parts: BatchParts, token: Token, low: number, limit: number): Promise<BatchReport> => {
  let touched: WorkingSet | null = null;
  let heads: readonly FiledHead[] = [];
  let writes: readonly MessageWrite[] = [];
  let todo: readonly TodoMessage[] = [];
  try {
    await parts.store.inBatch(token, async (tx) => {
      todo = await tx.todo(low, limit);
      if (todo.length === 0) return;
      // Only now, under the fence: who looks at routes again after a reload waits for batches that decide by the former plan (ruling A12).
      const plan = parts.plan();
      const works = await timed(parts, 'map', () => readAll(parts, plan, tx, todo));
      // What did not fit into memory with the others is for the next batch.
      todo = todo.slice(0, works.length);
      for (const work of works) for (const { bytes } of work.mapped?.attachments ?? []) await parts.keep(bytes);
      await parts.store.reserve(idsFor(works));
      const set = await timed(parts, 'gather', () => gather(tx, works, { cache: parts.cache, kindsReadFor: plan.kindsReadFor }));
      touched = set;
      const decided = await timed(parts, 'decide', () => decideAll(parts, plan, tx, set, works));
      writes = decided.messages;
      heads = await timed(parts, 'write', () => tx.write(decided));
    });
  } catch (error) {
    forget(parts.cache, touched);
    throw error;
  }
  remember(parts.cache, touched);
  if (heads.length > 0) parts.onHeads(heads);
  const replies = writes.flatMap((write) => (write.reply === null ? [] : [write.message.id]));
  if (replies.length > 0) parts.onReplies(replies);
  for (const write of writes) parts.telemetry.count('messages_processed', { outcome: write.outcome });
  return { messages: todo.length, last: todo.at(-1)?.id ?? low };
};

const timed = async <T>(parts: BatchParts, stage: string, work: () => Promise<T>): Promise<T> => {
  const began = performance.now();
  const result = await work();
  parts.telemetry.observe('stage', (performance.now() - began) / 1000, { stage });
  return result;
};

const readAll = async (parts: BatchParts, plan: Plan, tx: ProcessTransaction, todo: readonly TodoMessage[]): Promise<MessageWork[]> => {
  const done = await tx.doneParts(todo.filter((message) => message.again).map((message) => message.id));
  const stretch = new Stretch();
  const works: MessageWork[] = [];
  let read = 0;
  for (const message of todo) {
    if (stretch.isLong) await stretch.rest();
    if (message.byWorkflow === null) {
      works.push(readWork(plan, parts.names, message, done.get(message.id)));
      continue;
    }
    const disposal = disposalOf(plan, message);
    const bytes = disposal.do === 'read' ? await tx.bytesOf(message) : message.bytes;
    works.push(readByWorkflow(plan, parts.names, { ...message, bytes }, disposal, done.get(message.id)));
    read += bytes.length;
    if (read > MOST_READ) break;
  }
  return works;
};

/** Bytes of bodies read one by one beside those that came with the batch. */
const MOST_READ = 8 * 1024 * 1024;

/** Milliseconds of deciding after which the rest of the process has its turn: acknowledgements do not wait for a batch. */
const STRETCH_MS = 2;

class Stretch {
  #since = performance.now();

  get isLong(): boolean {
    return performance.now() - this.#since > STRETCH_MS;
  }

  async rest(): Promise<void> {
    await nextTurn();
    this.#since = performance.now();
  }
}

/** Upper bound of ids one batch can draw: a person and a founding record a part, every record and child, custody, lists, a summary. */
const idsFor = (works: readonly MessageWork[]): number => {
  const count = (records: readonly MappedRecord[]): number => records.reduce((sum, record) => sum + 1 + count(record.children), 0);
  const listed = ({ lists }: MappedPart): number => lists.length * 50;
  const filled = ({ records }: MappedPart): number => (mayFill(records) ? MOST_FILLED : 0);
  return works.reduce(
    (sum, { parts, forward }) =>
      sum + (forward === undefined ? 0 : 1) + parts.reduce((n, { part }) => n + 8 + count(part.records) + listed(part) + filled(part), 0),
    16,
  );
};

const decideAll = async (
  parts: BatchParts,
  plan: Plan,
  tx: ProcessTransaction,
  set: WorkingSet,
  works: readonly MessageWork[],
): Promise<BatchWrite> => {
  const stretch = new Stretch();
  const messages: MessageWrite[] = [];
  const filings: BatchWrite['filings'][number][] = [];
  for (const work of works) {
    if (stretch.isLong) await stretch.rest();
    const decided = await decideMessage(
      { plan, names: parts.names, ids: parts.store.ids, tx, keep: parts.keep, telemetry: parts.telemetry },
      set,
      work,
    );
    messages.push(decided.write);
    filings.push(...decided.filings);
  }
  const persons: PersonWrite[] = [];
  for (const [id, learned] of set.touched) {
    const state = set.persons.get(id);
    if (state === undefined) continue;
    const next = { ...state, version: state.version + 1, isNew: false };
    set.persons.set(id, next);
    persons.push({
      id,
      isNew: state.isNew,
      version: next.version,
      routingVersion: next.routingVersion,
      restricted: next.restricted,
      newIdentifiers: learned,
    });
  }
  // The lane is the surviving person's, also where the merge came later in the batch.
  const surviving = filings.map((filing) => ({ ...filing, personId: set.rootOf(filing.personId) }));
  return { persons, items: set.items, merges: set.merges, filings: surviving, messages };
};

const remember = (cache: PersonCache, set: WorkingSet | null): void => {
  if (set === null) return;
  for (const item of set.items) {
    const { keys } = set.persons.get(set.rootOf(item.personId)) ?? {};
    for (const key of item.newKeys) keys?.learn(scopedKeyText(key), item);
  }
  for (const [id, state] of set.persons) {
    // Nobody is ever led to one who has no identifier.
    if (state.identifiers.length === 0) cache.drop(id);
    else if (
      set.rootOf(id) === id &&
      set.merges.every((merge) => merge.into !== id && merge.from !== id && (!merge.undo || merge.root !== id))
    )
      cache.put(state);
    // The version of a merged person is raised by the merge itself: read afresh next time.
    else cache.drop(id);
  }
};

const forget = (cache: PersonCache, set: WorkingSet | null): void => {
  if (set === null) cache.clear();
  else for (const id of set.persons.keys()) cache.drop(id);
};
