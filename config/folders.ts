import { mkdir } from 'node:fs/promises';
import { Problem } from '../records/problem.ts';
import type { Config } from './types.ts';

/** Makes the folders of sources and destinations that say `make: yes`. Throws a Problem that names the one that cannot be made. */
export const makeFolders = async (config: Config): Promise<void> => {
  for (const [name, { kind, ...settings }] of [...config.sources, ...config.destinations]) {
    if (kind !== 'folder' || !('make' in settings) || !settings.make) continue;
    try {
      await mkdir(settings.path, { recursive: true });
    } catch (cause) {
      throw new Problem(`the folder of ${name} cannot be made: ${settings.path}`, { cause });
    }
  }
};
