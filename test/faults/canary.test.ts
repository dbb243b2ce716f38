import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureServer } from '../../store/embedded/embedded.ts';
import { findPostmaster, stopPostmaster } from '../../store/embedded/postmaster.ts';
import { type Database, openDatabase } from '../../store/pool.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { plainAck } from '../support/mllp-bytes.ts';
import { MllpClient } from '../support/mllp-client.ts';
import { MllpReceiver } from '../support/mllp-receiver.ts';
import { type PrivateRedis, startRedis } from '../support/redis.ts';
import { temporaryFolder } from '../support/temp.ts';
import { type Corpus, readConsole, readRedis, readTables, say } from './canary-corpus.ts';
import { CanaryMesh } from './canary-mesh.ts';
import { type CanaryFolders, MARKS, MESSAGES, writeCanarySite } from './canary-site.ts';
import { Searcher, type Sighting } from './search.ts';
import { SupervisedDaemon } from './supervised.ts';

/** A value put where the marked ones must not be, to see that it would be found there. */
const PLANTED = 'periwinkle-quagga-planted';

/** All that a run of the marked patient said and left behind, but for what was meant to be there. */
interface Traces {
  readonly corpus: Corpus;
  readonly sightings: readonly Sighting[];
  readonly plantings: readonly Sighting[];
  /** What the receivers were sent, and the files for the practice: the marks belong there. */
  readonly delivered: string;
}

/** The receivers: one takes everything but results, which it refuses in the patient's own words; one never answers. */
async function farSides(): Promise<{ readonly leeds: MllpReceiver; readonly moorland: MllpReceiver; readonly surgery: MllpReceiver }> {
  const [leeds, moorland, surgery] = await Promise.all([MllpReceiver.listen(), MllpReceiver.listen(), MllpReceiver.listen()]);
  leeds.script = ({ bytes }) => {
    if (!bytes.includes('|ORU^R01')) return { do: 'answer' };
    const about = `${MARKS['words of the receiver']}: ${MARKS['family name']} ${MARKS['NHS number']}`;
    return { do: 'say', bytes: `${plainAck(bytes, 'AE').trimEnd()}|${about}\rERR|||207|E|||${about}|${about}\r` };
  };
  moorland.script = () => ({ do: 'reset' });
  return { leeds, moorland, surgery };
}

/** Sends every message about the marked patient, in an order in which each comes to its end; resolves with all answers. */
async function play(
  ports: { readonly adt: number; readonly lab: number },
  mesh: CanaryMesh,
  folders: CanaryFolders,
  rest: Rest,
): Promise<string[]> {
  const answers: string[] = [];
  const send = async (port: number, message: Buffer | string): Promise<void> => {
    const client = await MllpClient.open(port);
    answers.push((await client.send(message)).bytes.toString('latin1'));
    client.destroy();
  };
  const drop = async (name: string, content: Buffer | string): Promise<void> => {
    await writeFile(join(folders.drop, `${name}.tmp`), content);
    await rename(join(folders.drop, `${name}.tmp`), join(folders.drop, name));
  };
  await send(ports.adt, MESSAGES.reception);
  await drop(`${MARKS['file name']}-1.hl7`, MESSAGES.letter);
  await rest('the letter is in Leeds', async () => (await rest.count("delivery where receipt_code = 'AA'")) >= 2);
  await mesh.send();
  await rest('what came by MESH is taken', async () => mesh.waiting === 1 && (await rest.count("delivery where receipt_code = 'AA'")) >= 3);
  await send(ports.lab, MESSAGES.result);
  await rest('the result is held', async () => (await rest.count("hold where reason = 'answer-error'")) === 1);

  for (const odd of ['withoutBooking', 'otherBirthDate', 'noMapping', 'wrongVersion', 'noHeader'] as const)
    await send(ports.adt, MESSAGES[odd]);
  await send(ports.lab, MESSAGES.wrongTrigger);
  // The bytes are not those of the character set that MSH-18 names.
  await send(ports.adt, Buffer.from(MESSAGES.reception.replace('CAN0001', 'CAN0009'), 'latin1'));
  await send(ports.adt, MESSAGES.reception);
  await send(ports.adt, MESSAGES.reception.replace('^LEI', '^MDI'));
  await drop(`${MARKS['file name']}-2.hl7`, `no message, but ${Object.values(MARKS).join(', ')}`);
  const cut = await MllpClient.open(ports.adt);
  cut.write(`\x0b${MESSAGES.reception.slice(0, 300)}`);
  cut.end();
  await cut.whenClosed();

  await send(ports.adt, MESSAGES.transfer);
  await rest('Moorland was tried', async () => (await rest.count("attempt where code = 'connection-lost'")) >= 2);
  await send(ports.adt, MESSAGES.release);
  await rest('the result is at the practice', async () => (await readdir(folders.quay)).length > 0);
  await rest('the summary is in its mailbox', async () => (await mesh.summaries()).length > 0);
  for (const { id } of await mesh.summaries()) await mesh.reportOn(id);
  await rest('the report on the summary holds it', async () => (await rest.count("hold where reason = 'patient-not-routed'")) > 0);
  await rest('the bad file is put aside', async () => (await readdir(join(folders.drop, 'error'))).length > 0);
  await rest('nothing is unprocessed', async () => (await rest.count('message_todo')) === 0);
  return answers;
}

