import { chmod, mkdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FolderDestination, type FolderDestinationSettings } from '../../../adapters/folder/outbound.ts';
import { silent } from '../../../records/telemetry.ts';
import { Child } from '../support/child.ts';
import { delivery, destinationName, noDeadline } from '../support/deliveries.ts';
import { makeFolder, namesIn } from '../support/folders.ts';
import { Notebook } from '../support/notebook.ts';
import { Gate, until } from '../support/waiting.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const open = async (settings: Partial<FolderDestinationSettings> = {}) => {
  const folder = await makeFolder();
  stops.push(() => folder.remove());
  const notebook = new Notebook();
  const destination = new FolderDestination(destinationName('gp-hill-lane'), { path: folder.path, ...settings }, notebook);
  return { destination, path: folder.path, notebook };
};

const WRITTEN = { outcome: 'delivered', confirmed: false, receiptCode: 'file-written' };
const text = Buffer.from('Release summary\n');

describe('folder destination: writing', () => {
  it('writes the payload whole under a name of the transport key alone', async () => {
    const { destination, path } = await open();
    expect(await destination.send(delivery({ key: 'TC0001', bytes: text, contentType: 'text/plain' }), noDeadline())).toEqual(WRITTEN);
    expect(await namesIn(path)).toEqual(['TC0001.txt']);
    expect(await readFile(join(path, 'TC0001.txt'))).toEqual(text);
    expect((await stat(join(path, 'TC0001.txt'))).mode & 0o777).toBe(0o640);
  });

  it('streams a payload, and never shows a part of it under its name', async () => {
    const { destination, path } = await open();
    const gate = new Gate();
    const pieces = async function* () {
      yield Buffer.from('first ');
      await gate.opened;
      yield Buffer.from('second');
    };
    const sending = destination.send(delivery({ key: 'TC1', pieces, size: 12 }), noDeadline());
    await until('being written', async () => (await namesIn(path)).length === 1);
    expect(await namesIn(path)).toEqual(['.TC1.hl7.1.part']);
    gate.open();
    expect(await sending).toEqual(WRITTEN);
    expect(await namesIn(path)).toEqual(['TC1.hl7']);
    expect(await readFile(join(path, 'TC1.hl7'), 'utf8')).toBe('first second');
  });

  it('never hands over a payload that was cut short', async () => {
    const { destination, path } = await open();
    const failing = async function* () {
      yield Buffer.from('half');
      throw new Error('the store is away');
    };
    const back = { outcome: 'transient', code: 'send-failed', sentBytes: false, transport: false };
    expect(await destination.send(delivery({ pieces: failing, size: 8 }), noDeadline())).toEqual(back);
    expect(await destination.send(delivery({ pieces: [Buffer.from('half')], size: 8 }), noDeadline())).toEqual(back);
    expect(await namesIn(path)).toEqual([]);
  });

  it.each([
    ['{id}-{key}.{ext}', undefined, /^\d{12}-TC1\.hl7$/],
    ['{key}.{ext}', 'dat', /^TC1\.dat$/],
    ['summary_{key}', undefined, /^summary_TC1$/],
  ])('names files by the template %s', async (name, extension, expected) => {
    const { destination, path } = await open({ name, extension });
    await destination.send(delivery({ key: 'TC1' }), noDeadline());
    expect((await namesIn(path))[0]).toMatch(expected);
  });

  it('keeps a key that holds the signs of a path within the folder, and two keys apart', async () => {
    const { destination, path } = await open();
    for (const key of ['../../etc/passwd', '..', 'a/b', 'a=2fb', 'a b', 'é'])
      expect(await destination.send(delivery({ key, bytes: text }), noDeadline())).toEqual(WRITTEN);
    expect(await namesIn(path)).toEqual([
      '=2e=2e.hl7',
      '=2e=2e=2f=2e=2e=2fetc=2fpasswd.hl7',
      '=c3=a9.hl7',
      'a=20b.hl7',
      'a=2fb.hl7',
      'a=3d2fb.hl7',
    ]);
  });

  it.each(['fixed.txt', '../{key}', '.{key}', '{key} {patient}'])('refuses the template %s when it is made', (name) => {
    expect(() => new FolderDestination(destinationName('gp'), { path: '/nowhere', name }, silent)).toThrow('setting `name`');
  });

  it('lets no attempt whose time is up put a file under its name', async () => {
    const { destination, path } = await open();
    const gate = new Gate();
    const slow = async function* () {
      yield text;
      await gate.opened;
    };
    expect(await destination.send(delivery({ key: 'TC1', pieces: slow, size: text.length }), AbortSignal.timeout(40))).toEqual({
      outcome: 'transient',
      code: 'send-failed',
      sentBytes: false,
      transport: true,
    });
    gate.open();
    await destination.close();
    expect(await namesIn(path)).toEqual([]);
  });
});

