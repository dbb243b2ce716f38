import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MllpReceiver } from '../stand-ins/mllp-receiver.ts';
import { ExampleMesh } from './example-mesh.ts';
import { JOURNEY, type JourneyStep } from './journey.ts';
import { sendOverMllp } from './mllp-sender.ts';

/** What the player sees of the daemon. */
export interface DemoDaemon {
  readonly console: string;
  newest(
    source: string,
    count: number,
  ): Promise<readonly { readonly id: number; readonly state: string; readonly reason: string | null }[]>;
  /** States of the deliveries of a message. */
  deliveries(message: number): Promise<readonly string[]>;
  /** The two conservation lines, and whether they balance with nothing left to do. */
  conservation(): Promise<{ readonly lines: readonly string[]; readonly settled: boolean }>;
  stop(): Promise<void>;
}

export interface DemoParts {
  /** Folder of the example site. */
  readonly site: string;
  /** Folder of its data: emptied at the start, so that the journey is new each time. */
  readonly data: string;
  readonly exit: boolean;
  readonly out: { write(text: string): unknown };
  readonly boot: () => Promise<DemoDaemon>;
  /** Resolves when the person wants it to end. */
  readonly stopped: () => Promise<void>;
  /** Where the site listens and sends; those of the example site as shipped by default. */
  readonly ports?: DemoPorts;
}

export interface DemoPorts {
  readonly sources: Readonly<Record<'prison-adt' | 'pathology', number>>;
  readonly receivers: Readonly<Record<'leeds-clinical' | 'moorland-clinical' | 'gp-hill-lane', number>>;
  /** Where the stand-in MESH server listens. */
  readonly mesh: number;
  readonly console: number;
}

const HOST = '127.0.0.1';
const EXAMPLE_PORTS: DemoPorts = {
  sources: { 'prison-adt': 2575, pathology: 2576 },
  receivers: { 'leeds-clinical': 2601, 'moorland-clinical': 2602, 'gp-hill-lane': 2603 },
  mesh: 2610,
  console: 7750,
};
const STEP_MS = 10_000;

/** Plays the journey on a real daemon and tells it message by message. Resolves with the exit code. */
export const playDemo = async (parts: DemoParts): Promise<0 | 1> => {
  const { out, ports = EXAMPLE_PORTS } = parts;
  if (await answers(ports.console)) {
    out.write(`Something answers on ${HOST}:${ports.console} already: is a demo running? Stop it first.\n`);
    return 1;
  }
  const stopped = parts.stopped();
  const arrived: string[] = [];
  const receivers: MllpReceiver[] = [];
  let mesh: ExampleMesh | undefined;
  try {
    await rm(parts.data, { recursive: true, force: true });
    mesh = await ExampleMesh.start(ports.mesh, parts.data);
    for (const [name, port] of Object.entries(ports.receivers)) {
      const receiver = new MllpReceiver((message) => arrived.push(`${name} ${message.type}`));
      await receiver.listen(port, HOST);
      receivers.push(receiver);
    }
    return await playWith(parts, mesh, arrived, stopped);
  } finally {
    await mesh?.close();
    for (const receiver of receivers) await receiver.close();
  }
};

const playWith = async (parts: DemoParts, mesh: ExampleMesh, arrived: string[], stopped: Promise<void>): Promise<0 | 1> => {
  const { out, ports = EXAMPLE_PORTS } = parts;
  await mkdir(join(parts.data, 'in', 'gp-records'), { recursive: true });
  await mkdir(join(parts.data, 'out', 'gp-quay'), { recursive: true });
  out.write('Starting the daemon on an embedded PostgreSQL …\n');
  const began = performance.now();
  const daemon = await parts.boot();
  out.write(`Up after ${((performance.now() - began) / 1000).toFixed(1)} s. The journey:\n\n`);
  let sound = true;
  try {
    const player = new Player(parts, daemon, mesh, arrived);
    for (const [index, step] of JOURNEY.entries()) sound = (await player.play(index + 1, step)) && sound;
    const balance = await player.settle();
    out.write(`\n${balance.lines.join('\n')}\n`);
    if (!balance.settled) out.write('These lines do not balance, or something is still to be done.\n');
    sound = sound && balance.settled;
    out.write(sound ? '\nEvery step came out as expected.\n' : '\nNot every step came out as expected.\n');
    if (!parts.exit) {
      out.write(`\nStill up, until Ctrl-C:\n  console      ${daemon.console}/readyz  /metrics  /queues\n`);
      for (const [name, port] of Object.entries(ports.sources)) out.write(`  ${name.padEnd(12)} mllp ${HOST}:${port}\n`);
      out.write(`  gp-mail      MESH mailbox at https://${HOST}:${ports.mesh}\n`);
      out.write(`  gp-records   folder ${join(parts.data, 'in', 'gp-records')}\n`);
      out.write('  look at it   npm run throughcare -- status --config demo/site/throughcare.yaml\n');
      await stopped;
    }
  } finally {
    await daemon.stop();
  }
  return sound ? 0 : 1;
};

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: HOST, port });
    const end = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });

