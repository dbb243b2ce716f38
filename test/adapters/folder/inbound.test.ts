import { appendFile, mkdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FolderSource, type FolderSourceSettings } from '../../../adapters/folder/inbound.ts';
import type { Receipt } from '../../../records/ports.ts';
import { Child } from '../support/child.ts';
import { batch, hl7, idOf, makeFolder, namesIn } from '../support/folders.ts';
import { Notebook } from '../support/notebook.ts';
import { receipt, ScriptedReceiver, sourceName } from '../support/scripted-receiver.ts';
import { Gate, until } from '../support/waiting.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const inbox = async () => {
  const folder = await makeFolder();
  stops.push(() => folder.remove());
  return { path: folder.path, drop: (name: string, text: string | Buffer) => writeFile(join(folder.path, name), text) };
};

const watch = async (path: string, settings: Partial<FolderSourceSettings> = {}, receiver = new ScriptedReceiver()) => {
  const notebook = new Notebook();
  const source = new FolderSource(sourceName('gp-records'), { path, interval: 10, stableFor: 30, ...settings }, receiver, notebook);
  await source.start();
  stops.unshift(() => source.stop(AbortSignal.timeout(500)));
  const ids = () => receiver.received.map((incoming) => idOf(incoming.bytes));
  return { source, receiver, notebook, ids };
};

const arrives = (path: string, folder: 'done' | 'error', ...names: readonly string[]): Promise<void> =>
  until(`${names.join(', ')} in ${folder}`, async () => {
    const there = await namesIn(path, folder);
    return names.every((name) => there.includes(name));
  });
const textBeside = (path: string, name: string): Promise<string> => readFile(join(path, 'error', `${name}.error`), 'utf8');
const rejected = (reason: NonNullable<Receipt['reason']>): Receipt => receipt(null, { outcome: 'rejected', reason });