interface Rest {
  (what: string, reached: () => Promise<boolean>): Promise<void>;
  /** Rows of a table, or of one with a condition. */
  readonly count: (from: string) => Promise<number>;
}
const resting = (database: Database): Rest => {
  const count = async (from: string): Promise<number> =>
    (await database.query<{ n: number }>(`select count(*) as n from ${from}`))[0]?.n ?? 0;
  return Object.assign(
    async (what: string, reached: () => Promise<boolean>) => {
      await eventually(reached, Boolean, { what });
    },
    { count },
  );
};

/** What an operator does about it; resolves with what every command says without being asked to reveal anything. */
async function operate(config: string): Promise<string> {
  const why = ['--reason', `${MARKS['words of the operator']}, ${MARKS['family name']}`];
  // What is revealed goes to the person who asked; that they asked, and why, is what must not show.
  const revealed = await say(config, [['message', 'show', '1', '--reveal', ...why]]);
  expect(revealed).toContain(MARKS['family name']);
  const acted = await say(config, [
    ['hold', 'release', '1', ...why],
    ['message', 'list', '--json'],
    ['hold', 'list', '--json'],
    ['delivery', 'list', '--json'],
    ...['1', '2', '3'].flatMap((id) => [
      ['message', 'show', id],
      ['message', 'trace', id],
    ]),
    // A hold that was closed shows the words of whoever closed it to whoever asks for that hold; these are open.
    ...['2', '3'].map((id) => ['hold', 'show', id]),
  ]);
  // The echo of what was typed is the terminal's.
  return acted.replaceAll(/^> .*$/gm, '');
}

/** Puts the planted value into the store and into Redis, as a product that forgot itself would. */
async function plant(database: Database, redis: PrivateRedis | undefined): Promise<void> {
  await database.query(`create table public.planted as select '${PLANTED}'::text as value`);
  if (redis === undefined) return;
  const { Redis } = await import('ioredis');
  const client = new Redis(redis.url);
  await client.hset('bull:planted:1', 'data', Buffer.from(PLANTED).toString('base64'));
  client.disconnect();
}

