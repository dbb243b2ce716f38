import type { TransportKey } from '../../records/ids.ts';
import { keyInName } from '../files/names.ts';

/** What we write begins with this, so that what the client moved to SENT or FAILED can be told from what others dropped. */
const MARK = 'tc-';

/** Name of a pair without its ending: of the transport key alone, the same at every attempt, and saying nothing of a patient. */
export const stemOfKey = (key: TransportKey): string => `${MARK}${keyInName(key)}`;

/** The transport key of a name that is ours, else null. */
export const keyOfStem = (stem: Buffer): string | null => {
  const text = stem.toString('latin1');
  if (!text.toLowerCase().startsWith(MARK) || !/^(?:[A-Za-z0-9_-]|=[0-9a-fA-F]{2})+$/.test(text.slice(MARK.length))) return null;
  const bytes: number[] = [];
  for (let at = MARK.length; at < text.length; at += 1) {
    if (text[at] === '=') {
      bytes.push(Number.parseInt(text.slice(at + 1, at + 3), 16));
      at += 2;
    } else bytes.push(text.charCodeAt(at));
  }
  return Buffer.from(bytes).toString('utf8');
};
