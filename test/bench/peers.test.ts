import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from '@swc/core';
import type { Acknowledged } from '../../bench/generator.ts';
import type { Delivered } from '../../bench/receiver.ts';
import { Remote } from '../../bench/remote.ts';
import { type Disposable, temporaryFolder } from '../support/temp.ts';

/** The peers are programs of their own: compiled as `npm run bench` does, into a folder of the test. */
async function compiled(): Promise<Disposable> {
  const folder = await temporaryFolder('bench');
  mkdirSync(join(folder.path, 'bench'));
  const source = join(__dirname, '../../bench');
  for (const name of readdirSync(source).filter((file) => file.endsWith('.ts'))) {
    const text = readFileSync(join(source, name), 'utf8').replaceAll(/from '(\.[^']+)\.ts'/g, `from '$1.js'`);
    const { code } = transformSync(text, { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } });
    writeFileSync(join(folder.path, 'bench', name.replace(/ts$/, 'js')), code);
  }
  return folder;
}

describe('generator and receiver of the bench', () => {
  it('speak MLLP with each other, each connection waiting for its answer', async () => {
    const folder = await compiled();
    const receiver = Remote.start([join(folder.path, 'bench/receiver.js')]);
    const generator = Remote.start([join(folder.path, 'bench/generator.js')]);
    try {
      const port = await receiver.call<number>('listen');
      const load = { port, connections: 10, messages: 2_005, event: 'A08', load: 1 };
      const sent = await generator.call<Acknowledged>('send', load);
      expect(sent).toMatchObject({ messages: 2_005, refused: 0 });
      expect(sent.latency.p50).toBeLessThanOrEqual(sent.latency.p99);
      expect(sent.latency.p99).toBeLessThanOrEqual(sent.latency.most);
      expect(await receiver.call<Delivered>('until', 2_005)).toMatchObject({ messages: 2_005, repeated: 0, misordered: 0 });

      await generator.call('send', load);
      expect(await receiver.call<Delivered>('now')).toMatchObject({ messages: 2_005, repeated: 2_005 });
      await expect(generator.call('send', { ...load, port: 1 })).rejects.toThrow('ECONNREFUSED');
    } finally {
      await Promise.all([generator.end(), receiver.end()]);
      await folder.remove();
    }
  });
});