class Player {
  readonly #parts: DemoParts;
  readonly #daemon: DemoDaemon;
  readonly #mesh: ExampleMesh;
  /** What the receivers got, in order. */
  readonly #arrived: string[];
  #seen = 0;

  constructor(parts: DemoParts, daemon: DemoDaemon, mesh: ExampleMesh, arrived: string[]) {
    this.#parts = parts;
    this.#daemon = daemon;
    this.#mesh = mesh;
    this.#arrived = arrived;
  }

  async play(number: number, step: JourneyStep): Promise<boolean> {
    const { out } = this.#parts;
    out.write(`${String(number).padStart(2)}  ${step.title}\n`);
    const faults: string[] = [];
    const before = (await this.#daemon.newest(step.send.by, 1))[0]?.id ?? 0;
    for (const file of step.send.files) {
      const answer = await this.#send(step, await readFile(join(this.#parts.site, 'messages', file)));
      if (answer !== undefined) this.#say(`${file} → ${step.send.by}: answered ${answer}`);
      else this.#say(`${file} ${step.send.by === 'gp-mail' ? 'sent to the mailbox' : 'dropped into the folder'} of ${step.send.by}`);
      if (answer !== step.expect.answer) faults.push(`expected answer ${step.expect.answer ?? 'none'}`);
    }
    const messages = await this.#settled(step, before);
    for (const message of messages) {
      this.#say(`message ${message.id}: ${message.state}${message.reason === null ? '' : ` (${message.reason})`}`);
      if (message.state !== step.expect.state) faults.push(`expected ${step.expect.state}`);
      if (step.expect.reason !== undefined && message.reason !== step.expect.reason) faults.push(`expected reason ${step.expect.reason}`);
    }
    if (messages.length !== step.send.files.length) faults.push(`expected ${step.send.files.length} messages, saw ${messages.length}`);
    for (const state of await this.#ends(messages.map(({ id }) => id))) {
      const { ends = 'confirmed' } = step.expect;
      if (state !== ends) faults.push(`expected each delivery ${ends}, saw ${state}`);
      else if (ends !== 'confirmed') this.#say(`delivery: ${state}`);
    }
    await this.#arrivals(step.expect.arrives.length);
    const arrived = this.#arrived.slice(this.#seen);
    this.#seen = this.#arrived.length;
    for (const arrival of arrived) this.#say(`arrived: ${arrival}`);
    if ([...arrived].sort().join('\n') !== [...step.expect.arrives].sort().join('\n'))
      faults.push(`expected to arrive: ${step.expect.arrives.join(', ') || 'nothing'}`);
    for (const fault of faults) out.write(`    ✗ ${fault}\n`);
    return faults.length === 0;
  }

  #say(text: string): void {
    this.#parts.out.write(`      ${text}\n`);
  }

  async #send(step: JourneyStep, message: Buffer): Promise<string | undefined> {
    const { by } = step.send;
    const { sources } = this.#parts.ports ?? EXAMPLE_PORTS;
    if (by === 'gp-mail') {
      await this.#mesh.send(message);
      return undefined;
    }
    if (by !== 'gp-records') return sendOverMllp(HOST, sources[by], message);
    const folder = join(this.#parts.data, 'in', by);
    const name = `${randomBytes(6).toString('hex')}.hl7`;
    await writeFile(join(folder, `.${name}`), message);
    await rename(join(folder, `.${name}`), join(folder, name));
    return undefined;
  }

  /** The messages of this step, once every one has its outcome. */
  async #settled(step: JourneyStep, before: number) {
    const count = step.send.files.length;
    const until = performance.now() + STEP_MS;
    for (;;) {
      const messages = (await this.#daemon.newest(step.send.by, count)).filter((message) => message.id > before).reverse();
      const decided = messages.length === count && messages.every((message) => message.state !== 'unprocessed');
      if (decided || performance.now() > until) return messages;
      await sleep(20);
    }
  }

  /** States of the deliveries of these messages, once the far sides have had their say. */
  async #ends(messages: readonly number[]): Promise<readonly string[]> {
    const until = performance.now() + STEP_MS;
    for (;;) {
      this.#arrived.push(...(await this.#mesh.collect()));
      const states = (await Promise.all(messages.map((id) => this.#daemon.deliveries(id)))).flat();
      if (states.every((state) => state === 'confirmed' || state === 'held') || performance.now() > until) return states;
      await sleep(20);
    }
  }

  async #arrivals(count: number): Promise<void> {
    const until = performance.now() + 1_000;
    while (this.#arrived.length - this.#seen < count && performance.now() < until) await sleep(10);
  }

  /** The conservation lines, once nothing is under way. */
  async settle() {
    const until = performance.now() + STEP_MS;
    for (;;) {
      const balance = await this.#daemon.conservation();
      if (balance.settled || performance.now() > until) return balance;
      await sleep(50);
    }
  }
}