describe('folder source: files', () => {
  it('takes a file of one message and moves it to done when it is committed', async () => {
    const { path, drop } = await inbox();
    const gate = new Gate<Receipt>();
    const receiver = new ScriptedReceiver();
    receiver.onReceive = () => gate.opened;
    await watch(path, {}, receiver);
    await drop('a.hl7', hl7('M1'));
    await until('received', () => receiver.received.length === 1);
    await sleep(40);
    expect(await namesIn(path, 'done')).toEqual([]);
    expect(await namesIn(path, 'processing')).toHaveLength(1);
    gate.open(receipt(null));
    await arrives(path, 'done', 'a.hl7');
    expect(await readFile(join(path, 'done', 'a.hl7'), 'latin1')).toBe(hl7('M1'));
    expect(await namesIn(path)).toEqual(['done', 'error', 'processing']);
    const incoming = receiver.received[0];
    expect(incoming?.bytes.toString('latin1')).toBe(hl7('M1'));
    expect(incoming?.transportId).toMatch(/^[0-9a-f]{64}\.1$/);
    expect(incoming?.meta).toMatchObject({ file: 'a.hl7', index: '1' });
  });

  it('takes the messages of a batch one after another, in their order', async () => {
    const { path, drop } = await inbox();
    const { receiver, ids } = await watch(path);
    await drop('b.hl7', batch(['M1', 'M2', 'M3']));
    await arrives(path, 'done', 'b.hl7');
    expect(ids()).toEqual(['M1', 'M2', 'M3']);
    expect(receiver.mostInHand).toBe(1);
    expect(new Set(receiver.received.map((incoming) => incoming.transportId)).size).toBe(3);
    expect(new Set(receiver.received.map((incoming) => incoming.connection)).size).toBe(1);
  });

  it('lets the good messages of a file go on and names the rejected ones beside it, with nothing of what they say', async () => {
    const { path, drop } = await inbox();
    const receiver = new ScriptedReceiver();
    receiver.onReceive = ({ bytes }) => (idOf(bytes) === 'M2' ? rejected('no-control-id') : receipt(null));
    const { ids, notebook } = await watch(path, {}, receiver);
    await drop('b.hl7', batch(['M1', 'M2', 'M3']));
    await arrives(path, 'error', 'b.hl7', 'b.hl7.error');
    expect(ids()).toEqual(['M1', 'M2', 'M3']);
    const text = await textBeside(path, 'b.hl7');
    expect(text).toContain('Messages found: 3 (2 stored, 1 rejected).');
    expect(text).toMatch(/^Message 2: no-control-id\. .+ Kept as message \d+\.$/m);
    expect(text).not.toMatch(/Message [13]:|TESTER|MORGAN|9990000018|M2/);
    expect(notebook.everything).not.toMatch(/b\.hl7|TESTER|9990000018/);
    expect(notebook.counts.get('source_files{outcome=error}')).toBe(1);
  });

  it('takes the whole messages of a batch that is shorter than it says, and sets the file aside', async () => {
    const { path, drop } = await inbox();
    const { ids } = await watch(path);
    await drop('b.hl7', batch(['M1', 'M2'], { messages: 3 }));
    await arrives(path, 'error', 'b.hl7');
    expect(ids()).toEqual(['M1', 'M2']);
    expect(await textBeside(path, 'b.hl7')).toContain('File at BTS-1: stated 3, found 2: batch-count.');
  });

  it('gives a file that is no HL7 to the receiver whole, so that it is kept, and sets it aside', async () => {
    const { path, drop } = await inbox();
    const receiver = new ScriptedReceiver();
    receiver.onReceive = () => rejected('not-hl7');
    await watch(path, {}, receiver);
    await drop('picture.hl7', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 255]));
    await arrives(path, 'error', 'picture.hl7');
    expect(receiver.received).toHaveLength(1);
    expect(receiver.received[0]?.bytes).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 255]));
    expect(await textBeside(path, 'picture.hl7')).toContain('Message 1: not-hl7.');
  });

  it('sets an empty file aside', async () => {
    const { path, drop } = await inbox();
    const { receiver } = await watch(path);
    await drop('empty.hl7', '');
    await arrives(path, 'error', 'empty.hl7');
    expect(receiver.refused).toMatchObject([{ reason: 'empty-file', size: 0 }]);
    expect(await textBeside(path, 'empty.hl7')).toContain('The file is empty.');
  });

  it('reads no more than the head of a file above its limit', async () => {
    const { path, drop } = await inbox();
    const { receiver } = await watch(path, { maxSize: 100_000 });
    await drop('big.hl7', Buffer.alloc(100_001, 'x'));
    await arrives(path, 'error', 'big.hl7');
    expect(receiver.refused).toMatchObject([{ reason: 'message-too-large', size: 100_001 }]);
    expect(receiver.refused[0]?.head).toHaveLength(65_536);
    await drop('fits.hl7', Buffer.concat([Buffer.from(hl7('M1')), Buffer.alloc(50_000, 'x')]));
    await arrives(path, 'done', 'fits.hl7');
  });

  it('never writes over the text of another file', async () => {
    const { path, drop } = await inbox();
    await mkdir(join(path, 'error'));
    await drop('error/a.hl7.error', 'of a file that was taken away');
    await watch(path);
    await drop('a.hl7', '');
    await arrives(path, 'error', 'a.2.hl7', 'a.2.hl7.error');
    expect(await textBeside(path, 'a.hl7')).toBe('of a file that was taken away');
  });

  it('recognises a file that comes twice, and says so beside it', async () => {
    const { path, drop } = await inbox();
    const receiver = new ScriptedReceiver();
    const seen = new Set<string>();
    receiver.onReceive = ({ transportId = '' }) => {
      const again = seen.has(transportId);
      seen.add(transportId);
      return receipt(null, { outcome: again ? 'duplicate' : 'stored' });
    };
    await watch(path, {}, receiver);
    await drop('a.hl7', batch(['M1', 'M2']));
    await arrives(path, 'done', 'a.hl7');
    await drop('a.hl7', batch(['M1', 'M2']));
    await arrives(path, 'done', 'a.2.hl7', 'a.2.hl7.note');
    expect(await readFile(join(path, 'done', 'a.2.hl7.note'), 'utf8')).toContain('all 2 messages are duplicates');
    expect(await namesIn(path, 'done')).toEqual(['a.2.hl7', 'a.2.hl7.note', 'a.hl7']);
  });

  it('deletes files taken whole where the source says so, and never one that was not', async () => {
    const { path, drop } = await inbox();
    const receiver = new ScriptedReceiver();
    receiver.onReceive = ({ bytes }) => (idOf(bytes) === 'BAD' ? rejected('no-control-id') : receipt(null));
    await watch(path, { done: 'delete' }, receiver);
    await drop('good.hl7', hl7('M1'));
    await drop('wrong.hl7', hl7('BAD'));
    await arrives(path, 'error', 'wrong.hl7');
    await until('both gone', async () => (await namesIn(path, 'processing')).length === 0);
    expect(await namesIn(path, 'done')).toEqual([]);
    expect(receiver.received).toHaveLength(2);
  });
});

