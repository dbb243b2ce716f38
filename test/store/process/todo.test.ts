import { randomBytes } from 'node:crypto';
import type { MessageId, SourceName } from '../../../records/ids.ts';
import { brandAs } from '../../../records/ids.ts';
import type { TodoMessage } from '../../../records/process.ts';
import { createContentStore } from '../../../store/content.ts';
import { HotBytes } from '../../../store/hot-bytes.ts';
import { Journal } from '../../../store/journal.ts';
import { readTodo } from '../../../store/process/todo.ts';
import { ensureSource } from '../../../store/sources.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';

/** What one batch of the leader holds in memory (ruling A18): at most so many messages, and at most 8 MB of them. */

let db: TestDatabase;
let journal: Journal;
beforeEach(async () => {
  db = await testDatabase();
  journal = new Journal({ database: db.database, vault: db.vault, content: createContentStore(db.database, db.vault), daemon: 1 });
});
afterEach(async () => {
  await journal.close();
  await db.close();
});

const MB = 1024 * 1024;
const put = async (...sizes: readonly number[]): Promise<readonly MessageId[]> => {
  const sourceId = await ensureSource(db.database, brandAs<SourceName>('pathology'));
  const ids: MessageId[] = [];
  for (const size of sizes) {
    const body = randomBytes(size);
    const digest = db.vault.digest(body);
    const { messageId } = await journal.append({
      sourceId,
      sender: '',
      controlId: digest.toString('hex'),
      type: 'ORU^R01',
      digest,
      body,
      answer: 0,
      reused: 'hold',
      windowMs: 1000,
    });
    ids.push(messageId);
  }
  return ids;
};
const read = (low: number, limit: number): Promise<TodoMessage[]> =>
  db.database.inTransaction((tx) => readTodo(tx, db.vault, createContentStore(db.database, db.vault), new HotBytes(), low, limit));

describe('A18: a batch', () => {
  it('holds no more messages than asked for, from the oldest on', async () => {
    const ids = await put(10, 10, 10, 10);
    expect((await read(0, 3)).map(({ id }) => id)).toEqual(ids.slice(0, 3));
    expect((await read(ids[2] ?? 0, 3)).map(({ id }) => id)).toEqual(ids.slice(3));
  });

  it('ends where it holds 8 MB, and takes one that is larger by itself; nothing is passed over', async () => {
    const ids = await put(3 * MB, 3 * MB, 3 * MB, 100, 20 * MB, 100);
    const batches: (readonly MessageId[])[] = [];
    for (let low = 0; ; ) {
      const batch = await read(low, 500);
      const last = batch.at(-1);
      if (last === undefined) break;
      batches.push(batch.map(({ id }) => id));
      // One message above the mark is the most that a batch goes over it.
      expect(batch.slice(0, -1).reduce((sum, { size }) => sum + size, 0)).toBeLessThan(8 * MB);
      low = last.id;
    }
    expect(batches.flat()).toEqual(ids);
    expect(batches.map((batch) => batch.length)).toEqual([3, 2, 1]);
  });
});
