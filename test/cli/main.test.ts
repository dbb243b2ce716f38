import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CliContext } from '../../cli/context.ts';
import { EXIT } from '../../cli/exit.ts';
import { runCli } from '../../cli/main.ts';
import type { DestinationRow, HoldDetail, HoldRow, MessageDetail, MessageRow, Operations } from '../../cli/operations.ts';
import { ThroughcareError } from '../../records/faults.ts';
import { brandAs, type DestinationName, type HoldId, type MessageId, type SourceName } from '../../records/ids.ts';
import type { Finding } from '../../records/issue.ts';
import { Problem } from '../../records/problem.ts';
import { delivery, deliveryDetail } from './delivery-rows.ts';

const at = new Date('2026-03-02T14:05:00Z');
const source = brandAs<SourceName>('prison-adt');
const destination = brandAs<DestinationName>('leeds-clinical');
const held: HoldRow = {
  id: brandAs<HoldId>(4),
  reason: 'practice-unknown',
  opened: at,
  closed: null,
  message: brandAs<MessageId>(17),
  part: 1,
  delivery: null,
  source,
  destination: null,
};
const holdDetail: HoldDetail = {
  ...held,
  rule: 'registered-gp',
  position: 'PD1-3.3',
  say: null,
  waitingBehind: 0,
  leftMeanwhile: 2,
  closedBy: null,
  closedWhy: null,
};
const message: MessageRow = {
  id: brandAs<MessageId>(17),
  source,
  received: at,
  type: 'ADT^A03',
  controlId: 'MSG00017',
  state: 'held',
  reason: 'practice-unknown',
  size: 912,
  deliveries: 1,
  duplicateOf: null,
};
const messageDetail: MessageDetail = {
  ...message,
  mappingVersion: 'a1b2c3d4',
  directoryVersion: null,
  parts: [{ part: 1, outcome: 'held', reason: 'practice-unknown', rule: 'registered-gp' }],
  holds: [held],
  filed: [delivery],
  shape: [{ name: 'PID', bytes: 120, fields: [3, 5, 7] }],
};
const destinationRow: DestinationRow = {
  name: destination,
  transport: 'mllp',
  paused: false,
  breakerUntil: null,
  due: 3,
  sending: 1,
  backoff: 0,
  held: 2,
  ambiguous: 0,
  confirming: 0,
  oldestDue: at,
};
const PAYLOAD = Buffer.from('MSH|^~\\&|NOMIS\rPID|1||9990000069^^^NHS^NH||EXAMPLE^ANN\r');

