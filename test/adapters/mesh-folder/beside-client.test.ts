import { createHash } from 'node:crypto';
import { appendFile, mkdir, open, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MeshFolderIntakeSettings } from '../../../adapters/mesh-folder/round.ts';
import type { Receipt } from '../../../records/ports.ts';
import { namesIn } from '../support/folders.ts';
import { controlText, dropped, MAILBOX, MeshFolders, received } from '../support/mesh-folders.ts';
import { receipt } from '../support/scripted-receiver.ts';
import { Gate, until } from '../support/waiting.ts';

const made: MeshFolders[] = [];
afterEach(async () => {
  for (const folders of made.splice(0)) await folders.remove();
});
const client = async (over?: Partial<MeshFolderIntakeSettings>, folders?: readonly string[]): Promise<MeshFolders> => {
  const site = await MeshFolders.make(folders);
  made.push(site);
  if (over !== undefined) await site.watch(over);
  return site;
};
const inFolder = (site: MeshFolders, folder: string, ...names: readonly string[]) =>
  until(`${names.join(', ')} in ${folder}`, async () => {
    const there = await namesIn(site.path, folder);
    return names.every((name) => there.includes(name));
  });
const clearedUp = (site: MeshFolders) =>
  until('nothing left in processing', async () => (await namesIn(site.path, 'processing')).length === 0);
const nothingMoves = async (site: MeshFolders): Promise<void> => {
  await sleep(200);
  expect(await namesIn(site.path, 'processing')).toEqual([]);
};
const ids = (site: MeshFolders) => site.mailbox.streams.map(({ transportId }) => transportId);

