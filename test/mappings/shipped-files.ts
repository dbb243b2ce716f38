import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

const ROOT = join(__dirname, '..', '..', 'mappings');

/** Paths of all files under `mappings/` with one of the endings, by their path from there. */
export const shippedPaths = (...endings: readonly string[]): string[] =>
  readdirSync(ROOT, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();

export const shippedText = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
export const shippedBytes = (path: string): Buffer => readFileSync(join(ROOT, path));

/** Mapping files and tables as the engine takes them. */
export const shippedFiles = (): Map<string, string> => new Map(shippedPaths('.map.yaml', '.csv').map((path) => [path, shippedText(path)]));