/** Answers as a store with one held message would, and writes down every call. */
const fakeOperations = (calls: unknown[][], more: Partial<Operations> = {}): Operations => {
  const done =
    (name: string) =>
    async (...args: unknown[]) => {
      calls.push([name, ...args]);
      return { outcome: 'done' } as const;
    };
  const gives =
    <T>(name: string, value: T) =>
    async (...args: unknown[]): Promise<T> => {
      calls.push([name, ...args]);
      return value;
    };
  return {
    listMessages: gives('listMessages', [message]),
    showMessage: async (id) => (id === message.id ? messageDetail : null),
    traceMessage: gives('traceMessage', [
      { at, step: 'received', facts: { source, type: 'ADT^A03' } },
      { at, step: 'held', facts: { reason: 'practice-unknown' } },
    ]),
    revealMessage: gives('revealMessage', PAYLOAD),
    listHolds: gives('listHolds', [held]),
    showHold: async (id) => (id === held.id ? holdDetail : null),
    releaseHold: done('releaseHold'),
    withdrawHold: done('withdrawHold'),
    listDeliveries: gives('listDeliveries', [delivery]),
    retryDelivery: done('retryDelivery'),
    skipDelivery: done('skipDelivery'),
    withdrawDelivery: done('withdrawDelivery'),
    showDelivery: async (id) => (id === delivery.id ? deliveryDetail : null),
    revealReplies: gives('revealReplies', [{ at, text: 'MSH|^~\\&|FAR\rMSA|AE|TC31|no bed' }]),
    listDestinations: gives('listDestinations', [destinationRow]),
    runningDaemons: async () => 1,
    standing: async () => ({ openHolds: 1, lines: ['received 1 = processed 1', 'deliveries 1 = confirmed 1'], balanced: true }),
    pauseDestination: done('pauseDestination'),
    resumeDestination: done('resumeDestination'),
    migrate: gives('migrate', { from: 2, to: 3, applied: ['0003-deliveries'] }),
    close: gives('close', undefined),
    ...more,
  };
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'throughcare-cli-'));
  writeFileSync(join(folder, 'good.yaml'), "site: example\nmappings: [m]\nsources:\n  a: { kind: mllp, listen: '127.0.0.1:2575' }\n");
  writeFileSync(join(folder, 'bad.yaml'), 'site: example\nsorces: 1\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Options {
  readonly operations?: Partial<Operations>;
  readonly context?: Partial<CliContext>;
  readonly config?: string;
  readonly columns?: number;
}
const MESH_FACTS = {
  url: 'https://127.0.0.1:8700',
  adminUrl: 'http://127.0.0.1:8701',
  sharedKey: 'key',
  tls: { ca: 'tls/ca.pem', cert: 'tls/client.pem', key: 'tls/client-key.pem' },
  mailboxes: [{ id: 'A1', password: 'secret' }],
};
const run = async (line: string | readonly string[], { operations, context, config = 'good.yaml', columns }: Options = {}) => {
  const out: Buffer[] = [];
  const err: string[] = [];
  const calls: unknown[][] = [];
  const terminal = columns === undefined ? {} : { isTTY: true, columns };
  const exit = await runCli(typeof line === 'string' ? line.split(' ').filter((word) => word !== '') : line, {
    out: { write: (text) => out.push(Buffer.from(text)), ...terminal },
    err: { write: (text) => err.push(String(text)) },
    environment: { THROUGHCARE_CONFIG: join(folder, config) },
    version: '0.1.0',
    user: 'ann',
    operations: async () => fakeOperations(calls, operations),
    checkConnections: async () => ({ tried: 0, findings: [] }),
    checkPlan: async () => [],
    mesh: () => Promise.reject(new Error('no mailbox here')),
    start: async (loaded) => {
      calls.push(['start', loaded.config.site]);
      return EXIT.ok;
    },
    demo: async (options) => {
      calls.push(['demo', options]);
      return EXIT.ok;
    },
    meshServer: async (asked, started) => {
      calls.push(['mesh-server', asked]);
      started(MESH_FACTS);
      return EXIT.ok;
    },
    ...context,
  });
  return { exit, out: Buffer.concat(out).toString(), bytes: Buffer.concat(out), err: err.join(''), calls };
};

describe('help', () => {
  it('lists every verb and the exit codes', async () => {
    const { exit, out } = await run('--help');
    expect(exit).toBe(EXIT.ok);
    for (const verb of ['start', 'check', 'status', 'message', 'hold', 'delivery', 'destination', 'migrate', 'demo', 'mesh-server'])
      expect(out).toMatch(new RegExp(`^  ${verb}\\b`, 'm'));
    expect(out).toContain('3 store or far side does not answer');
  });

  it.each([
    ['message', ['list', 'show', 'trace']],
    ['hold', ['list', 'show', 'release', 'withdraw']],
    ['delivery', ['list', 'show', 'retry', 'skip', 'withdraw']],
    ['destination', ['list', 'pause', 'resume']],
  ])('of %s lists what it can do', async (verb, below) => {
    const { exit, out } = await run(`${verb} --help`);
    expect(exit).toBe(EXIT.ok);
    for (const word of below) expect(out).toMatch(new RegExp(`^  ${word}\\b`, 'm'));
  });

  it('gives the version', async () => {
    expect(await run('--version')).toMatchObject({ exit: EXIT.ok, out: '0.1.0\n' });
  });
});