describe('MESH rule 2.4: what lies in IN beside a client', () => {
  it('takes Data that was transferred as a message, by its MESH id, with the headers of its control file', async () => {
    const site = await client({});
    await site.drop('IN', '20261101_AB', received({ Subject: 'list', From_DTS: 'x26ot002', IsCompressed: 'N' }), 'MSH|^~\\&|X');
    await inFolder(site, 'done', '20261101_AB.ctl', '20261101_AB.dat');
    expect(site.mailbox.streams).toMatchObject([
      {
        source: 'client',
        transportId: 'ID1',
        workflow: 'RECORDS',
        disposition: 'process',
        text: 'MSH|^~\\&|X',
        meta: { file: '20261101_AB.dat' },
        headers: {
          from: 'X26OT002',
          to: MAILBOX,
          workflowid: 'RECORDS',
          subject: 'list',
          localid: 'L1',
          messageid: 'ID1',
          'content-compressed': 'N',
        },
        fence: { lease: 'mailbox:folder/client', token: 1 },
      },
    ]);
    expect(await namesIn(site.path, 'IN')).toEqual([]);
    await clearedUp(site);
    expect(site.notebook.everything).not.toMatch(/AB|list|X26OT/);
  });

  it('moves a pair on only after it is committed', async () => {
    const site = await client();
    const gate = new Gate<readonly Receipt[]>();
    site.mailbox.onStream = () => gate.opened;
    await site.watch();
    await site.drop('IN', 'a', received());
    await until('read', () => site.mailbox.streams.length === 1);
    expect(await namesIn(site.path, 'done')).toEqual([]);
    gate.open([receipt(null)]);
    await inFolder(site, 'done', 'a.ctl', 'a.dat');
  });

  it('takes each workflow as its disposition says, and a pair without an id by its digest', async () => {
    const site = await client({ done: 'delete' });
    const withoutId = controlText({ MessageType: 'DATA', From_DTS: 'A', To_DTS: MAILBOX.toLowerCase(), WorkflowId: 'SCANS' }, [
      'Transfer',
      'Success',
      '00',
    ]);
    await site.drop('IN', 'a', received({ WorkflowId: 'LETTERS', DTSId: 'ID2' }));
    await site.drop('IN', 'b', withoutId, 'scan');
    await until('all taken', async () => site.mailbox.streams.length === 2 && (await namesIn(site.path, 'processing')).length === 0);
    const of = (workflow: string) => site.mailbox.streams.find((stream) => stream.workflow === workflow);
    expect(of('LETTERS')).toMatchObject({ transportId: 'ID2', disposition: 'forward' });
    expect(of('SCANS')).toMatchObject({
      transportId: createHash('sha256').update(withoutId).update('scan').digest('hex'),
      disposition: 'hold',
    });
    expect(await namesIn(site.path, 'done')).toEqual([]);
    expect(await namesIn(site.path, 'IN')).toEqual([]);
  });

  it('reads a recipient’s own answer and notes it on the delivery it names; one that is not understood is held', async () => {
    const workflows = new Map([['LETTERS_ACK', { do: 'acknowledge', of: 'LETTERS' } as const]]);
    const site = await client({ workflows });
    site.mailbox.deliveries = new Set(['key-1']);
    const answer = (code: string, about: string): string =>
      JSON.stringify({
        resourceType: 'Bundle',
        entry: [
          { resource: { resourceType: 'MessageHeader', response: { identifier: about } } },
          { resource: { resourceType: 'OperationOutcome', issue: [{ details: { coding: [{ code, display: 'said' }] } }] } },
        ],
      });
    const control = (id: string, local: string) => received({ WorkflowId: 'LETTERS_ACK', DTSId: id, LocalId: local });
    await site.drop('IN', 'a', control('ID1', 'theirs'), answer('30001', 'key-1'));
    await site.drop('IN', 'b', control('ID2', 'key-1'), answer('30003', 'unknown-here'));
    await site.drop('IN', 'c', control('ID3', 'key-1'), 'not an answer');
    await inFolder(site, 'done', 'a.ctl', 'b.ctl', 'c.ctl');
    const noted = site.mailbox.reports.filter(({ name }) => name.transportKey === 'key-1');
    expect(
      noted.map(({ transportId, type, receipt }) => [transportId, type, receipt.stage, receipt.good, receipt.fault, receipt.receiptCode]),
    ).toEqual([
      ['ID1', 'LETTERS_ACK', 'business', true, undefined, '30001'],
      ['ID2', 'LETTERS_ACK', 'business', false, 'business-refused', '30003'],
    ]);
    expect(site.mailbox.streams).toMatchObject([{ transportId: 'ID3', disposition: 'hold' }]);
  });

  it('MESH rule 2.2: touches nothing in a shared folder but what is for its mailbox and of workflows it knows', async () => {
    const site = await client({});
    const others = {
      foreign: received({ To_DTS: 'X26OT009' }),
      unknown: received({ WorkflowId: 'SOMETHING_ELSE' }),
      collected: controlText({ MessageType: 'Report', From_DTS: MAILBOX, To_DTS: 'A' }, ['COLLECT', 'SUCCESS', '00']),
      delayed: controlText({ MessageType: 'Data', From_DTS: 'A', To_DTS: MAILBOX, WorkflowId: 'RECORDS' }, ['TRANSFER', 'SUCCESS', '05']),
      untold: controlText({ MessageType: 'Data', From_DTS: 'A', To_DTS: MAILBOX, WorkflowId: 'RECORDS' }),
      broken: '<DTSControl><From_DTS>A</To_DTS></DTSControl>',
    };
    for (const [name, text] of Object.entries(others)) await site.drop('IN', name, text);
    await site.drop('IN', 'ours', received());
    await inFolder(site, 'done', 'ours.ctl');
    await nothingMoves(site);
    expect(await namesIn(site.path, 'IN')).toEqual(
      Object.keys(others)
        .flatMap((name) => [`${name}.ctl`, `${name}.dat`])
        .sort(),
    );
    expect(ids(site)).toEqual(['ID1']);
    // They came one after another; what is told last is all that lies there.
    expect(site.notebook.warnings.at(-1)).toMatchObject({ name: 'source.pairs-left', facts: { source: 'client', code: 'control-file' } });
    await rm(site.at('IN', 'broken.ctl'));
    await rm(site.at('IN', 'unknown.ctl'));
    await until('all clear', () => site.notebook.events.some(({ name }) => name === 'source.pairs-left.cleared'));
  });

  it('takes workflows nobody named where the settings say so, and holds them', async () => {
    const site = await client({ others: 'hold' });
    await site.drop('IN', 'a', received({ WorkflowId: 'SOMETHING_ELSE' }));
    await inFolder(site, 'done', 'a.ctl');
    expect(site.mailbox.streams).toMatchObject([{ workflow: 'SOMETHING_ELSE', disposition: 'hold' }]);
  });

  it('MESH rule 1.7: notes a Report without a data file on its delivery, by an id that is known, else by its local id', async () => {
    const site = await client();
    site.mailbox.deliveries = new Set(['FAR1', 'KEY2']);
    await site.watch();
    const report = (code: string, over = {}) =>
      controlText({ MessageType: 'REPORT', From_DTS: MAILBOX, To_DTS: 'X26OT002', LocalId: 'KEY1', DTSId: 'FAR1', ...over }, [
        'SEND',
        'ERROR',
        code,
      ]);
    await site.drop('IN', 'r1', report('14'), null);
    await site.drop('IN', 'r2', report('EPL-153', { LocalId: 'KEY2', DTSId: 'OWN' }), null);
    await inFolder(site, 'done', 'r1.ctl', 'r2.ctl');
    const noted = site.mailbox.reports.filter(({ name: { farId, transportKey } }) => farId === 'FAR1' || transportKey === 'KEY2');
    expect(noted).toMatchObject([
      {
        type: 'REPORT',
        final: false,
        receipt: {
          stage: 'reported',
          good: false,
          fault: 'not-collected',
          receiptCode: '14',
          at: '2026-11-01T12:00:01.000Z',
          words: Buffer.from('said so'),
        },
      },
      { receipt: { fault: 'patient-not-routed', receiptCode: 'EPL-153' } },
    ]);
    // An id nobody knows goes by itself: it may be the report's own, and is not to be taken for that of the message.
    expect(site.mailbox.reports.map(({ name }) => name)).toEqual([
      { mailbox: MAILBOX, farId: 'FAR1' },
      { mailbox: MAILBOX, farId: 'OWN' },
      { mailbox: MAILBOX, transportKey: 'KEY2' },
    ]);
    expect(new Set(noted.map(({ receipt: { reference } }) => reference)).size).toBe(2);
    expect(noted[0]?.bytes.toString()).toBe(report('14'));
  });

  it('leaves a Report on what another program sent', async () => {
    const site = await client();
    site.mailbox.deliveries = new Set(['KEY1']);
    await site.watch();
    const report = controlText({ MessageType: 'Report', From_DTS: MAILBOX, LocalId: 'THEIRS' }, ['SEND', 'ERROR', '14']);
    await site.drop('IN', 'r1', report, null);
    await until('asked', () => site.mailbox.reports.length === 1);
    await nothingMoves(site);
    expect(site.mailbox.reports).toHaveLength(1);
    expect(await namesIn(site.path, 'IN')).toEqual(['r1.ctl']);
  });

  it('holds a recipient’s own answer where nobody can tell a yes from a no', async () => {
    const site = await client({});
    await site.drop('IN', 'a', received({ WorkflowId: 'OURS_ACK' }));
    await inFolder(site, 'done', 'a.ctl');
    expect(site.mailbox.streams).toMatchObject([{ workflow: 'OURS_ACK', disposition: 'hold' }]);
  });
});