describe('folder destination: a file of that name', () => {
  it('is ours when its bytes are: an attempt that had succeeded is not repeated', async () => {
    const { destination, path } = await open();
    const sent = delivery({ key: 'TC1', bytes: text });
    await destination.send(sent, noDeadline());
    const before = await stat(join(path, 'TC1.hl7'));
    expect(await destination.send(sent, noDeadline())).toEqual({ outcome: 'delivered', confirmed: false, receiptCode: 'file-present' });
    expect((await stat(join(path, 'TC1.hl7'))).ino).toBe(before.ino);
  });

  it.each([
    ['other content', (at: string) => writeFile(at, 'Release summarY\n')],
    ['a link', (at: string) => symlink('/etc/hostname', at)],
    ['a folder', (at: string) => mkdir(at)],
  ])('is left alone when it is %s', async (_what, lay) => {
    const { destination, path } = await open();
    await lay(join(path, 'TC1.hl7'));
    expect(await destination.send(delivery({ key: 'TC1', bytes: text }), noDeadline())).toEqual({
      outcome: 'ambiguous',
      code: 'file-exists',
      sentBytes: false,
      transport: false,
    });
    expect(await namesIn(path)).toEqual(['TC1.hl7']);
    expect(await destination.resolve(delivery({ key: 'TC1', bytes: text }))).toEqual({ known: 'unknown' });
  });

  it('is not written over when it appears while ours is being written', async () => {
    const { destination, path } = await open();
    const pieces = async function* () {
      yield text;
      await writeFile(join(path, 'TC1.hl7'), 'someone else');
    };
    expect(await destination.send(delivery({ key: 'TC1', pieces, size: text.length }), noDeadline())).toMatchObject({
      outcome: 'ambiguous',
      code: 'file-exists',
    });
    expect(await namesIn(path)).toEqual(['TC1.hl7']);
    expect(await readFile(join(path, 'TC1.hl7'), 'utf8')).toBe('someone else');
  });
});

describe('folder destination: after a crash', () => {
  it('finds a file that was handed over', async () => {
    const { destination } = await open();
    const sent = delivery({ key: 'TC1', bytes: text });
    await destination.send(sent, noDeadline());
    expect(await destination.resolve(sent)).toEqual({ known: 'delivered', receiptCode: 'file-present' });
  });

  it('removes what was begun and not finished, of any attempt, and knows that it was not handed over', async () => {
    const { destination, path } = await open();
    for (const name of ['.TC1.hl7.3.part', '.TC1.hl7.4.part', '.TC1.hl7.x.part', '.TC10.hl7.3.part'])
      await writeFile(join(path, name), 'ha');
    expect(await destination.resolve(delivery({ key: 'TC1', bytes: text, token: 5 }))).toEqual({ known: 'not-sent' });
    expect(await namesIn(path)).toEqual(['.TC1.hl7.x.part', '.TC10.hl7.3.part']);
  });

  it('does not know of a file that is not there: it may have been fetched', async () => {
    const { destination, path } = await open();
    const sent = delivery({ key: 'TC1', bytes: text });
    await destination.send(sent, noDeadline());
    await rename(join(path, 'TC1.hl7'), join(path, 'fetched'));
    expect(await destination.resolve(sent)).toEqual({ known: 'unknown' });
    expect(destination.dedupable).toBe(false);
  });

  it('keeps a sender that lost its claim from finishing once the question is settled', async () => {
    const { destination, path } = await open();
    const gate = new Gate();
    const slow = async function* () {
      yield text;
      await gate.opened;
    };
    const late = destination.send(delivery({ key: 'TC1', pieces: slow, size: text.length, token: 1 }), noDeadline());
    await until('being written', async () => (await namesIn(path)).length === 1);
    const next = delivery({ key: 'TC1', bytes: text, token: 2 });
    expect(await destination.resolve(next)).toEqual({ known: 'not-sent' });
    expect(await destination.send(next, noDeadline())).toEqual(WRITTEN);
    gate.open();
    expect((await late).outcome).not.toBe('transient');
    expect(await namesIn(path)).toEqual(['TC1.hl7']);
  });

  it('says that it could not ask, when the folder is not there', async () => {
    const { destination, path } = await open();
    await rm(path, { recursive: true });
    await expect(destination.resolve(delivery({ bytes: text }))).rejects.toMatchObject({ code: 'folder-unreachable' });
  });
});

