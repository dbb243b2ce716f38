/** `npm run soak`: the conservation test for as long as one likes. Installs and compiles what is missing, brings redis-server. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { prepare, root } from '../cli/bootstrap/prepare.mjs';

try {
  await prepare({ dev: true });
  const { ensureRedisServer } = await import('./services/redis-server.mjs');
  process.env.THROUGHCARE_REDIS_SERVER = await ensureRedisServer(root);
} catch (error) {
  if (error.name !== 'SetupError') throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
const program = [join(root, 'test/support/ts-hook.cjs'), join(root, 'test/faults/soak.ts')];
const child = spawn(process.execPath, ['--require', ...program, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
child.on('close', (code) => {
  process.exitCode = code ?? 1;
});