describe('a wrong command line', () => {
  it.each([
    ['mesage list', /unknown command 'mesage'[\s\S]*Did you mean message\?/],
    ['hold relase 4', /unknown command 'relase'[\s\S]*Did you mean release\?/],
    ['message list --jsn', /unknown option '--jsn'[\s\S]*Did you mean --json\?/],
    ['message show abc', /An id is a whole number/],
    ['hold list --code practise-unknown', /did you mean "practice-unknown"\?/],
    ['message list --state helt', /Allowed choices are unprocessed/],
    ['message list --since yesterday', /Write 15m, 2h or 7d/],
    ['message list --since 2026-13-40', /There is no such date/],
    ['', /Usage: throughcare/],
    ['hold', /Usage: throughcare hold/],
  ])('“%s” ends with 2 and says what would be right', async (line, says) => {
    const { exit, err, calls } = await run(line);
    expect(exit).toBe(EXIT.usage);
    expect(err).toMatch(says);
    expect(calls).toEqual([]);
  });

  it.each([
    'hold release 4',
    'hold withdraw 4',
    'delivery retry 31',
    'delivery skip 31',
    'delivery withdraw 31',
    'destination pause x',
    'destination resume x',
  ])('“%s” needs a reason', async (line) => {
    const { exit, err, calls } = await run(line);
    expect([exit, calls]).toEqual([EXIT.usage, []]);
    expect(err).toMatch(/required option '-r, --reason <text>'/);
    expect((await run([...line.split(' '), '--reason', '  '])).exit).toBe(EXIT.usage);
  });
});

describe('check', () => {
  it('ends with 0 when nothing is wrong', async () => {
    expect(await run('check')).toMatchObject({ exit: EXIT.ok, out: 'nothing wrong: 1 source, 0 destinations, 0 routes\n' });
  });

  it('prints the findings of the configuration, and ends with 1', async () => {
    const { exit, out } = await run('check', { config: 'bad.yaml' });
    expect(exit).toBe(EXIT.failed);
    expect(out).toMatch(
      /bad\.yaml:2:1 error unknown-setting “sorces” is no setting of this file \(did you mean "sources"\?\)\n1 error, 0 warnings; directory/,
    );
  });

  it('prints those of directory, mappings and routes beside them, also as JSON', async () => {
    const finding: Finding = { code: 'no-mapping', severity: 'error', place: { file: 'm/adt.yaml', line: 3, column: 5 }, message: 'x' };
    const context = { checkPlan: async () => [finding] };
    expect(await run('check', { context })).toMatchObject({
      exit: EXIT.failed,
      out: 'm/adt.yaml:3:5 error no-mapping x\n1 error, 0 warnings\n',
    });
    const { out } = await run('check --json', { context });
    expect(JSON.parse(out)).toEqual({ ok: false, findings: [finding] });
  });

  it('says when there is no such file', async () => {
    const { exit, out } = await run('check -c nothing.yaml');
    expect(exit).toBe(EXIT.failed);
    expect(out).toMatch(/^nothing\.yaml:1:1 error config-unreadable there is no such file/);
  });
});

describe('start and demo', () => {
  it('hand over to the daemon and give its exit code', async () => {
    expect((await run('start')).calls).toEqual([['start', 'example']]);
    expect((await run('start', { context: { start: async () => EXIT.failed } })).exit).toBe(EXIT.failed);
    expect((await run('demo')).calls).toEqual([['demo', { exit: false, json: false }]]);
    expect((await run('demo --exit')).calls).toEqual([['demo', { exit: true, json: false }]]);
  });

  it('do not start with errors in the configuration', async () => {
    const { exit, err, calls } = await run('start', { config: 'bad.yaml' });
    expect([exit, calls]).toEqual([EXIT.failed, []]);
    expect(err).toMatch(/bad\.yaml:2:1 error unknown-setting[\s\S]*error: the configuration has errors/);
  });
});