describe('MESH rule 2.1: SENT and FAILED beside a client', () => {
  it('learns the MESH id of what was sent, by local id or by our own file name', async () => {
    const site = await client({});
    await site.drop(
      'SENT',
      'their-name',
      dropped({ LocalId: 'KEY1', DTSId: 'FAR1' }).replace(
        '</DTSControl>',
        '<StatusRecord><Event>TRANSFER</Event><Status>SUCCESS</Status><StatusCode>00</StatusCode></StatusRecord></DTSControl>',
      ),
    );
    await site.drop(
      'SENT',
      'tc-KEY=2e2',
      dropped({ LocalId: 'A81001', DTSId: 'FAR2' }).replace(
        '</DTSControl>',
        '<StatusRecord><Event>TRANSFER</Event><Status>SUCCESS</Status><StatusCode>00</StatusCode></StatusRecord></DTSControl>',
      ),
    );
    await inFolder(site, 'done', 'their-name.ctl', 'their-name.dat', 'tc-KEY=2e2.ctl', 'tc-KEY=2e2.dat');
    expect(site.mailbox.notes.map(({ name }) => name).sort((a, b) => String(a.farId).localeCompare(String(b.farId)))).toEqual([
      { mailbox: MAILBOX, farId: 'FAR1', transportKey: 'KEY1' },
      { mailbox: MAILBOX, farId: 'FAR2', transportKey: 'KEY.2' },
    ]);
    expect(site.mailbox.notes[0]?.receipt).toMatchObject({ stage: 'accepted', good: true, receiptCode: '00' });
    expect(site.mailbox.streams).toEqual([]);
  });

  it('does not take a success that is still to come for sent', async () => {
    const site = await client({});
    const record = (event: string, code?: string) =>
      controlText({ MessageType: 'Data', From_DTS: MAILBOX, LocalId: 'KEY1', DTSId: 'FAR1' }, [event, 'SUCCESS', code ?? '']);
    await site.drop('SENT', 'delayed', record('TRANSFER', '05'));
    await site.drop('SENT', 'alone', record('TRANSFER'));
    await site.drop('SENT', 'collected', record('COLLECT', '00'));
    await nothingMoves(site);
    expect(site.mailbox.notes).toEqual([]);
    await site.drop('SENT', 'delayed', record('TRANSFER', '00'));
    await inFolder(site, 'done', 'delayed.ctl');
    expect(site.mailbox.notes).toHaveLength(1);
  });

  it('takes a pair in FAILED for the failure of a delivery of ours, whatever its record says, and leaves those of others', async () => {
    const site = await client();
    site.mailbox.deliveries = new Set(['KEY1', 'KEY2', 'KEY3']);
    await site.watch();
    await site.drop('FAILED', 'a', dropped({ LocalId: 'KEY1' }));
    await site.drop('FAILED', 'b', controlText({ MessageType: 'Data', From_DTS: MAILBOX, LocalId: 'KEY2' }, ['SEND', 'ERROR', '12']));
    await site.drop('FAILED', 'tc-KEY3', 'not XML at all');
    await site.drop('FAILED', 'theirs', dropped({ LocalId: 'THEIRS' }));
    await site.drop('FAILED', 'foreign', dropped({ LocalId: 'KEY1', From_DTS: 'X26OT009' }));
    await inFolder(site, 'done', 'a.ctl', 'b.ctl', 'tc-KEY3.ctl');
    await nothingMoves(site);
    expect(site.mailbox.notes.map(({ name, receipt: { stage, good, fault } }) => [name.transportKey, stage, good, fault]).sort()).toEqual([
      ['KEY1', 'accepted', false, 'mesh-refused'],
      ['KEY2', 'accepted', false, 'recipient-unknown'],
      ['KEY3', 'accepted', false, 'mesh-refused'],
      ['THEIRS', 'accepted', false, 'mesh-refused'],
    ]);
    expect(await namesIn(site.path, 'FAILED')).toEqual(['foreign.ctl', 'foreign.dat', 'theirs.ctl', 'theirs.dat']);
  });
});

