import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MeshFolderDestination } from '../../../adapters/mesh-folder/outbound.ts';
import type { MeshFolderDeliverySettings } from '../../../adapters/mesh-folder/outgoing-control.ts';
import { keyOfStem, stemOfKey } from '../../../adapters/mesh-folder/outgoing-stem.ts';
import { readControlFile } from '../../../formats/mesh/control-file.ts';
import { MAX_CHUNK_BYTES } from '../../../formats/mesh/headers.ts';
import { brandAs, type TransportKey } from '../../../records/ids.ts';
import { Child } from '../support/child.ts';
import { delivery, destinationName, noDeadline } from '../support/deliveries.ts';
import { makeFolder, namesIn } from '../support/folders.ts';
import { dropped, MAILBOX } from '../support/mesh-folders.ts';
import { Notebook } from '../support/notebook.ts';
import { Gate, until } from '../support/waiting.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const open = async (over: Partial<MeshFolderDeliverySettings> = {}, folders: readonly string[] = ['IN', 'OUT', 'SENT', 'FAILED']) => {
  const folder = await makeFolder();
  stops.push(() => folder.remove());
  for (const name of folders) await mkdir(join(folder.path, name));
  const notebook = new Notebook();
  const settings: MeshFolderDeliverySettings = {
    role: 'beside-client',
    path: folder.path,
    make: false,
    mailbox: MAILBOX,
    slots: 4,
    workflow: 'LETTERS',
    allowed: [],
    to: { by: 'mailbox', mailbox: 'YGM24GP001' },
    localId: 'key',
    subject: 'none',
    ...over,
  };
  const make = () => new MeshFolderDestination(destinationName('gp-mesh'), settings, notebook, () => new Date('2026-11-02T08:00:00Z'));
  return {
    destination: make(),
    another: make,
    path: folder.path,
    notebook,
    at: (...names: readonly string[]) => join(folder.path, ...names),
  };
};
const controlAt = async (path: string) => {
  const found = readControlFile(await readFile(path));
  if ('problem' in found) throw new Error(found.problem.kind);
  return found.control;
};

const WRITTEN = { outcome: 'delivered', confirmed: false, receiptCode: 'file' };
const bytes = Buffer.from('the letter\n');
const letter = (key = 'KEY1') => delivery({ key, bytes, contentType: 'text/plain' });

