/** `npm run bench`: installs and compiles what is missing, brings redis-server, measures. */
import { createRequire } from 'node:module';
import { prepare, root } from '../cli/bootstrap/prepare.mjs';

try {
  await prepare({ dev: true });
  const { ensureRedisServer } = await import('../test/services/redis-server.mjs');
  process.env.THROUGHCARE_REDIS_SERVER = await ensureRedisServer(root);
} catch (error) {
  if (error.name !== 'SetupError') throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
const { main } = createRequire(import.meta.url)('../dist/bench/main.js');
process.exitCode = await main(process.argv.slice(2));
