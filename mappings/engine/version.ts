import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { brandAs, type MappingVersion } from '../../records/ids.ts';

/**
 * Version of a mapping: SHA-256 over the mapping, the files it includes and their tables, each by its path seen from the mapping,
 * so that the same files give the same version wherever they are installed.
 */
export const mappingVersion = (mapping: string, files: Iterable<string>, texts: ReadonlyMap<string, string>): MappingVersion => {
  const folder = posix.dirname(mapping);
  const parts = [...new Set([mapping, ...files])].map((file) => [posix.relative(folder, file), texts.get(file) ?? ''] as const);
  parts.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const hash = createHash('sha256');
  for (const [path, text] of parts) hash.update(`${path.length}:${path}${Buffer.byteLength(text)}:`).update(text);
  return brandAs<MappingVersion>(hash.digest('hex'));
};