describe('MESH rule 2.2: pairs for an installed client', () => {
  it('writes a pair into OUT under a name of the transport key alone', async () => {
    const { destination, path, at } = await open();
    expect(await destination.send(letter(), noDeadline())).toEqual(WRITTEN);
    expect(await namesIn(path, 'OUT')).toEqual(['tc-KEY1.ctl', 'tc-KEY1.dat']);
    expect(await readFile(at('OUT', 'tc-KEY1.dat'))).toEqual(bytes);
    expect(await readFile(at('OUT', 'tc-KEY1.ctl'), 'utf8')).toBe(
      `<DTSControl>\n<Version>1.0</Version>\n<AddressType>DTS</AddressType>\n<MessageType>Data</MessageType>\n<From_DTS>${MAILBOX}</From_DTS>\n<To_DTS>YGM24GP001</To_DTS>\n<LocalId>KEY1</LocalId>\n<Compress>Y</Compress>\n<Encrypted>N</Encrypted>\n<WorkflowId>LETTERS</WorkflowId>\n</DTSControl>\n`,
    );
  });

  it('shows the control file last, and nothing while the payload is still being written', async () => {
    const { destination, path } = await open({}, ['out']);
    const gate = new Gate();
    const pieces = async function* () {
      yield Buffer.from('first ');
      await gate.opened;
      yield Buffer.from('second');
    };
    const sending = destination.send(delivery({ key: 'K', pieces, size: 12 }), noDeadline());
    await until('being written', async () => (await namesIn(path, 'out')).length === 1);
    expect(await namesIn(path, 'out')).toEqual(['.tc-K.dat.1.part']);
    gate.open();
    expect(await sending).toEqual(WRITTEN);
    expect(await namesIn(path, 'out')).toEqual(['tc-K.ctl', 'tc-K.dat']);
  });

  it('shows no control file whose data file could not have its name', async () => {
    const { destination, path, at } = await open();
    await mkdir(at('OUT', 'tc-KEY1.dat'));
    expect(await destination.send(letter(), noDeadline())).toEqual({
      outcome: 'transient',
      code: 'folder-unreachable',
      sentBytes: false,
      transport: true,
    });
    expect(await namesIn(path, 'OUT')).toEqual(['tc-KEY1.dat']);
  });

  it('keeps a key that holds the signs of a path within the folder, and finds it again in a name', async () => {
    const { destination, path } = await open({ localId: 'none' });
    const keys = ['../../etc/passwd', '..', 'a/b', 'a=2fb', 'é ✓', 'TC0001'];
    for (const key of keys) {
      expect(await destination.send(letter(key), noDeadline())).toEqual(WRITTEN);
      expect(keyOfStem(Buffer.from(stemOfKey(brandAs<TransportKey>(key))))).toBe(key);
    }
    expect(await namesIn(path, 'OUT')).toHaveLength(2 * keys.length);
    expect(await namesIn(path)).toEqual(['FAILED', 'IN', 'OUT', 'SENT']);
    expect(keyOfStem(Buffer.from('00000001'))).toBeNull();
    expect(keyOfStem(Buffer.from('tc-a b'))).toBeNull();
  });

  it('lets the client cut what the service takes in parts alone', async () => {
    const { destination, at } = await open();
    const size = MAX_CHUNK_BYTES + 1;
    const pieces = async function* () {
      for (let left = size; left > 0; left -= 8_388_608) yield Buffer.alloc(Math.min(left, 8_388_608));
    };
    expect(await destination.send(delivery({ key: 'BIG', pieces, size }), noDeadline())).toEqual(WRITTEN);
    expect((await controlAt(at('OUT', 'tc-BIG.ctl'))).allowChunking).toBe(true);
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
    expect(await namesIn(path, 'OUT')).toEqual([]);
  });

  it('says that the folder is gone, and does not make one in its place', async () => {
    const { destination, path, notebook } = await open({}, []);
    expect(await destination.send(letter(), noDeadline())).toEqual({
      outcome: 'transient',
      code: 'folder-unreachable',
      sentBytes: false,
      transport: true,
    });
    expect(await namesIn(path)).toEqual([]);
    expect(notebook.warnings).toMatchObject([{ name: 'destination.unreachable', facts: { cause: 'ENOENT' } }]);
    await expect(destination.resolve(letter())).rejects.toMatchObject({ code: 'folder-unreachable' });
    await mkdir(join(path, 'OUT'));
    expect(await destination.send(letter(), noDeadline())).toEqual(WRITTEN);
  });

  it('leaves nothing behind when the disk is full, and goes on', async () => {
    const { path } = await open();
    const child = new Child(
      require.resolve('../support/mesh-folder-writer.ts'),
      {
        path,
        sends: [
          { key: 'LARGE', size: 400_000 },
          { key: 'SMALL', size: 100 },
        ],
      },
      200_000,
    );
    stops.unshift(() => child.stop());
    expect(await child.says('the large one', ({ key }) => key === 'LARGE')).toMatchObject({
      result: { outcome: 'transient', code: 'disk-full', sentBytes: false, transport: true },
      names: [],
    });
    expect(await child.says('the small one', ({ key }) => key === 'SMALL')).toMatchObject({
      result: WRITTEN,
      names: ['tc-SMALL.ctl', 'tc-SMALL.dat'],
    });
  });

  it('makes the folders where the settings say so', async () => {
    const { destination, path } = await open({ make: true }, []);
    expect(await destination.send(letter(), noDeadline())).toEqual(WRITTEN);
    expect(await namesIn(path)).toEqual(['OUT']);
  });
});