describe('folder source: what is ready', () => {
  it('leaves a growing file alone until it has not changed for a while', async () => {
    const { path, drop } = await inbox();
    const { receiver } = await watch(path, { stableFor: 120 });
    const whole = batch(['M1', 'M2', 'M3', 'M4']);
    await drop('slow.hl7', '');
    for (let at = 0; at < whole.length; at += 60) {
      await appendFile(join(path, 'slow.hl7'), whole.slice(at, at + 60));
      expect(receiver.received).toEqual([]);
      await sleep(30);
    }
    await arrives(path, 'done', 'slow.hl7');
    expect(receiver.received).toHaveLength(4);
  });

  it('takes a renamed file at once, and never one under a temporary name', async () => {
    const { path, drop } = await inbox();
    const { ids } = await watch(path, { ready: 'rename' });
    for (const name of ['a.hl7.tmp', 'a.hl7.PART', 'a.hl7.filepart', '.a.hl7', 'a.hl7~']) await drop(name, hl7('UNFINISHED'));
    await drop('first.tmp', hl7('M1'));
    await rename(join(path, 'first.tmp'), join(path, 'first.hl7'));
    await arrives(path, 'done', 'first.hl7');
    await sleep(50);
    expect(ids()).toEqual(['M1']);
  });

  it('takes only the names it is told to, letters of either case', async () => {
    const { path, drop } = await inbox();
    const { ids } = await watch(path, { pattern: 'gp-??.hl7' });
    await drop('gp-01.HL7', hl7('M1'));
    await drop('gp-001.hl7', hl7('NO'));
    await drop('xgp-01.hl7', hl7('NO'));
    await arrives(path, 'done', 'gp-01.HL7');
    await sleep(60);
    expect(ids()).toEqual(['M1']);
  });

  it('follows no link and enters no folder', async () => {
    const { path, drop } = await inbox();
    const outside = await inbox();
    await outside.drop('secret.hl7', hl7('SECRET'));
    await symlink(join(outside.path, 'secret.hl7'), join(path, 'link.hl7'));
    await symlink(outside.path, join(path, 'way-out'));
    await mkdir(join(path, 'sub'));
    await writeFile(join(path, 'sub', 'x.hl7'), hl7('SUB'));
    const { ids } = await watch(path);
    await drop('a.hl7', hl7('M1'));
    await arrives(path, 'done', 'a.hl7');
    await sleep(60);
    expect(ids()).toEqual(['M1']);
    expect(await namesIn(outside.path)).toEqual(['secret.hl7']);
  });

  it('moves nothing out through a link in the place of its own folders', async () => {
    const { path, drop } = await inbox();
    const outside = await inbox();
    await symlink(outside.path, join(path, 'done'));
    const { receiver, notebook } = await watch(path);
    await drop('a.hl7', hl7('M1'));
    await until('reported', () => notebook.warnings.length > 0);
    await sleep(60);
    expect(notebook.warnings).toEqual([{ name: 'source.unreachable', facts: { source: 'gp-records', code: 'ENOTDIR' } }]);
    expect(receiver.received).toEqual([]);
    expect(await namesIn(outside.path)).toEqual([]);
  });

  it('takes files of any name, and gives each its own back', async () => {
    const { path } = await inbox();
    const names = [
      '-rf',
      'two\nlines.hl7',
      '..x',
      'a b\'"$(id)`;|.hl7',
      'ünï.hl7',
      `${'n'.repeat(251)}.hl7`,
      'done.hl7',
      '+',
      'x+y.hl7',
      '%2e%2e%2f',
      'CON',
      '*?[].hl7',
    ].map((name) => Buffer.from(name));
    names.push(Buffer.from([0xff, 0xfe, 0x41, 0x80]));
    for (const [at, name] of names.entries()) {
      if (name.toString() === '..x') continue;
      await writeFile(Buffer.concat([Buffer.from(`${path}/`), name]), hl7(`M${at}`));
    }
    const { receiver, notebook } = await watch(path);
    await until('all taken', async () => (await namesIn(path, 'done')).length === names.length - 1);
    expect(receiver.received).toHaveLength(names.length - 1);
    for (const name of names) {
      if (name.toString() === '..x' || name.length > 250) continue;
      expect((await stat(Buffer.concat([Buffer.from(`${path}/done/`), name]))).isFile()).toBe(true);
    }
    expect(notebook.warnings).toEqual([]);
  });

  it.each([
    ['name', ['M-a', 'M-b', 'M-c']],
    ['time', ['M-b', 'M-c', 'M-a']],
  ] as const)('takes ready files in the order of their %s', async (order, expected) => {
    const { path, drop } = await inbox();
    for (const name of ['c', 'a', 'b']) await drop(`${name}.hl7`, hl7(`M-${name}`));
    for (const [at, name] of ['b', 'c', 'a'].entries()) await utimes(join(path, `${name}.hl7`), 1_700_000_000 + at, 1_700_000_000 + at);
    const { ids } = await watch(path, { order, ready: 'rename' });
    await arrives(path, 'done', 'a.hl7', 'b.hl7', 'c.hl7');
    expect(ids()).toEqual(expected);
  });
});