describe('folder destination: when it cannot be written', () => {
  it('gives everything back while the folder is not there, says so once, makes none of its own, and goes on when it is back', async () => {
    const { destination, path, notebook } = await open();
    await rm(path, { recursive: true });
    for (let i = 0; i < 3; i += 1)
      expect(await destination.send(delivery({ bytes: text }), noDeadline())).toEqual({
        outcome: 'transient',
        code: 'folder-unreachable',
        sentBytes: false,
        transport: true,
      });
    expect(await namesIn(path)).toEqual([]);
    expect(notebook.warnings).toEqual([
      { name: 'destination.unreachable', facts: { destination: 'gp-hill-lane', code: 'folder-unreachable', cause: 'ENOENT' } },
    ]);
    await mkdir(path);
    expect(await destination.send(delivery({ bytes: text }), noDeadline())).toEqual(WRITTEN);
    expect(notebook.events.map((event) => event.name)).toEqual(['destination.unreachable.cleared']);
  });

  it.each([false, true])(
    'calls a full disk by its name, leaves nothing half done behind, and goes on with what fits (streamed: %s)',
    async (streamed) => {
      const { path } = await open();
      await chmod(path, 0o777);
      const job = {
        path,
        sends: [
          { key: 'BIG', size: 300_000, streamed },
          { key: 'SMALL', size: 1_000, streamed },
        ],
      };
      const child = new Child(require.resolve('../support/folder-writer.ts'), job, 64 * 1024);
      stops.unshift(() => child.stop());
      expect(await child.says('big', (line) => line.key === 'BIG')).toEqual({
        key: 'BIG',
        result: { outcome: 'transient', code: 'disk-full', sentBytes: false, transport: true },
        names: [],
      });
      expect(await child.says('small', (line) => line.key === 'SMALL')).toMatchObject({ result: WRITTEN, names: ['SMALL.hl7'] });
    },
  );

  it('says that a folder may not be written', async () => {
    const { path } = await open();
    await chmod(path, 0o555);
    const child = new Child(require.resolve('../support/folder-writer.ts'), { path, sends: [{ key: 'TC1', size: 10, streamed: false }] });
    stops.unshift(() => child.stop());
    expect(await child.says('result', (line) => line.key === 'TC1')).toMatchObject({
      result: { outcome: 'transient', code: 'folder-unreachable', sentBytes: false, transport: true },
      names: [],
    });
  });

  it('waits for what is being written when it is closed, and takes no new work', async () => {
    const { destination, path } = await open();
    const gate = new Gate();
    const slow = async function* () {
      yield text;
      await gate.opened;
    };
    const sending = destination.send(delivery({ key: 'TC1', pieces: slow, size: text.length }), noDeadline());
    await until('being written', async () => (await namesIn(path)).length === 1);
    let closed = false;
    const closing = destination.close().then(() => {
      closed = true;
    });
    expect(await destination.send(delivery({ bytes: text }), noDeadline())).toMatchObject({ outcome: 'transient', sentBytes: false });
    await sleep(20);
    expect(closed).toBe(false);
    gate.open();
    expect(await sending).toEqual(WRITTEN);
    await closing;
  });
});
