import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MeshFolderIntakeSettings } from '../../../adapters/mesh-folder/round.ts';
import { readControlFile } from '../../../formats/mesh/control-file.ts';
import type { Fate } from '../../../records/far-side.ts';
import { brandAs, type Instant, type MessageId } from '../../../records/ids.ts';
import type { Receipt } from '../../../records/ports.ts';
import { namesIn } from '../support/folders.ts';
import { dropped, MAILBOX, MeshFolders } from '../support/mesh-folders.ts';
import { receipt } from '../support/scripted-receiver.ts';
import { until } from '../support/waiting.ts';

const made: MeshFolders[] = [];
afterEach(async () => {
  for (const folders of made.splice(0)) await folders.remove();
});
const standIn = async (over: Partial<MeshFolderIntakeSettings> | null = {}): Promise<MeshFolders> => {
  const site = await MeshFolders.make(['OUT']);
  made.push(site);
  if (over !== null) await site.watch({ role: 'as-client', ...over });
  return site;
};
const lies = (site: MeshFolders, folder: string, ...names: readonly string[]) =>
  until(`${names.join(', ')} in ${folder}`, async () => {
    const there = await namesIn(site.path, folder);
    return names.every((name) => there.includes(name));
  });
const clearedUp = (site: MeshFolders) =>
  until('nothing left in processing', async () => (await namesIn(site.path, 'processing')).length === 0);

const at = brandAs<Instant>('2026-11-01T12:00:01.000Z');
const sent = (farId: string | null): Fate => ({ fate: 'sent', farId, at });
const failed = (code: Extract<Fate, { fate: 'failed' }>['code'], receiptCode: string | null = null): Fate => ({
  fate: 'failed',
  code,
  receiptCode,
  at,
});
/** Remembers the messages of each pair, by its local id. */
const remembered = (site: MeshFolders): ReadonlyMap<string, MessageId> => {
  const messages = new Map<string, MessageId>();
  site.mailbox.onStream = ({ headers }) => {
    const taken = receipt(null);
    messages.set(headers?.localid ?? '', taken.messageId);
    return [taken];
  };
  return messages;
};
const settle = (site: MeshFolders, messages: ReadonlyMap<string, MessageId>, localId: string, fate: Fate): void => {
  const message = messages.get(localId);
  if (message === undefined) throw new Error(`${localId} was not taken`);
  site.mailbox.fateOf.set(message, fate);
};
const controlIn = async (site: MeshFolders, folder: string, name: string) => {
  const found = readControlFile(await readFile(site.at(folder, name)));
  if ('problem' in found) throw new Error(found.problem.kind);
  return found.control;
};

