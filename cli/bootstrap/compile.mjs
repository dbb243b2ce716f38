// `npm run build`: for images that are built once and started read-only.
import { prepare } from './prepare.mjs';

try {
  await prepare();
} catch (error) {
  if (error.name !== 'SetupError') throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