describe('folder source: when things fail', () => {
  it('keeps the file and tries again while the store takes nothing; what was taken is not given twice', async () => {
    const { path, drop } = await inbox();
    const receiver = new ScriptedReceiver();
    let away = true;
    receiver.onReceive = ({ bytes }) => (away && idOf(bytes) === 'M2' ? Promise.reject(new Error('no store')) : receipt(null));
    const { ids, notebook } = await watch(path, {}, receiver);
    await drop('a.hl7', batch(['M1', 'M2', 'M3']));
    await drop('b.hl7', hl7('M4'));
    await until('tried a few times', () => ids().filter((id) => id === 'M2').length >= 3);
    expect(await namesIn(path, 'processing')).toHaveLength(1);
    expect(ids()).not.toContain('M4');
    away = false;
    await arrives(path, 'done', 'a.hl7', 'b.hl7');
    expect(ids().filter((id) => id !== 'M2')).toEqual(['M1', 'M3', 'M4']);
    expect(notebook.warnings.map((warning) => warning.name)).toEqual(['source.store-unavailable']);
    expect(notebook.events.map((event) => event.name)).toContain('source.store-unavailable.cleared');
  });

  it('takes what a former run had claimed and not finished', async () => {
    const { path, drop } = await inbox();
    const first = new ScriptedReceiver();
    first.onReceive = () => new Promise(() => {});
    const { source } = await watch(path, {}, first);
    await drop('a.hl7', hl7('M1'));
    await until('in hand', () => first.received.length === 1);
    await source.stop(AbortSignal.timeout(30));
    const { ids } = await watch(path);
    await arrives(path, 'done', 'a.hl7');
    expect(ids()).toEqual(['M1']);
    expect(await namesIn(path, 'processing')).toEqual([]);
  });

  it('leaves the claims of another daemon alone, unless they lie too long', async () => {
    const { path, drop } = await inbox();
    await watch(path, { pattern: 'none' });
    await until('running', async () => (await namesIn(path, 'processing')).length === 0 && (await namesIn(path)).length === 3);
    const { ids } = await watch(path, { takeover: 150, pattern: 'none' });
    await sleep(40);
    await drop('processing/0a0b0c0d+left.hl7', hl7('M1'));
    await sleep(60);
    expect(ids()).toEqual([]);
    await arrives(path, 'done', 'left.hl7');
    expect(await namesIn(path, 'done')).toEqual(['left.hl7']);
  });

  it('shares a folder between two daemons, each file taken by one', async () => {
    const { path, drop } = await inbox();
    const receiver = new ScriptedReceiver();
    await watch(path, { ready: 'rename' }, receiver);
    await watch(path, { ready: 'rename' }, receiver);
    const names = Array.from({ length: 40 }, (_, i) => `f${i}.hl7`);
    for (const [at, name] of names.entries()) {
      await drop(`${name}.tmp`, hl7(`M${at}`));
      await rename(join(path, `${name}.tmp`), join(path, name));
    }
    await arrives(path, 'done', ...names);
    expect(receiver.received).toHaveLength(40);
  });

  it('reports a folder that has vanished once, and takes up again when it is back', async () => {
    const { path, drop } = await inbox();
    const { ids, notebook } = await watch(path);
    await until('running', async () => (await namesIn(path)).length === 3);
    await rm(path, { recursive: true });
    await until('reported', () => notebook.warnings.length > 0);
    await sleep(80);
    expect(notebook.warnings).toEqual([{ name: 'source.unreachable', facts: { source: 'gp-records', code: 'ENOENT' } }]);
    await mkdir(path);
    await drop('a.hl7', hl7('M1'));
    await arrives(path, 'done', 'a.hl7');
    expect(ids()).toEqual(['M1']);
    expect(notebook.events.map((event) => event.name)).toContain('source.unreachable.cleared');
  });

  it('does not receive a file again because it could not be put away', async () => {
    const { path, drop } = await inbox();
    const receiver = new ScriptedReceiver();
    receiver.onReceive = async () => {
      // Someone puts a file where the folder was.
      await rm(join(path, 'error'), { recursive: true });
      await drop('error', 'in the way');
      return rejected('no-control-id');
    };
    const { notebook } = await watch(path, {}, receiver);
    await drop('a.hl7', hl7('M1'));
    await until('reported', () => notebook.warnings.length > 0);
    await sleep(60);
    await rm(join(path, 'error'));
    await arrives(path, 'error', 'a.hl7', 'a.hl7.error');
    expect(receiver.received).toHaveLength(1);
  });

  it('stops between two messages at its deadline, and leaves the file to be taken again', async () => {
    const { path, drop } = await inbox();
    const receiver = new ScriptedReceiver();
    const gate = new Gate<Receipt>();
    receiver.onReceive = ({ bytes }) => (idOf(bytes) === 'M2' ? gate.opened : receipt(null));
    const { source, ids } = await watch(path, {}, receiver);
    await drop('a.hl7', batch(['M1', 'M2', 'M3']));
    await until('second in hand', () => receiver.received.length === 2);
    await source.stop(AbortSignal.timeout(30));
    gate.open(receipt(null));
    await sleep(50);
    expect(ids()).toEqual(['M1', 'M2']);
    expect(await namesIn(path, 'processing')).toHaveLength(1);
  });

  it('finishes the file in hand when it is stopped in good time', async () => {
    const { path, drop } = await inbox();
    const receiver = new ScriptedReceiver();
    const gate = new Gate();
    receiver.onReceive = async () => {
      await gate.opened;
      return receipt(null);
    };
    const { source } = await watch(path, {}, receiver);
    await drop('a.hl7', batch(['M1', 'M2']));
    await drop('b.hl7', hl7('M3'));
    await until('in hand', () => receiver.received.length === 1);
    const stopping = source.stop(AbortSignal.timeout(10_000));
    gate.open();
    await stopping;
    expect(await namesIn(path, 'done')).toEqual(['a.hl7']);
    expect(await namesIn(path)).toContain('b.hl7');
  });
});