describe('MESH rule 1.9: whom it goes to, by folder', () => {
  const patient = { nhsNumber: '9990000018', birthDate: '1955-01-09', familyName: "O'Neill" };

  it('addresses the registered practice by patient, and a subject names the patient only where the settings say so', async () => {
    const { destination, at } = await open({
      workflow: 'GPCONNECT_SEND_DOCUMENT',
      to: { by: 'patient', birthDate: 'YYYYMMDD', surname: 'letters' },
      localId: 'ods',
      ods: 'A81001',
      subject: 'patient',
      subjectText: 'Release summary',
    });
    expect(await destination.send(delivery({ key: 'K', bytes, envelope: { patient } }), noDeadline())).toEqual(WRITTEN);
    expect(await controlAt(at('OUT', 'tc-K.ctl'))).toMatchObject({
      to: 'GPPROVIDER_9990000018_19550109_ONEILL',
      localId: 'A81001',
      subject: "Release summary O'Neill 9990000018",
      workflowId: 'GPCONNECT_SEND_DOCUMENT',
    });
    expect(
      await destination.send(delivery({ key: 'L', bytes, envelope: { patient: { ...patient, birthDate: '1955' } } }), noDeadline()),
    ).toEqual({
      outcome: 'permanent',
      code: 'no-addressee',
      sentBytes: false,
      transport: false,
    });
  });

  it('passes a message on to whom it names, under a workflow that is allowed', async () => {
    const { destination, at, path } = await open({ to: { by: 'message' }, localId: 'message', subject: 'message', allowed: ['SCANS'] });
    const headers = { to: 'ygm24gp009', workflowid: 'SCANS', localid: 'THEIRS', subject: 'scan', partnerid: 'P', 'content-encrypted': 'Y' };
    expect(await destination.send(delivery({ key: 'K', bytes, envelope: { headers } }), noDeadline())).toEqual(WRITTEN);
    expect(await controlAt(at('OUT', 'tc-K.ctl'))).toMatchObject({
      to: 'YGM24GP009',
      workflowId: 'SCANS',
      localId: 'THEIRS',
      subject: 'scan',
      partnerId: 'P',
      encrypted: true,
    });
    const refused = (code: string) => ({ outcome: 'permanent', code, sentBytes: false, transport: false });
    expect(await destination.send(delivery({ bytes, envelope: { headers: { ...headers, workflowid: 'OTHER' } } }), noDeadline())).toEqual(
      refused('workflow-not-allowed'),
    );
    expect(await destination.send(delivery({ bytes, envelope: { headers: { ...headers, to: '' } } }), noDeadline())).toEqual(
      refused('recipient-unknown'),
    );
    expect(await namesIn(path, 'OUT')).toHaveLength(2);
  });

  it('says at once that an organisation cannot be looked up by folder', async () => {
    await expect(open({ to: { by: 'organisation' } })).rejects.toThrow(
      /setting `to`: a mailbox is looked up by organisation through the API alone/,
    );
  });
});

describe('MESH rule 2.5 (b): pairs for a legacy system, in place of a client', () => {
  it('writes into IN what the service would say of a message that is passed on', async () => {
    const { destination, path, at } = await open({ role: 'as-client', to: { by: 'message' }, localId: 'message', subject: 'message' });
    const headers = {
      from: 'X26OT002',
      to: MAILBOX,
      workflowid: 'LETTERS',
      localid: 'L1',
      subject: 'letter',
      messageid: '20261101_AB',
      'content-compressed': 'Y',
      statustimestamp: '20261101120001',
    };
    expect(await destination.send(delivery({ key: 'K', pieces: [bytes, bytes], envelope: { headers } }), noDeadline())).toEqual(WRITTEN);
    expect(await namesIn(path, 'IN')).toEqual(['tc-K.ctl', 'tc-K.dat']);
    expect(await controlAt(at('IN', 'tc-K.ctl'))).toEqual({
      version: '1.0',
      addressType: 'ALL',
      messageType: 'Data',
      from: 'X26OT002',
      to: MAILBOX,
      subject: 'letter',
      localId: 'L1',
      dtsId: '20261101_AB',
      compress: true,
      encrypted: false,
      workflowId: 'LETTERS',
      isCompressed: true,
      status: {
        dateTime: '20261101120001',
        event: 'TRANSFER',
        status: 'SUCCESS',
        code: '00',
        description: 'Transferred to recipient mailbox',
      },
      others: [],
    });
  });

  it('has an id and a time of its own for what came by no mailbox', async () => {
    const { destination, at } = await open({ role: 'as-client' });
    expect(await destination.send(letter(), noDeadline())).toEqual(WRITTEN);
    expect(await controlAt(at('IN', 'tc-KEY1.ctl'))).toMatchObject({
      from: MAILBOX,
      to: MAILBOX,
      dtsId: 'KEY1',
      status: { dateTime: '20261102080000' },
    });
  });
});

