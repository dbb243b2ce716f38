import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { loadConfig } from '../../config/load.ts';
import { startDaemon } from '../../daemon/start.ts';
import { openTelemetry } from '../../telemetry/telemetry.ts';
import { dropRoot, say } from '../adapters/support/drop-root.ts';

interface Job {
  readonly folder: string;
  /** Runs without the rights of root. */
  readonly unprivileged: boolean;
}

/** Bytes the process holds for itself: objects of JavaScript and buffers. */
const held = (): number => {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

/** The daemon of a site folder in a process of its own until its input ends; asked `most`, it says what it held at most since it was last asked. */
const main = async ({ folder, unprivileged }: Job): Promise<void> => {
  if (unprivileged) dropRoot();
  const { loaded } = loadConfig(join(folder, 'throughcare.yaml'), { environment: {} });
  if (loaded === undefined) throw new Error('the configuration of the test is wrong');
  const log = { write: (line: string) => appendFileSync(join(folder, 'daemon.log'), line) };
  const daemon = await startDaemon(loaded, openTelemetry({ log: { level: 'info', format: 'json', out: log } }));
  let most = held();
  setInterval(() => {
    most = Math.max(most, held());
  }, 5).unref();
  const address = (name: string) => [...daemon.sources.values()].find((source) => source.name === name)?.address;
  say({ up: true, 'prison-adt': address('prison-adt'), pathology: address('pathology') });
  const lines = createInterface({ input: process.stdin });
  lines.on('line', () => {
    say({ most, now: held() });
    most = held();
  });
  lines.on('close', () => void daemon.stop().then(() => process.exit(0)));
};

void main(JSON.parse(process.argv[2] ?? '{}'));