describe('MESH rule 2.5 (b): in place of a MESH client', () => {
  it('hands a pair over with what its control file says, keeps it until it is sent, and puts it into SENT with its id', async () => {
    const site = await standIn(null);
    const messages = remembered(site);
    await site.watch({ role: 'as-client' });
    const text = dropped({ Subject: 'letter', PartnerId: 'P', Encrypted: 'Y', DataChecksum: 'abc', From_DTS: MAILBOX.toLowerCase() });
    await site.drop('OUT', 'X26OT00100000001', text, 'the letter');
    await until('taken', () => site.mailbox.streams.length === 1);
    expect(site.mailbox.streams).toMatchObject([
      {
        workflow: 'LETTERS',
        disposition: 'forward',
        text: 'the letter',
        headers: {
          from: MAILBOX,
          to: 'X26OT002',
          workflowid: 'LETTERS',
          subject: 'letter',
          localid: 'L1',
          partnerid: 'P',
          filename: 'X26OT00100000001.dat',
          'content-encrypted': 'Y',
          'content-checksum': 'abc',
        },
      },
    ]);
    await sleep(60);
    expect(await namesIn(site.path, 'OUT')).toEqual([]);
    expect(await namesIn(site.path, 'SENT')).toEqual([]);
    expect(await namesIn(site.path, 'processing')).toHaveLength(1);
    settle(site, messages, 'L1', sent('20261101120000_AB'));
    await lies(site, 'SENT', 'X26OT00100000001.ctl', 'X26OT00100000001.dat');
    expect(await readFile(site.at('SENT', 'X26OT00100000001.dat'), 'utf8')).toBe('the letter');
    expect(await controlIn(site, 'SENT', 'X26OT00100000001.ctl')).toMatchObject({
      subject: 'letter',
      localId: 'L1',
      dtsId: '20261101120000_AB',
      status: { dateTime: '20261101120001', event: 'TRANSFER', status: 'SUCCESS', code: '00' },
    });
    await clearedUp(site);
  });

  it('puts a pair that could not be sent into FAILED, with the code the service gave, or that of the reason', async () => {
    const site = await standIn(null);
    const messages = remembered(site);
    await site.watch({ role: 'as-client' });
    for (const id of ['L1', 'L2']) await site.drop('OUT', id, dropped({ LocalId: id }));
    await until('taken', () => messages.size === 2);
    settle(site, messages, 'L1', failed('patient-not-routed', 'EPL-153'));
    settle(site, messages, 'L2', failed('recipient-unknown'));
    await lies(site, 'FAILED', 'L1.ctl', 'L1.dat', 'L2.ctl', 'L2.dat');
    expect((await controlIn(site, 'FAILED', 'L1.ctl')).status).toMatchObject({
      event: 'SEND',
      status: 'ERROR',
      code: 'EPL-153',
      dateTime: '20261102080000',
    });
    expect((await controlIn(site, 'FAILED', 'L2.ctl')).status).toMatchObject({
      event: 'SEND',
      status: 'ERROR',
      code: '12',
      description: 'recipient-unknown: The MESH service knows no such mailbox.',
    });
  });

  it.each([
    ['no From_DTS', dropped({ From_DTS: '' }), 'data', 'SEND', '07', 'control-file: From_DTS is missing'],
    ['no To_DTS', dropped({ To_DTS: ' ' }), 'data', 'SEND', '08', 'control-file: To_DTS is missing'],
    ['no WorkflowId', dropped({ WorkflowId: '' }), 'data', 'TRANSFER', '06', 'control-file: WorkflowId is missing'],
    ['a Report', dropped({ MessageType: 'Report' }), 'data', 'SEND', '11', 'control-file: MessageType is not Data'],
    [
      'a workflow id of 301 characters',
      dropped({ WorkflowId: 'W'.repeat(301) }),
      'data',
      'TRANSFER',
      '06',
      'control-file: To_DTS, WorkflowId, LocalId or Subject is too long',
    ],
    ['no data file', dropped(), null, 'COLLECT', '02', 'data-file-missing: A MESH control file came without its data file.'],
    ['an empty data file', dropped(), '', 'COLLECT', '02', 'empty-file: The file is empty.'],
  ])('gives a pair back with the reason: %s', async (_, control, data, event, code, description) => {
    const site = await standIn();
    await site.drop('OUT', 'a', control, data);
    await lies(site, 'FAILED', 'a.ctl', ...(data === null ? [] : ['a.dat']));
    expect((await controlIn(site, 'FAILED', 'a.ctl')).status).toMatchObject({ event, status: 'ERROR', code, description });
    expect(site.receiver.refused).toHaveLength(1);
    expect(site.mailbox.streams).toEqual([]);
    await clearedUp(site);
  });

  it('MESH rule 2.3: tells its sender where a control file that cannot be read is wrong, without repeating it', async () => {
    const site = await standIn();
    const broken = dropped({ Subject: 'TESTER 9990000018' }).replace('</To_DTS>', '</From_DTS>');
    await site.drop('OUT', 'letter', broken);
    await lies(site, 'FAILED', 'letter.ctl', 'letter.dat', 'letter.error');
    const text = await readFile(site.at('FAILED', 'letter.error'), 'utf8');
    expect(text).toMatch(/^control-file\. A MESH control file cannot be read/m);
    expect(text).toMatch(/The control file could not be read: line 6:\d+, From_DTS: it is no well-formed XML/);
    expect(text).not.toMatch(/TESTER|9990000018|X26OT/);
    expect(await readFile(site.at('FAILED', 'letter.ctl'), 'utf8')).toBe(broken);
    expect(site.receiver.refused).toMatchObject([{ reason: 'control-file', head: Buffer.from(broken) }]);
    expect(site.notebook.everything).not.toMatch(/TESTER|letter|X26OT/);
  });

  it('never writes over what lies in FAILED, not even a text alone', async () => {
    const site = await standIn(null);
    await mkdir(site.at('FAILED'));
    await writeFile(site.at('FAILED', 'letter.error'), 'of a pair that was taken away');
    await site.watch({ role: 'as-client' });
    await site.drop('OUT', 'letter', '<html></html>');
    await lies(site, 'FAILED', 'letter.2.ctl', 'letter.2.dat', 'letter.2.error');
    expect(await readFile(site.at('FAILED', 'letter.error'), 'utf8')).toBe('of a pair that was taken away');
  });

  it('reads a control file that is broken in a way that can mean one thing only', async () => {
    const site = await standIn();
    await site.drop('OUT', 'a', dropped().replace('</LocalId>', '').replace('</DTSControl>', '<DTSControl>'));
    await until('taken', () => site.mailbox.streams.length === 1);
    expect(site.mailbox.streams[0]?.headers).toMatchObject({ localid: 'L1', to: 'X26OT002' });
  });

  it('MESH rule 2.2: waits for a control file that is still being written, and refuses it when it stays cut off', async () => {
    const site = await standIn({ dataWait: 2_000 });
    const text = dropped();
    await writeFile(site.at('OUT', 'a.dat'), 'data');
    await writeFile(site.at('OUT', 'a.ctl'), text.slice(0, 80));
    await writeFile(site.at('OUT', 'b.dat'), 'data');
    await writeFile(site.at('OUT', 'b.ctl'), text.slice(0, 80));
    await sleep(150);
    expect(await namesIn(site.path, 'OUT')).toContain('a.ctl');
    await writeFile(site.at('OUT', 'a.ctl'), text);
    await until('taken', () => site.mailbox.streams.length === 1);
    await lies(site, 'FAILED', 'b.ctl', 'b.dat', 'b.error');
    expect(await readFile(site.at('FAILED', 'b.error'), 'utf8')).toContain('it ends before its closing tag');
  });

  it('leaves pairs of other mailboxes and of workflows nobody named', async () => {
    const site = await standIn();
    await site.drop('OUT', 'foreign', dropped({ From_DTS: 'X26OT009' }));
    await site.drop('OUT', 'unknown', dropped({ WorkflowId: 'SOMETHING_ELSE' }));
    await until('told', () => site.notebook.warnings.length > 0);
    await sleep(100);
    expect(await namesIn(site.path, 'OUT')).toEqual(['foreign.ctl', 'foreign.dat', 'unknown.ctl', 'unknown.dat']);
    expect(site.notebook.warnings).toEqual([{ name: 'source.pairs-left', facts: { source: 'client', code: 'workflow-left', files: 1 } }]);
  });

  it('takes each drop of the same name, and even of the same bytes, for a message of its own, as the client does', async () => {
    const site = await standIn(null);
    site.mailbox.onStream = () => {
      const taken = receipt(null);
      site.mailbox.fateOf.set(taken.messageId, sent(`FAR${site.mailbox.streams.length}`));
      return [taken];
    };
    await site.watch({ role: 'as-client' });
    for (const n of [1, 2, 3]) {
      await site.drop('OUT', 'same', dropped());
      await until(`${n} gone`, async () => site.mailbox.streams.length === n && (await namesIn(site.path, 'OUT')).length === 0);
    }
    await lies(site, 'SENT', 'same.ctl', 'same.2.ctl', 'same.3.ctl', 'same.3.dat');
    expect(new Set(site.mailbox.streams.map(({ transportId }) => transportId)).size).toBe(3);
    expect((await controlIn(site, 'SENT', 'same.3.ctl')).dtsId).toBe('FAR3');
  });

  it('decides a pair of several messages by all of them', async () => {
    const site = await standIn(null);
    const all: Receipt[] = [];
    site.mailbox.onStream = () => {
      const three = [receipt(null), receipt(null), receipt(null, { outcome: 'ignored' })];
      all.push(...three);
      return three;
    };
    await site.watch({ role: 'as-client' });
    await site.drop('OUT', 'a', dropped({ WorkflowId: 'RECORDS' }));
    await until('taken', () => all.length === 3);
    const [first, second] = all;
    if (first === undefined || second === undefined) throw new Error('no receipts');
    site.mailbox.fateOf.set(first.messageId, failed('recipient-unknown'));
    await sleep(60);
    expect(await namesIn(site.path, 'FAILED')).toEqual([]);
    site.mailbox.fateOf.set(second.messageId, sent('FAR2'));
    await lies(site, 'FAILED', 'a.ctl');
  });

  it('gives back what the receipt checks reject, and puts what is ignored into done', async () => {
    const site = await standIn(null);
    site.mailbox.onStream = ({ text }) => [
      receipt(null, text === 'ignored' ? { outcome: 'ignored' } : { outcome: 'rejected', reason: 'not-hl7' }),
    ];
    await site.watch({ role: 'as-client' });
    await site.drop('OUT', 'a', dropped());
    await site.drop('OUT', 'b', dropped(), 'ignored');
    await lies(site, 'FAILED', 'a.ctl', 'a.dat');
    await lies(site, 'done', 'b.ctl', 'b.dat');
    expect((await controlIn(site, 'FAILED', 'a.ctl')).status?.description).toMatch(/^not-hl7: /);
  });

  it('deletes what was sent where the settings say so, and never what failed', async () => {
    const site = await standIn(null);
    const messages = remembered(site);
    await site.watch({ role: 'as-client', done: 'delete' });
    for (const id of ['L1', 'L2']) await site.drop('OUT', id, dropped({ LocalId: id }));
    await until('taken', () => messages.size === 2);
    settle(site, messages, 'L1', sent('FAR1'));
    settle(site, messages, 'L2', failed('recipient-unknown'));
    await lies(site, 'FAILED', 'L2.ctl', 'L2.dat');
    await clearedUp(site);
    expect(await namesIn(site.path, 'SENT')).toEqual([]);
  });
});

