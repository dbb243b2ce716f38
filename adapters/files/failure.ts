import type { FaultCode } from '../../records/faults.ts';
import type { SendResult } from '../../records/ports.ts';
import { errnoOf } from '../condition.ts';

/** No space, no quota, or a file-size limit: the same to the person on call. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** What a system error on a folder means. Everything but a full disk is the folder that cannot be used now. */
export const folderFault = (error: unknown): FaultCode => (FULL.has(errnoOf(error)) ? 'disk-full' : 'folder-unreachable');

/** The result of an attempt that ended before the file had its name: the receiver has seen nothing. */
export const notWritten = (code: FaultCode, transport: boolean): SendResult => ({
  outcome: 'transient',
  code,
  sentBytes: false,
  transport,
});
