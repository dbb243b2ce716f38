import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bareEnvironment } from '../support/daemon-process.ts';
import { freePort } from '../support/free-port.ts';
import { MllpReceiver } from '../support/mllp-receiver.ts';
import { ProcessSite } from '../support/process-site.ts';

/** The real command against real far sides. */

const entry = join(__dirname, '../../cli/throughcare.mjs');

const run = (...args: readonly string[]): Promise<{ readonly code: number | null; readonly out: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [entry, ...args], { env: bareEnvironment(), stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString('utf8');
    });
    child.once('close', (code) => resolve({ code, out }));
  });

describe('check --connect', () => {
  it('names every far side and folder that cannot be reached, at its line, and ends with 1; with 0 once all can', async () => {
    const far = await MllpReceiver.listen();
    const nowhere = await freePort();
    const below = (port: number): string => `sources:
  files: { kind: folder, path: inbox }
destinations:
  far: { kind: mllp, host: 127.0.0.1, port: ${port}, mappings: [faults/movement-out] }
  near: { kind: mllp, host: 127.0.0.1, port: ${far.port}, mappings: [faults/movement-out] }
  outbox: { kind: folder, path: outbox, mappings: [faults/movement-out] }
routes:
  - { name: movements, when: kind = custody, to: far }
  - { name: kept, file: not sent }
`;
    const site = await ProcessSite.open(below(nowhere));
    try {
      const failed = await run('check', '--connect', '--json', '--config', site.config);
      expect(failed.code).toBe(1);
      const report: {
        tried: number;
        reached: number;
        findings: { code: string; severity: string; message: string; place: { line: number } }[];
      } = JSON.parse(failed.out);
      const errors = report.findings.filter(({ severity }) => severity === 'error');
      expect(errors.map(({ code }) => code).sort()).toEqual(['connection-refused', 'no-folder', 'no-folder']);
      expect(errors.find(({ code }) => code === 'connection-refused')?.message).toBe(
        `far: nothing answers at mllp 127.0.0.1:${nowhere} (ECONNREFUSED)`,
      );
      expect(errors.every(({ place }) => place.line > 1)).toBe(true);
      // The store is a configured one, and answers.
      expect([report.tried, report.reached]).toEqual([5, 2]);
      expect((await run('check', '--config', site.config)).code).toBe(0);

      await mkdir(join(site.folder, 'inbox'));
      await mkdir(join(site.folder, 'outbox'));
      await site.write(below(far.port));
      const fine = await run('check', '--connect', '--config', site.config);
      expect([fine.code, fine.out]).toEqual([0, expect.stringContaining('all 5 reached')]);
      expect(far.received).toEqual([]);
    } finally {
      await far.close();
      await site.close();
    }
  });
});