describe('MESH rule 2.2: pairing and naming', () => {
  it('waits for the control file, and then for the data file', async () => {
    const site = await client({ dataWait: 60_000 });
    await writeFile(site.at('IN', 'a.dat'), 'data');
    await site.drop('IN', 'b', received({ DTSId: 'ID2' }), null);
    await nothingMoves(site);
    expect(site.mailbox.streams).toEqual([]);
    await writeFile(site.at('IN', 'b.dat'), 'late');
    await inFolder(site, 'done', 'b.ctl');
    expect(site.mailbox.streams).toMatchObject([{ transportId: 'ID2', text: 'late' }]);
    await writeFile(site.at('IN', 'a.ctl'), received());
    await inFolder(site, 'done', 'a.ctl');
    expect(ids(site)).toEqual(['ID2', 'ID1']);
  });

  it('journals a control file whose data file never comes, and sets it aside', async () => {
    const site = await client({});
    await site.drop('IN', 'a', received(), null);
    await inFolder(site, 'error', 'a.ctl', 'a.error');
    expect(site.receiver.refused).toMatchObject([{ reason: 'data-file-missing' }]);
    expect(await readFile(site.at('error', 'a.error'), 'utf8')).toContain(
      'data-file-missing. A MESH control file came without its data file.',
    );
    await clearedUp(site);
  });

  it('does not begin with files that are younger than it is told to wait, or still grow', async () => {
    const site = await client({ settleFor: 1_000 });
    await site.drop('IN', 'a', received(), '');
    for (let n = 0; n < 12; n += 1) {
      await appendFile(site.at('IN', 'a.dat'), `${n},`);
      await sleep(25);
      expect(site.mailbox.streams).toEqual([]);
    }
    await inFolder(site, 'done', 'a.ctl');
    expect(site.mailbox.streams).toMatchObject([{ text: '0,1,2,3,4,5,6,7,8,9,10,11,' }]);
  });

  it('reads a data file again that changed while it was read', async () => {
    const site = await client();
    const handle = await open(site.at('IN', 'a.dat'), 'w');
    await handle.write(Buffer.alloc(300_000, 'x'));
    await writeFile(site.at('IN', 'a.ctl'), received());
    let reads = 0;
    const stream = site.mailbox.receiveStream.bind(site.mailbox);
    // Its sender writes on between the first piece and the end.
    const slow = async function* (body: AsyncIterable<Uint8Array>) {
      let pieces = 0;
      for await (const piece of body) {
        pieces += 1;
        if (reads === 1 && pieces === 1) await handle.write('more');
        yield piece;
      }
    };
    site.mailbox.receiveStream = (incoming) => {
      reads += 1;
      return stream({ ...incoming, body: slow(incoming.body) });
    };
    await site.watch();
    await inFolder(site, 'done', 'a.ctl');
    await handle.close();
    expect(reads).toBe(2);
    expect(site.mailbox.streams).toHaveLength(1);
    expect(site.mailbox.streams[0]?.size).toBe(300_004);
    expect(site.receiver.refused).toEqual([]);
  });

  it('finds folders and endings in any letter case', async () => {
    const site = await client(undefined, ['in', 'Sent', 'failed']);
    await writeFile(site.at('in', 'A.DAT'), 'upper');
    await writeFile(site.at('in', 'A.Ctl'), received());
    await writeFile(site.at('in', 'Mixed.dat'), 'mixed');
    await writeFile(site.at('in', 'mixed.CTL'), received({ DTSId: 'ID2' }));
    await site.watch();
    await inFolder(site, 'done', 'A.ctl', 'A.dat', 'mixed.ctl', 'mixed.dat');
    expect(site.mailbox.streams.map(({ text }) => text).sort()).toEqual(['mixed', 'upper']);
  });

  it('takes a name that comes again for a new pair', async () => {
    const site = await client({});
    for (const id of ['ID1', 'ID2', 'ID3']) {
      await site.drop('IN', '00000001', received({ DTSId: id }), id);
      await until(`${id} taken`, async () => ids(site).includes(id) && (await namesIn(site.path, 'IN')).length === 0);
    }
    await inFolder(site, 'done', '00000001.ctl', '00000001.2.ctl', '00000001.3.ctl', '00000001.3.dat');
    expect(await readFile(site.at('done', '00000001.2.dat'), 'utf8')).toBe('ID2');
    expect(await readFile(site.at('done', '00000001.2.ctl'), 'utf8')).toContain('ID2');
  });

  it('takes pairs of any name, and never uses one as a path', async () => {
    const site = await client({});
    const names = ['new\nline', 'a..', '-rf', 'x.csv', 'ＯＵＴ', '\u202Egnp', `${'ü'.repeat(125)}`, 'a\'b"c;$(x)`y`', 'a\\b'];
    for (const [n, name] of names.entries()) {
      await writeFile(join(site.path, 'IN', `${name}.dat`), name);
      await writeFile(join(site.path, 'IN', `${name}.ctl`), received({ DTSId: `ID${n}` }));
    }
    const raw = Buffer.from([0xff, 0xfe, 0x80]);
    const inBytes = (ending: string) => Buffer.concat([Buffer.from(`${site.at('IN')}/`), raw, Buffer.from(ending)]);
    await writeFile(inBytes('.dat'), 'raw');
    await writeFile(inBytes('.ctl'), received({ DTSId: 'RAW' }));
    await until(
      'all taken',
      async () => site.mailbox.streams.length === names.length + 1 && (await namesIn(site.path, 'processing')).length === 0,
    );
    expect(await namesIn(site.path, 'IN')).toEqual([]);
    expect(site.mailbox.streams.map(({ text }) => text)).toEqual(
      expect.arrayContaining([...names.map((name) => Buffer.from(name).toString('latin1')), 'raw']),
    );
    // Nothing has left the root.
    expect(await namesIn(site.path)).toEqual(['FAILED', 'IN', 'OUT', 'SENT', 'done', 'processing']);
    expect(await namesIn(site.path, 'done')).toHaveLength(2 * (names.length + 1));
    const shown = site.mailbox.streams.map(({ headers }) => headers?.filename);
    expect(shown.filter((name) => name?.includes('\n'))).toEqual([]);
  });

  it('follows no link and takes no hidden, temporary or other file', async () => {
    const site = await client({});
    await writeFile(site.at('secret.dat'), 'secret');
    await writeFile(site.at('secret.ctl'), received());
    await symlink(site.at('secret.ctl'), site.at('IN', 'link.ctl'));
    await symlink(site.at('secret.dat'), site.at('IN', 'link.dat'));
    await writeFile(site.at('IN', 'half.ctl'), received({ DTSId: 'HALF' }));
    await symlink(site.at('secret.dat'), site.at('IN', 'half.dat'));
    for (const name of ['.hidden', '~open']) await site.drop('IN', name, received());
    await writeFile(site.at('IN', 'a.ctl.tmp'), received());
    await mkdir(site.at('IN', 'folder.ctl'));
    await inFolder(site, 'error', 'half.ctl');
    await nothingMoves(site);
    expect(site.mailbox.streams).toEqual([]);
    expect(await namesIn(site.path, 'IN')).toEqual([
      '.hidden.ctl',
      '.hidden.dat',
      'a.ctl.tmp',
      'folder.ctl',
      'half.dat',
      'link.ctl',
      'link.dat',
      '~open.ctl',
      '~open.dat',
    ]);
  });
});