describe('mesh-server', () => {
  const usual = { host: '127.0.0.1', port: 8700, adminPort: 8701, tls: true, speed: 1, offset: 0 };

  it('says how to reach it, in words or as one line of JSON', async () => {
    const { exit, out, calls } = await run('mesh-server');
    expect([exit, calls]).toEqual([EXIT.ok, [['mesh-server', usual]]]);
    for (const word of ['https://127.0.0.1:8700', 'http://127.0.0.1:8701', 'tls/client-key.pem', 'A1, password secret'])
      expect(out).toContain(word);
    const json = (await run('mesh-server --json')).out;
    expect([json.trimEnd().includes('\n'), JSON.parse(json)]).toEqual([false, MESH_FACTS]);
  });

  it('passes on what was asked for', async () => {
    const line = 'mesh-server --port 0 --admin-port 9 --host ::1 --settings s.yaml --data d --no-tls --speed 60 --clock-ahead 5d';
    const asked = { host: '::1', port: 0, adminPort: 9, settings: 's.yaml', data: 'd', tls: false, speed: 60, offset: 432_000_000 };
    expect((await run(line)).calls).toEqual([['mesh-server', asked]]);
  });

  it('listens on loopback only, unless told otherwise', async () => {
    for (const host of ['0.0.0.0', '::', '10.0.0.1', 'example.org', '1270.0.0.1']) {
      const { exit, calls, err } = await run(`mesh-server --host ${host}`);
      expect([host, exit, calls]).toEqual([host, EXIT.usage, []]);
      expect(err).toContain('--allow-remote');
    }
    expect((await run('mesh-server --host 0.0.0.0 --allow-remote')).calls).toEqual([['mesh-server', { ...usual, host: '0.0.0.0' }]]);
  });

  it.each(['--port x', '--port 65536', '--speed fast', '--clock-ahead 5'])('refuses %s', async (option) => {
    expect((await run(`mesh-server ${option}`)).exit).toBe(EXIT.usage);
  });
});

