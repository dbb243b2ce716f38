#!/usr/bin/env -S node --max-semi-space-size=64
/**
 * Young objects live for the length of a batch: with room for them a collection has little to copy (MB, of `npm start` too).
 *
 * The `throughcare` command of a clone: installs and compiles what is missing, then hands over, in this same process,
 * to the compiled program, so that signals and the exit code are its own.
 */
import { createRequire } from 'node:module';
import { prepare } from './bootstrap/prepare.mjs';

try {
  await prepare();
} catch (error) {
  if (error.name !== 'SetupError') throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
const { main } = createRequire(import.meta.url)('../dist/main.js');
process.exitCode = await main(process.argv.slice(2));
