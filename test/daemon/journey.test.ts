import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '../../config/load.ts';
import { conservationLines } from '../../daemon/conservation-lines.ts';
import { startDaemon } from '../../daemon/start.ts';
import { JOURNEY } from '../../demo/journey.ts';
import { type DemoDaemon, type DemoPorts, playDemo } from '../../demo/play.ts';
import { brandAs, type MessageId, type SourceName } from '../../records/ids.ts';
import { conservation } from '../../store/conservation.ts';
import { openTelemetry } from '../../telemetry/telemetry.ts';
import { freePort } from '../support/free-port.ts';
import { type Disposable, temporaryFolder } from '../support/temp.ts';

const ROOT = join(__dirname, '..', '..');

/** Ports of the example site, in the order in which they are written in its file, and the free ones that stand for them here. */
const rewritten = async (yaml: string): Promise<{ readonly yaml: string; readonly ports: DemoPorts }> => {
  const free = new Map<number, number>();
  const of = async (port: number): Promise<number> => {
    const other = await freePort();
    free.set(port, other);
    return other;
  };
  const ports: DemoPorts = {
    sources: { 'prison-adt': await of(2575), pathology: await of(2576) },
    receivers: { 'leeds-clinical': await of(2601), 'moorland-clinical': await of(2602), 'gp-hill-lane': await of(2603) },
    mesh: await of(2610),
    console: await of(7750),
  };
  return { ports, yaml: yaml.replaceAll(/(?<=127\.0\.0\.1:|port: )\d+/g, (port) => String(free.get(Number(port)))) };
};

describe('the example site', () => {
  let temp: Disposable;
  beforeAll(async () => {
    temp = await temporaryFolder('journey');
  });
  afterAll(() => temp.remove());

  it('plays the whole journey on an embedded PostgreSQL, and both lines balance', async () => {
    const site = join(temp.path, 'site');
    const data = join(temp.path, 'data');
    await cp(join(ROOT, 'demo', 'site'), site, { recursive: true });
    const { yaml, ports } = await rewritten(await readFile(join(site, 'throughcare.yaml'), 'utf8'));
    const file = join(site, 'throughcare.yaml');
    await writeFile(file, yaml.replaceAll('../../data/demo', data).replace('../../mappings', join(ROOT, 'mappings')));
    const { loaded, findings } = loadConfig(file, { environment: {} });
    expect(findings.filter((finding) => finding.severity === 'error')).toEqual([]);
    if (loaded === undefined) throw new Error('the example site does not load');

    const telemetry = openTelemetry({ log: { level: 'off', format: 'json' } });
    const boot = async (): Promise<DemoDaemon> => {
      const daemon = await startDaemon(loaded, telemetry);
      return {
        console: daemon.console,
        newest: (source, limit) => daemon.operations.listMessages({ source: brandAs<SourceName>(source), limit }),
        deliveries: async (message) =>
          (await daemon.operations.listDeliveries({ message: brandAs<MessageId>(message), limit: 1000 })).map((row) => row.state),
        conservation: async () => conservationLines(await conservation(daemon.store.database)),
        stop: () => daemon.stop(),
      };
    };
    const told: string[] = [];
    const out = { write: (text: string) => told.push(text) };
    const code = await playDemo({ site, data, ports, exit: true, out, boot, stopped: () => new Promise(() => undefined) });

    const story = told.join('');
    // A fault of a step is told under its title: shown whole when the test fails.
    expect(story).not.toContain('✗');
    expect(story).toContain('Every step came out as expected.');
    for (const { title } of JOURNEY) expect(story).toContain(title);
    // Two files of the GP's record, one of each other step.
    const sent = JOURNEY.reduce((sum, step) => sum + step.send.files.length, 0);
    // And the report on the summary that MESH could not route.
    expect(story).toContain(`received ${sent + 1} = processed ${sent - 3} + held 2 + rejected 1 + ignored 0 + duplicate 1 + unprocessed 0`);
    expect(story).toMatch(/deliveries \d+ = confirmed \d+ \+ handed over 0 \+ held 1 \+ withdrawn 0 \+ waiting 0 \+ sending 0/);
    expect(code).toBe(0);
  });
});
