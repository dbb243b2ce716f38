import { parseConfig } from '../../config/load.ts';
import { planReload } from '../../config/reload.ts';

const read = (text: string) => {
  const { loaded, findings } = parseConfig('/site/throughcare.yaml', text, { environment: {}, readFile: () => '' });
  if (loaded === undefined) throw new Error(JSON.stringify(findings));
  return loaded.config;
};
const BASE = `site: example
store: { url: postgres://u:one@h/d, keys: x }
sources:
  adt: { kind: mllp, listen: '127.0.0.1:2575' }
destinations:
  outbox: { kind: folder, path: out, mappings: [outbound/x] }
routes:
  - name: all
    when: kind = report
    to: outbox
`;

describe('planReload', () => {
  it('finds nothing between two readings of one text, nor when only places and spelling differ', () => {
    expect(planReload(read(BASE), read(BASE))).toEqual({ changes: [], refused: [] });
    expect(planReload(read(BASE), read(`# moved down\n\n${BASE}    priority: routine\nadvanced: { claimTtl: 90000ms }\n`))).toEqual({
      changes: [],
      refused: [],
    });
  });

  it('names each source, destination and setting that may change at run time', () => {
    const next = BASE.replace('2575', '2576')
      .replace('  adt:', '  files: { kind: folder, path: in }\n  adt:')
      .replace('outbox: {', 'outbox: { breaker: { failures: 9 },')
      .replace('kind = report', 'kind = document');
    const plan = planReload(read(BASE), read(`${next}mappings: [m]\nlog: { level: debug }\nshutdown: { drain: 1s }\n`));
    expect(plan.refused).toEqual([]);
    expect(plan.changes).toEqual([
      { path: 'log.level', what: 'changed' },
      { path: 'mappings', what: 'changed' },
      { path: 'shutdown.drain', what: 'changed' },
      { path: 'sources.adt', what: 'changed' },
      { path: 'sources.files', what: 'added' },
      { path: 'destinations.outbox', what: 'changed' },
      { path: 'routes', what: 'changed' },
    ]);
    expect(planReload(read(BASE), read(BASE.replace(/sources:\n.*\n/, ''))).changes).toEqual([{ path: 'sources.adt', what: 'removed' }]);
  });

  it('refuses what the running daemon stands on, and shows no value of it', () => {
    const next = BASE.replace('site: example', 'site: other').replace('u:one', 'u:two');
    const plan = planReload(
      read(BASE),
      read(
        `${next}data: elsewhere\nqueue: { redis: 'redis://h' }\nconsole: { listen: '127.0.0.1:1' }\nlog: { format: json }\nadvanced: { lease: 9s }\nzone: Europe/Paris\nenvironment: training\n`,
      ),
    );
    expect(plan.changes).toEqual([]);
    expect(plan.refused).toEqual([
      { path: 'site', what: 'changed' },
      { path: 'environment', what: 'changed' },
      { path: 'zone', what: 'changed' },
      { path: 'data', what: 'changed' },
      { path: 'store.url', what: 'changed' },
      { path: 'queue.redis', what: 'added' },
      { path: 'console.listen', what: 'changed' },
      { path: 'log.format', what: 'changed' },
      { path: 'advanced.lease', what: 'changed' },
    ]);
    expect(JSON.stringify(plan)).not.toMatch(/u:one|u:two/);
  });
});