describe('message', () => {
  it('list shows rows without patient data and passes on what was asked for', async () => {
    const { exit, out, calls } = await run(
      'message list --source prison-adt --state held --code practice-unknown --type ADT^A03 --since 2026-03-01 --limit 5 --before 99',
    );
    expect(exit).toBe(EXIT.ok);
    expect(out).toMatch(/ID {2}RECEIVED {14}SOURCE/);
    expect(out).toMatch(/17 {2}2026-03-02 14:05:00Z {2}prison-adt {2}ADT\^A03 {2}held {3}practice-unknown +1 +912 B {2}MSG00017/);
    expect(calls[0]).toEqual([
      'listMessages',
      {
        limit: 5,
        before: 99,
        since: new Date('2026-03-01'),
        source: 'prison-adt',
        state: 'held',
        code: 'practice-unknown',
        type: 'ADT^A03',
      },
    ]);
    expect(calls.at(-1)).toEqual(['close']);
  });

  it('list fits the terminal', async () => {
    const { out } = await run('message list', { columns: 60 });
    for (const line of out.replace(/\u001b\[\d+m/g, '').split('\n')) expect(line.length).toBeLessThanOrEqual(60);
  });

  it('list and show give JSON', async () => {
    expect(JSON.parse((await run('message list --json')).out)).toMatchObject([{ id: 17, received: '2026-03-02T14:05:00.000Z' }]);
    expect(JSON.parse((await run('message show 17 --json')).out)).toMatchObject({ id: 17, shape: [{ name: 'PID' }] });
  });

  it('show gives what is known and the shape, not the content', async () => {
    const { out, calls } = await run('message show 17');
    for (const part of ['held (practice-unknown)', 'prison-adt', 'PID', '3 5 7', 'leeds-clinical', 'registered-gp'])
      expect(out).toContain(part);
    expect(out).not.toMatch(/EXAMPLE|9990000069/);
    expect(calls.map(([name]) => name)).toEqual(['close']);
  });

  it('show --reveal asks for a reason, and gives the bytes as they came into a pipe', async () => {
    expect(await run('message show 17 --reveal')).toMatchObject({ exit: EXIT.usage, calls: [] });
    expect(await run('message show 17 --reason because')).toMatchObject({ exit: EXIT.usage, calls: [] });
    const { bytes, calls } = await run(['message', 'show', '17', '--reveal', '--reason', 'asked for by the ward']);
    expect(bytes).toEqual(PAYLOAD);
    expect(calls[0]).toEqual(['revealMessage', 17, { by: 'ann', reason: 'asked for by the ward' }]);
    const terminal = await run(['message', 'show', '17', '--reveal', '--reason', 'asked for'], { columns: 80 });
    expect(terminal.out.split('\n')).toEqual(['MSH|^~\\&|NOMIS', 'PID|1||9990000069^^^NHS^NH||EXAMPLE^ANN', '']);
  });

  it('trace shows each step', async () => {
    expect((await run('message trace 17')).out).toMatch(/2026-03-02 14:05:00\.000Z {2}received {2}source=prison-adt type=ADT\^A03/);
  });

  it('of an unknown id ends with 4', async () => {
    expect(await run('message show 18')).toMatchObject({ exit: EXIT.unknown, err: 'error: there is no message 18\n' });
    expect((await run('message trace 18', { operations: { traceMessage: async () => null } })).exit).toBe(EXIT.unknown);
  });
});

describe('hold', () => {
  it('list says what each means', async () => {
    const { out, calls } = await run('hold list --destination leeds-clinical --all');
    expect(out).toContain('The GP practice code is not in the directory.');
    expect(calls[0]).toEqual(['listHolds', { limit: 50, all: true, destination: 'leeds-clinical' }]);
  });

  it('show says what has happened, what is safe to do, and what has left meanwhile', async () => {
    const { out } = await run('hold show 4');
    expect(out).toMatch(/^hold 4 practice-unknown\nThe GP practice code is not in the directory\.\nAdd the practice/);
    expect(out).toMatch(/left meanwhile +2/);
    expect((await run('hold show 5')).exit).toBe(EXIT.unknown);
  });

  it('release and withdraw act under the operator’s name and reason', async () => {
    const release = await run(['hold', 'release', '4', '--reason', 'practice added']);
    expect(release).toMatchObject({ exit: EXIT.ok, out: 'hold 4 released\n' });
    expect(release.calls[0]).toEqual(['releaseHold', 4, { by: 'ann', reason: 'practice added' }]);
    expect((await run(['hold', 'withdraw', '4', '-r', 'sent by fax'])).calls[0]).toEqual([
      'withdrawHold',
      4,
      { by: 'ann', reason: 'sent by fax' },
    ]);
  });
});

describe('delivery and destination', () => {
  it('list deliveries of a message in a state', async () => {
    const { out, calls } = await run('delivery list --message 17 --state held');
    expect(out).toMatch(/31 {2}held {3}leeds-clinical +5 +17 +2 {2}answer-error/);
    expect(calls[0]).toEqual(['listDeliveries', { limit: 50, state: 'held', message: 17 }]);
  });

  it.each([
    ['delivery retry 31', 'retryDelivery', 31],
    ['delivery skip 31', 'skipDelivery', 31],
    ['delivery withdraw 31', 'withdrawDelivery', 31],
    ['destination pause leeds-clinical', 'pauseDestination', 'leeds-clinical'],
    ['destination resume leeds-clinical', 'resumeDestination', 'leeds-clinical'],
  ])('%s', async (line, call, what) => {
    const { exit, calls } = await run([...line.split(' '), '--reason', 'why not']);
    expect([exit, calls[0]]).toEqual([EXIT.ok, [call, what, { by: 'ann', reason: 'why not' }]]);
  });

  it('end with 5 and a sentence when refused, with 4 when there is no such thing', async () => {
    const skip = ['delivery', 'skip', '31', '--reason', 'why not'];
    const refused = await run(skip, { operations: { skipDelivery: async () => ({ outcome: 'refused', why: 'being-sent' }) } });
    expect(refused.exit).toBe(EXIT.refused);
    expect(refused.err).toMatch(/^error: delivery 31: it is being sent at this moment/);
    expect((await run(skip, { operations: { skipDelivery: async () => ({ outcome: 'unknown' }) } })).exit).toBe(EXIT.unknown);
  });
});

describe('delivery show', () => {
  it('shows what the far side calls it and has said of it, in words and as JSON', async () => {
    const { out } = await run('delivery show 31');
    for (const shown of [
      '20261123101010_AB12',
      'delivery 29',
      'overdue',
      'EPL-153',
      'patient-not-routed',
      '20261120101010_OLD1 (former send)',
    ])
      expect(out).toContain(shown);
    const json = JSON.parse((await run('delivery show 31 --json')).out);
    expect(json).toMatchObject({ farId: '20261123101010_AB12', resendOf: 29, overdue: true });
    expect(json.receipts).toMatchObject([{ stage: 'reported', good: false, code: 'EPL-153', former: true, message: 99 }]);
    expect((await run('delivery list --json')).out).toContain('20261123101010_AB12');
  });

  it('shows the attempts, and the receiver’s words only with a reason', async () => {
    const { out, calls } = await run('delivery show 31');
    expect(out).toMatch(/permanent {2}answer-error {2}AE/);
    expect(out).not.toContain('no bed');
    expect(calls.map(([name]) => name)).toEqual(['close']);
    expect(await run('delivery show 31 --reveal')).toMatchObject({ exit: EXIT.usage });
    const revealed = await run(['delivery', 'show', '31', '--reveal', '--reason', 'why refused?']);
    expect(revealed.out).toContain('MSA|AE|TC31|no bed\n');
    expect(revealed.calls[0]).toEqual(['revealReplies', 31, { by: 'ann', reason: 'why refused?' }]);
    expect((await run('delivery show 32')).exit).toBe(EXIT.unknown);
  });
});

describe('status and destination list', () => {
  it('say what runs, what is held, whether anything is lost, and where lanes wait', async () => {
    const { exit, out } = await run('status');
    expect(exit).toBe(EXIT.ok);
    expect(out).toMatch(/^1 daemon; 1 hold open[\s\S]*received 1 = processed 1[\s\S]*nothing is lost/);
    // It is not in this configuration: what waits for it waits for ever.
    expect(out).toMatch(/leeds-clinical {2}not configured {4}3 {8}1 {9}0 {5}2/);
    expect((await run('destination list')).out).toMatch(/^DESTINATION {5}STATE/);
  });

  it('end with 1 when no daemon runs, or a line does not balance', async () => {
    expect(await run('status', { operations: { runningDaemons: async () => 0 } })).toMatchObject({
      exit: EXIT.failed,
      out: expect.stringContaining('no daemon is running'),
    });
    const lost = { openHolds: 0, lines: [], balanced: false };
    expect((await run('status', { operations: { standing: async () => lost } })).exit).toBe(EXIT.failed);
  });
});

describe('at night', () => {
  it('an act with no daemon says that it waits for one', async () => {
    const { exit, err } = await run(['hold', 'release', '4', '-r', 'added'], { operations: { runningDaemons: async () => 0 } });
    expect([exit, err]).toEqual([EXIT.ok, 'no daemon is running: it takes effect when one is started\n']);
  });

  it('an open hold names the commands to go on with', async () => {
    const { out } = await run('hold show 4');
    expect(out).toContain('throughcare message show 17\n');
    expect(out).toContain('throughcare hold release 4 --reason "…"');
  });

  it.each([
    ['message list --source b', /there is no source b \(did you mean "a"\?\)/],
    ['delivery list --destination nowhere', /there is no destination nowhere/],
  ])('%s: a name nobody has is an error and no empty list', async (line, says) => {
    const none = { listMessages: async () => [], listDeliveries: async () => [] };
    expect(await run(line, { operations: none })).toMatchObject({ exit: EXIT.unknown, err: expect.stringMatching(says) });
    expect((await run('message list --source a', { operations: none })).exit).toBe(EXIT.ok);
  });

  it('options may stand before the verb; with --json errors are JSON too', async () => {
    expect(JSON.parse((await run('--json hold list')).out)).toHaveLength(1);
    const { exit, err } = await run('message show 18 --json');
    expect([exit, JSON.parse(err)]).toEqual([EXIT.unknown, { error: 'there is no message 18' }]);
    expect((await run(`--config ${join(folder, 'bad.yaml')} hold list`)).exit).toBe(EXIT.failed);
  });

  it('check --connect counts what it tried, and fails when something is not reached', async () => {
    const place = { file: 'x.yaml', line: 3, column: 5 };
    const finding: Finding = { code: 'connection-refused', severity: 'error', place, message: 'far: nothing answers' };
    const refused = { context: { checkConnections: async () => ({ tried: 3, findings: [finding] }) } };
    expect(await run('check --connect', refused)).toMatchObject({
      exit: EXIT.failed,
      out: expect.stringMatching(/^x\.yaml:3:5 error connection-refused[\s\S]*2 of 3 reached/),
    });
    expect(JSON.parse((await run('check --connect --json', refused)).out)).toMatchObject({ ok: false, tried: 3, reached: 2 });
    expect(await run('check', refused)).toMatchObject({ exit: EXIT.ok });
  });
});

describe('migrate', () => {
  it('says what was applied', async () => {
    expect((await run('migrate')).out).toBe('applied 0003-deliveries\nschema 2 → 3\n');
    expect((await run('migrate', { operations: { migrate: async () => ({ from: 3, to: 3, applied: [] }) } })).out).toBe(
      'schema 3, nothing to do\n',
    );
  });
});

describe('when something fails', () => {
  it('a store that does not answer ends with 3', async () => {
    const refuse = (error: Error) => ({ context: { operations: () => Promise.reject(error) } });
    expect(await run('hold list', refuse(Object.assign(new Error('x'), { code: 'ECONNREFUSED' })))).toMatchObject({
      exit: EXIT.unreachable,
    });
    const { exit, err } = await run('hold list', refuse(new ThroughcareError('store-unavailable', 'SQLSTATE 57P03')));
    expect(exit).toBe(EXIT.unreachable);
    expect(err).toMatch(/^error: the store does not answer: SQLSTATE 57P03/);
    const outer = new Problem('the PostgreSQL at h/d cannot be reached', { cause: new ThroughcareError('store-unavailable') });
    expect(await run('hold list', refuse(outer))).toMatchObject({
      exit: EXIT.unreachable,
      err: expect.stringContaining('at h/d cannot be reached'),
    });
  });

  it('a problem is told in its own words', async () => {
    const { exit, err } = await run('migrate', {
      operations: { migrate: () => Promise.reject(new Problem('the database is newer than this program')) },
    });
    expect([exit, err]).toEqual([EXIT.failed, 'error: the database is newer than this program\n']);
  });

  it('an unexpected error ends with 1, shows where, and not its words', async () => {
    const { exit, err } = await run('hold list', { operations: { listHolds: () => Promise.reject(new TypeError('value Smith')) } });
    expect(exit).toBe(EXIT.failed);
    expect(err).toMatch(/^error: TypeError unexpected\n {2}at /);
    expect(err).not.toContain('Smith');
  });
});

describe('colours', () => {
  it('are there on a terminal, and not with --no-color, NO_COLOR or a pipe', async () => {
    const coloured = (result: { out: string }): boolean => result.out.includes('\u001b[');
    expect(coloured(await run('hold list', { columns: 100 }))).toBe(true);
    expect(coloured(await run('hold list --no-color', { columns: 100 }))).toBe(false);
    expect(coloured(await run('hold list'))).toBe(false);
    const environment = { THROUGHCARE_CONFIG: join(folder, 'good.yaml'), NO_COLOR: '1' };
    expect(coloured(await run('hold list', { columns: 100, context: { environment } }))).toBe(false);
  });
});
