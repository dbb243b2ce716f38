import { writeFileSync } from 'node:fs';
import { type Profiler, Session } from 'node:inspector';
import { answerCalls } from './remote.ts';

/** Loaded into the daemon before its own code (`node --expose-gc --require`): reads what only the process itself can tell. */
const session = new Session();

const post = <T>(method: string): Promise<T> =>
  new Promise((resolve, reject) => {
    // The shape of each result is fixed by the protocol of the inspector.
    session.post(method, (error: Error | null, result?: object) => (error === null ? resolve(result as T) : reject(error)));
  });

/** Where code stands: a room of the product, an npm package, Node itself, or what V8 names in brackets. */
function place(url: string, name: string): string {
  const npm = url.split('node_modules/').at(-1);
  if (url.includes('node_modules/') && npm !== undefined)
    return `npm ${npm
      .split('/')
      .slice(0, npm.startsWith('@') ? 2 : 1)
      .join('/')}`;
  const room = /\/dist\/((?:mappings\/)?[^/]+)/.exec(url)?.[1];
  if (room !== undefined) return room;
  if (url.startsWith('node:')) return 'node';
  return name.startsWith('(') ? name : `native ${name}`;
}

/** Milliseconds of processor time by place; idle time is left out. */
function byPlace({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Record<string, number> {
  const places = new Map(nodes.map((node) => [node.id, place(node.callFrame.url, node.callFrame.functionName)]));
  const spent: Record<string, number> = {};
  samples.forEach((id, index) => {
    const where = places.get(id) ?? 'other';
    if (where !== '(idle)') spent[where] = (spent[where] ?? 0) + (timeDeltas[index] ?? 0) / 1_000;
  });
  return spent;
}

answerCalls({
  /** Milliseconds of processor time since the process began. */
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
  /** Bytes of heap in use after a full collection. */
  heap: async () => {
    for (let round = 0; round < 4; round += 1) {
      globalThis.gc?.();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return process.memoryUsage().heapUsed;
  },
  profile: async () => {
    session.connect();
    await post('Profiler.enable');
    await post('Profiler.start');
  },
  profiled: async () => {
    const { profile } = await post<{ profile: Profiler.Profile }>('Profiler.stop');
    session.disconnect();
    // For a look at every function, in the tool of one's choice (Chrome's, speedscope).
    const { BENCH_PROFILE: file } = process.env;
    if (file !== undefined) writeFileSync(file, JSON.stringify(profile));
    return byPlace(profile);
  },
});
// The daemon must end when its own work ends.
process.channel?.unref();