describe('MESH folder destination: attempts whose end is unknown', () => {
  it('finds a pair that lies there whole: it was handed over', async () => {
    const { destination, another } = await open();
    await destination.send(letter(), noDeadline());
    expect(await another().resolve(letter())).toEqual({ known: 'delivered', receiptCode: 'file' });
    expect(await another().send(letter(), noDeadline())).toEqual(WRITTEN);
  });

  it.each([
    ['data begun', ['.tc-KEY1.dat.1.part']],
    ['both begun', ['.tc-KEY1.dat.1.part', '.tc-KEY1.ctl.1.part']],
    ['data named, control file begun', ['tc-KEY1.dat', '.tc-KEY1.ctl.1.part']],
  ])('knows that nothing was sent after a crash with %s, and clears up', async (_, names) => {
    const { destination, path, at } = await open();
    for (const name of [...names, '.tc-KEY11.dat.1.part', 'tc-OTHER.dat']) await writeFile(at('OUT', name), bytes);
    expect(await destination.resolve(letter())).toEqual({ known: 'not-sent' });
    expect(await namesIn(path, 'OUT')).toEqual(['.tc-KEY11.dat.1.part', 'tc-OTHER.dat']);
    expect(await destination.send(letter(), noDeadline())).toEqual(WRITTEN);
  });

  it('looks into SENT for what the client took, and learns its id', async () => {
    const { destination, path, at } = await open({}, ['OUT', 'sent']);
    await destination.send(letter(), noDeadline());
    await rename(at('OUT', 'tc-KEY1.dat'), at('sent', 'tc-KEY1.dat'));
    // The client is between the two: nothing is known for certain, and nothing is taken from under it.
    expect(await destination.resolve(letter())).toEqual({ known: 'unknown' });
    await rm(at('OUT', 'tc-KEY1.ctl'));
    expect(await destination.resolve(letter())).toEqual({ known: 'unknown' });
    await writeFile(at('sent', 'TC-KEY1.CTL'), dropped({ LocalId: 'KEY1', DTSId: 'FAR1' }));
    expect(await destination.resolve(letter())).toEqual({ known: 'delivered', receiptCode: 'file', farId: 'FAR1' });
    expect(await namesIn(path, 'OUT')).toEqual([]);
  });

  it('does not take a data file from under a client that has the control file already', async () => {
    const { destination, path, at } = await open();
    await destination.send(letter(), noDeadline());
    await rm(at('OUT', 'tc-KEY1.ctl'));
    expect(await destination.resolve(letter())).toEqual({ known: 'unknown' });
    expect(await namesIn(path, 'OUT')).toEqual(['tc-KEY1.dat']);
  });

  it('knows what the client refused as handed over, and what is in its records as sent', async () => {
    const { destination, at } = await open();
    await writeFile(at('FAILED', 'tc-KEY1.ctl'), 'whatever');
    expect(await destination.resolve(letter())).toEqual({ known: 'delivered', receiptCode: 'file' });
    expect(await destination.resolve(delivery({ key: 'KEY2', bytes, farId: 'FAR2' }))).toEqual({
      known: 'delivered',
      receiptCode: 'file',
      farId: 'FAR2',
    });
    expect(await destination.resolve(letter('KEY3'))).toEqual({ known: 'unknown' });
  });

  it('never writes over a pair of its name that is not its own', async () => {
    const { destination, at } = await open();
    await writeFile(at('OUT', 'tc-KEY1.dat'), 'other');
    await writeFile(at('OUT', 'tc-KEY1.ctl'), 'other');
    expect(await destination.send(letter(), noDeadline())).toMatchObject({ outcome: 'ambiguous', code: 'file-exists' });
    expect(await destination.resolve(letter())).toEqual({ known: 'unknown' });
    expect(await readFile(at('OUT', 'tc-KEY1.dat'), 'utf8')).toBe('other');
  });

  it('answers at its deadline, and what it was doing cannot be finished by it once another attempt has begun', async () => {
    const { destination, another, path } = await open();
    const gate = new Gate();
    const pieces = async function* () {
      yield bytes.subarray(0, 4);
      await gate.opened;
      yield bytes.subarray(4);
    };
    const deadline = new AbortController();
    const first = destination.send(delivery({ key: 'KEY1', pieces, size: bytes.length, token: 1 }), deadline.signal);
    await until('begun', async () => (await namesIn(path, 'OUT')).length === 1);
    deadline.abort();
    expect(await first).toEqual({ outcome: 'transient', code: 'send-failed', sentBytes: false, transport: true });
    expect(await another().send(delivery({ key: 'KEY1', bytes, token: 2 }), noDeadline())).toEqual(WRITTEN);
    gate.open();
    await destination.close();
    expect(await namesIn(path, 'OUT')).toEqual(['tc-KEY1.ctl', 'tc-KEY1.dat']);
  });
});
