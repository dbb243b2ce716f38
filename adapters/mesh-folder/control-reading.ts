import { type ReadControl, readControlFile } from '../../formats/mesh/control-file.ts';
import { LARGEST_CONTROL_FILE } from '../../formats/mesh/control-tree.ts';
import { errnoOf } from '../condition.ts';
import { openToRead, readWhole } from '../files/reading.ts';

export type ControlLook = {
  readonly read: ReadControl;
  /** Its bytes; the head alone where it is too large. */
  readonly bytes: Buffer;
  readonly size: number;
} | null;

/** Reads a control file; null while it changes, or where something else lies under its name. Throws the system's error. */
export const lookAtControl = async (path: Buffer): Promise<ControlLook> => {
  const handle = await openToRead(path);
  try {
    const reading = await readWhole(handle, LARGEST_CONTROL_FILE);
    if (reading.kind === 'growing' || reading.kind === 'not-a-file') return null;
    if (reading.kind === 'too-large')
      return { read: { problem: { kind: 'too-large', line: 1, column: 1 } }, bytes: reading.head, size: reading.size };
    return { read: readControlFile(reading.bytes), bytes: reading.bytes, size: reading.bytes.length };
  } finally {
    await handle.close();
  }
};

/** The same for a file that is not ours yet: null where it went away, or cannot be read, which is counted. */
export const peekAtControl = async ({ tally }: { readonly tally: { unreadable: number } }, path: Buffer): Promise<ControlLook> => {
  try {
    return await lookAtControl(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') tally.unreadable += 1;
    return null;
  }
};