async function follow(redis: PrivateRedis | undefined, folder: string, marked: Searcher): Promise<Traces> {
  const planted = new Searcher({ planted: PLANTED });
  const { leeds, moorland, surgery } = await farSides();
  const ports = { console: await freePort(), 'prison-adt': await freePort(), pathology: await freePort(), mesh: await freePort() };
  const mesh = await CanaryMesh.start(ports.mesh, folder);
  const { file, ...folders } = await writeCanarySite(
    folder,
    { ...ports, 'leeds-clinical': leeds.port, 'moorland-clinical': moorland.port, 'gp-hill-lane': surgery.port },
    redis?.url,
  );
  const daemon = new SupervisedDaemon(file, ports.console);
  let cluster: string | undefined;
  try {
    await daemon.start();
    const server = await ensureServer(folders.data);
    cluster = server.cluster;
    const database = openDatabase(server.target, { max: 2 });
    // A page written whole into the WAL would be compressed, and hide from the search what it holds.
    await database.query('alter system set wal_compression = off');
    await database.query('select pg_reload_conf()');
    const answers = await play({ adt: ports['prison-adt'], lab: ports.pathology }, mesh, folders, resting(database));
    // A daemon that loses its store mid-flight has much to say about it.
    const pid = findPostmaster(cluster)?.pid;
    if (pid !== undefined) process.kill(pid, 'SIGQUIT');
    await daemon.ready();
    await eventually(() => database.query('select 1'), Boolean, { what: 'the server' });

    const corpus = new Map<string, string>([
      ['throughcare', await operate(file)],
      ...(await readConsole(ports.console)),
      ...answers.map((answer, n) => [`answer ${n + 1} to a sender`, answer] as const),
    ]);
    for (const name of await readdir(join(folders.drop, 'error')))
      if (name.endsWith('.error')) corpus.set('the text beside a bad file', await readFile(join(folders.drop, 'error', name), 'utf8'));
    await plant(database, redis);
    for (const [where, text] of await readTables(database)) corpus.set(where, text);
    for (const [where, text] of redis === undefined ? [] : await readRedis(redis.url)) corpus.set(where, text);
    await database.close();
    await daemon.stop();
    for (const life of daemon.lives) corpus.set(`log ${life.pid}`, await readFile(life.log, 'utf8'));
    for (const name of await readdir(folders.quay)) corpus.set(`the name ${name}`, name);

    const places = [folders.data, ...(redis === undefined ? [] : [redis.folder])];
    const look = async (searcher: Searcher): Promise<Sighting[]> => [
      ...[...corpus].flatMap(([where, text]) => searcher.search(where, text)),
      ...(await Promise.all(places.map((place) => searcher.searchFolder(place)))).flat(),
    ];
    const filed = await Promise.all((await readdir(folders.quay)).map((name) => readFile(join(folders.quay, name), 'utf8')));
    const received = [leeds, moorland].flatMap(({ received: messages }) => messages.map(({ bytes }) => bytes.toString('utf8')));
    const mailed = (await mesh.summaries()).map(({ text }) => text);
    return {
      corpus,
      sightings: await look(marked),
      plantings: await look(planted),
      delivered: [...filed, ...received, ...mailed].join('\n'),
    };
  } finally {
    await daemon.stop(5_000);
    if (cluster !== undefined) await stopPostmaster(cluster, 2_000);
    await Promise.all([leeds.close(), moorland.close(), surgery.close(), mesh.close()]);
  }
}

describe('a patient whose every value is marked', () => {
  it.each(['redis', 'postgres'] as const)(
    'shows in none of the places that are not for patient data, BullMQ on %s',
    async (backend) => {
      const folder = await temporaryFolder('canary');
      const redis = backend === 'redis' ? await startRedis() : undefined;
      let kept = true;
      try {
        const marked = new Searcher(MARKS);
        const { corpus, sightings, plantings, delivered } = await follow(redis, folder.path, marked);
        const { forms, places, bytes } = marked.effort;
        process.stdout.write(
          `Canary, BullMQ on ${backend}: ${Object.keys(MARKS).length} marked values in ${forms} ways of writing them, ${places} texts, files and names, ${Math.round(bytes / 1e6)} MB; seen ${sightings.length} times\n`,
        );
        // The marks did go through, and through every place that was searched.
        for (const mark of ['family name', 'NHS number', 'prison number', 'result text', 'allergy', 'title of a letter'] as const)
          expect(delivered).toContain(MARKS[mark]);
        const log = [...corpus]
          .filter(([where]) => where.startsWith('log '))
          .map(([, text]) => text)
          .join('\n');
        expect(log).toContain('"level":"debug"');
        expect(corpus.get('page /metrics')).toMatch(/^throughcare_/m);
        expect([...corpus.values()].join('\n')).toMatch(/mapping-failed[\s\S]*answer-error|answer-error[\s\S]*mapping-failed/);

        expect(sightings).toEqual([]);

        const where = plantings.map((sighting) => sighting.where);
        expect(where).toEqual(
          expect.arrayContaining([
            expect.stringMatching(/^postgres\/base\//),
            expect.stringMatching(/^postgres\/pg_wal\//),
            'table public.planted',
          ]),
        );
        if (backend === 'redis')
          expect(where).toEqual(expect.arrayContaining([expect.stringMatching(/^appendonlydir\//), 'Redis bull:planted:1']));
        kept = false;
      } finally {
        await redis?.stop();
        if (kept) console.log(`Everything is kept in ${folder.path}`);
        else await folder.remove();
      }
    },
    120_000,
  );
});