describe('MESH folders that fail', () => {
  it('says once that the folders are gone, and goes on when they are back', async () => {
    const site = await client({});
    await until('looked', () => site.notebook.gauges.has('source_pairs_left'));
    await rename(site.at('IN'), site.at('..', `${Date.now()}-away`).replace('/../', '-'));
    await until('warned', () => site.notebook.warnings.length > 0);
    await sleep(60);
    expect(site.notebook.warnings).toEqual([{ name: 'source.unreachable', facts: { source: 'client', code: 'ENOENT' } }]);
    await mkdir(site.at('IN'));
    await site.drop('IN', 'a', received());
    await inFolder(site, 'done', 'a.ctl');
    expect(site.notebook.events.map(({ name }) => name)).toContain('source.unreachable.cleared');
  });

  it('keeps a pair while the store takes nothing, and sets one aside that the receipt checks reject', async () => {
    const site = await client();
    let away = true;
    site.mailbox.onStream = () => {
      if (away) throw new Error('store away');
      return [receipt(null, { outcome: 'rejected', reason: 'not-hl7' })];
    };
    await site.watch();
    await site.drop('IN', 'a', received());
    await until('tried twice', () => site.mailbox.streams.length >= 2);
    expect(site.notebook.warnings).toMatchObject([{ name: 'source.store-unavailable' }]);
    away = false;
    await inFolder(site, 'error', 'a.ctl', 'a.dat', 'a.error');
    expect(await readFile(site.at('error', 'a.error'), 'utf8')).toContain('not-hl7.');
  });

  it('finds a pair again after a crash between any two steps', async () => {
    const site = await client();
    const at = (n: number) => site.at('processing', `${n}`.repeat(32));
    for (const n of [1, 2, 3, 4, 5]) await mkdir(at(n), { recursive: true });
    // 1: claimed, nothing moved. 2: control file moved. 3: both. 4: on its way to done, data moved. 5: control file moved, too.
    await site.drop('IN', 'one', received({ DTSId: 'ID1' }));
    await site.drop('IN', 'two', received({ DTSId: 'ID2' }));
    await rename(site.at('IN', 'two.ctl'), join(at(2), 'two.ctl'));
    await writeFile(join(at(3), 'three.ctl'), received({ DTSId: 'ID3' }));
    await writeFile(join(at(3), 'three.dat'), 'three');
    const to = (stem: string) => JSON.stringify({ to: { folder: site.at('done'), stem, rewritten: false, text: null } });
    await writeFile(join(at(4), 'four.ctl'), received({ DTSId: 'ID4' }));
    await writeFile(join(at(4), '.state'), to('four'));
    await mkdir(site.at('done'));
    await writeFile(site.at('done', 'four.dat'), 'four');
    await writeFile(join(at(5), '.state'), to('five'));
    await site.watch();
    await inFolder(site, 'done', 'one.ctl', 'two.ctl', 'two.dat', 'three.ctl', 'three.dat', 'four.ctl', 'four.dat');
    expect(ids(site).sort()).toEqual(['ID1', 'ID2', 'ID3']);
    await clearedUp(site);
  });

  it('is read by one daemon at a time; another goes on where it is stopped or loses its right', async () => {
    const site = await client();
    const gate = new Gate<readonly Receipt[]>();
    site.mailbox.onStream = ({ fence }) => (fence?.token === 1 ? gate.opened : [receipt(null)]);
    await site.watch();
    await site.drop('IN', 'a', received());
    await until('in hand', () => site.mailbox.streams.length === 1);
    await site.watch();
    await sleep(50);
    expect(site.leases.names).toEqual(['mailbox:folder/client']);
    expect(site.mailbox.streams).toHaveLength(1);
    site.leases.lose('mailbox:folder/client');
    await inFolder(site, 'done', 'a.ctl');
    expect(site.mailbox.streams.map(({ fence }) => fence?.token)).toEqual([1, 2]);
    gate.fail(new Error('lease-lost'));
  });

  it('hands a large file over in pieces, never whole', async () => {
    const site = await client();
    const size = 80 * 1024 * 1024;
    await writeFile(site.at('IN', 'a.dat'), Buffer.alloc(size, 7));
    let largest = 0;
    const stream = site.mailbox.receiveStream.bind(site.mailbox);
    site.mailbox.receiveStream = (incoming) => {
      const pieces = async function* () {
        for await (const piece of incoming.body) {
          largest = Math.max(largest, piece.length);
          yield piece;
        }
      };
      return stream({ ...incoming, body: pieces() });
    };
    await site.watch();
    await writeFile(site.at('IN', 'a.ctl'), received());
    await inFolder(site, 'done', 'a.ctl');
    expect(site.mailbox.streams).toMatchObject([{ size, sha256: createHash('sha256').update(Buffer.alloc(size, 7)).digest('hex') }]);
    expect(largest).toBeLessThanOrEqual(1_048_576);
  });
});