describe('folder source: permissions', () => {
  const open = async (path: string) => {
    const { chmod } = await import('node:fs/promises');
    await chmod(path, 0o777);
    return chmod;
  };

  it('reports a folder it may not read as that, not as empty, and takes up when it may', async () => {
    const { path, drop } = await inbox();
    const chmod = await open(path);
    await drop('a.hl7', hl7('M1'));
    await chmod(join(path, 'a.hl7'), 0o666);
    await chmod(path, 0o000);
    const child = new Child(require.resolve('../support/folder-reader.ts'), { path, interval: 10, stableFor: 10 });
    stops.unshift(() => child.stop());
    expect(await child.says('unreachable', (line) => line.warn === 'source.unreachable')).toMatchObject({ code: 'EACCES' });
    await sleep(80);
    await chmod(path, 0o777);
    await child.says('received', (line) => line.received === 'M1');
    await child.says('cleared', (line) => line.event === 'source.unreachable.cleared');
    expect(child.said.filter((line) => line.warn !== undefined)).toHaveLength(1);
  });

  it('leaves a file it may not read where its owner can see it, says so once, and takes the others', async () => {
    const { path, drop } = await inbox();
    const chmod = await open(path);
    await drop('a.hl7', hl7('M1'));
    await chmod(join(path, 'a.hl7'), 0o000);
    await drop('b.hl7', hl7('M2'));
    await chmod(join(path, 'b.hl7'), 0o666);
    const child = new Child(require.resolve('../support/folder-reader.ts'), { path, interval: 10, stableFor: 10 });
    stops.unshift(() => child.stop());
    await child.says('received', (line) => line.received === 'M2');
    expect(await child.says('unreadable', (line) => line.warn === 'source.files-unreadable')).toMatchObject({ files: 1 });
    expect(await namesIn(path)).toContain('a.hl7');
    await chmod(join(path, 'a.hl7'), 0o666);
    await child.says('received', (line) => line.received === 'M1');
    await child.says('cleared', (line) => line.event === 'source.files-unreadable.cleared');
    expect(child.said.filter((line) => line.warn !== undefined)).toHaveLength(1);
    expect(JSON.stringify(child.said)).not.toContain('.hl7');
  });
});