describe('in place of a MESH client: restarts', () => {
  it('goes on asking for what was taken before, and takes nothing twice', async () => {
    const site = await standIn(null);
    const messages = remembered(site);
    await site.watch({ role: 'as-client' });
    await site.drop('OUT', 'a', dropped());
    await until('taken and noted', async () =>
      (await Promise.all((await namesIn(site.path, 'processing')).map((id) => namesIn(site.path, 'processing', id))))
        .flat()
        .includes('.state'),
    );
    await site.stop();
    await site.watch({ role: 'as-client' });
    await sleep(60);
    settle(site, messages, 'L1', sent('FAR1'));
    await lies(site, 'SENT', 'a.ctl', 'a.dat');
    expect(site.mailbox.streams).toHaveLength(1);
  });

  it('begins with what lies there when it becomes the reader again after another', async () => {
    const site = await standIn(null);
    const messages = remembered(site);
    await site.watch({ role: 'as-client' });
    await site.drop('OUT', 'a', dropped());
    await until('taken', () => messages.has('L1'));
    const noted = async () => {
      const [claim = ''] = await namesIn(site.path, 'processing');
      return claim !== '' && (await readdir(site.at('processing', claim))).includes('.state');
    };
    await until('what the journal said is noted', noted);
    const name = 'mailbox:folder/client';
    // Another has the lease for a while, and puts the pair away.
    site.leases.lose(name);
    const other = await site.leases.take(name);
    if (other === null) throw new Error('the lease was not free');
    const [claim = ''] = await namesIn(site.path, 'processing');
    await mkdir(site.at('SENT'));
    for (const ending of ['.dat', '.ctl']) await rename(site.at('processing', claim, `a${ending}`), site.at('SENT', `a${ending}`));
    await rm(site.at('processing', claim), { recursive: true });
    settle(site, messages, 'L1', sent('FAR1'));
    await other.release();
    await site.drop('OUT', 'b', dropped({ LocalId: 'L2' }));
    await until('taken', () => messages.has('L2'));
    settle(site, messages, 'L2', sent('FAR2'));
    await lies(site, 'SENT', 'b.ctl', 'b.dat');
    expect(site.notebook.warnings).toEqual([]);
  });

  it('finds a pair again after a crash between any two steps', async () => {
    const site = await standIn(null);
    const claim = (n: number) => site.at('processing', `${n}`.repeat(32));
    for (const n of [1, 2, 3, 4, 5, 6]) await mkdir(claim(n), { recursive: true });
    for (const name of ['SENT', 'FAILED']) await mkdir(site.at(name));
    const ctl = (n: number) => dropped({ LocalId: `L${n}` });
    const state = (n: number, value: unknown) =>
      writeFile(join(claim(n), '.state'), typeof value === 'string' ? value : JSON.stringify(value));
    // 1: the control file was claimed, the data file not yet.
    await site.drop('OUT', 'one', ctl(1));
    await rename(site.at('OUT', 'one.ctl'), join(claim(1), 'one.ctl'));
    // 2: received, and the note was cut by the crash.
    await writeFile(join(claim(2), 'two.ctl'), ctl(2));
    await writeFile(join(claim(2), 'two.dat'), 'two');
    await state(2, '{"messa');
    // 3: on its way to SENT, nothing moved. 4: the data moved. 5: the control file moved, too. 6: the same, to FAILED with a text.
    const to = (folder: string, stem: string, text: string | null = null) => ({
      messages: [1],
      to: { folder: site.at(folder), stem, rewritten: text === null, text },
    });
    for (const n of [3, 4, 5]) {
      await writeFile(join(claim(n), `n${n}.ctl`), ctl(n));
      if (n < 5) await writeFile(join(claim(n), '.final'), dropped({ LocalId: `L${n}`, DTSId: `FAR${n}` }));
      await state(n, to('SENT', `n${n}`));
    }
    await writeFile(join(claim(3), 'n3.dat'), 'three');
    await writeFile(site.at('SENT', 'n4.dat'), 'four');
    await writeFile(join(claim(6), 'n6.ctl'), 'broken');
    await writeFile(join(claim(6), 'n6.dat'), 'six');
    await state(6, to('FAILED', 'n6', 'the reason'));
    site.mailbox.onStream = () => {
      const taken = receipt(null);
      site.mailbox.fateOf.set(taken.messageId, sent('FAR'));
      return [taken];
    };
    await site.watch({ role: 'as-client' });
    await lies(site, 'SENT', 'one.ctl', 'one.dat', 'two.ctl', 'two.dat', 'n3.ctl', 'n3.dat', 'n4.ctl', 'n4.dat');
    await lies(site, 'FAILED', 'n6.ctl', 'n6.dat', 'n6.error');
    await clearedUp(site);
    expect(await namesIn(site.path, 'SENT')).not.toContain('n5.ctl');
    expect((await controlIn(site, 'SENT', 'n3.ctl')).dtsId).toBe('FAR3');
    expect((await controlIn(site, 'SENT', 'n4.ctl')).dtsId).toBe('FAR4');
    expect(await readFile(site.at('FAILED', 'n6.error'), 'utf8')).toBe('the reason');
    expect(site.mailbox.streams.map(({ headers }) => headers?.localid).sort()).toEqual(['L1', 'L2']);
  });

  it('is recognised by the journal when it was committed and not noted', async () => {
    const site = await standIn(null);
    const messages = remembered(site);
    const stream = site.mailbox.receiveStream.bind(site.mailbox);
    let crashed = false;
    site.mailbox.receiveStream = async (incoming) => {
      const receipts = await stream(incoming);
      if (crashed) return receipts;
      crashed = true;
      throw new Error('the answer of the store was lost');
    };
    await site.watch({ role: 'as-client' });
    await site.drop('OUT', 'a', dropped());
    await until('received again', () => site.mailbox.streams.length === 2);
    settle(site, messages, 'L1', sent('FAR1'));
    await lies(site, 'SENT', 'a.ctl', 'a.dat');
    expect(new Set(site.mailbox.streams.map(({ transportId }) => transportId)).size).toBe(1);
  });
});
