import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of its own for one test. */
export const makeFolder = async (): Promise<{ readonly path: string; remove(): Promise<void> }> => {
  const path = await mkdtemp(join(tmpdir(), 'folder-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
};

/** Names in a folder, sorted; none when it is not there. */
export const namesIn = async (...path: readonly string[]): Promise<string[]> => {
  try {
    return (await readdir(join(...path))).sort();
  } catch {
    return [];
  }
};

export const hl7 = (controlId: string): string =>
  `MSH|^~\\&|PAS|RLE|THRU|X|20260302140500||ADT^A01|${controlId}|P|2.4\rPID|1||9990000018^^^NHS^NH||TESTER^MORGAN\r`;

export const batch = (ids: readonly string[], counts: { readonly messages?: number; readonly batches?: number } = {}): string =>
  `FHS|^~\\&|PAS\rBHS|^~\\&|PAS\r${ids.map(hl7).join('')}BTS|${counts.messages ?? ids.length}\rFTS|${counts.batches ?? 1}\r`;

export const idOf = (bytes: Buffer): string => bytes.toString('latin1').split('|')[9] ?? '';
