import { type Hl7Message, readMessage } from '../../formats/hl7v2/reader.ts';
import { type FaultCode, ThroughcareError } from '../../records/faults.ts';
import type { ReceiptSettings } from './settings.ts';

export type Verdict =
  | { readonly kind: 'accepted'; readonly message: Hl7Message; readonly controlId: string | null; readonly type: string }
  | {
      readonly kind: 'ignored';
      readonly message: Hl7Message;
      readonly controlId: string | null;
      readonly type: string;
      readonly why: string;
    }
  | {
      readonly kind: 'rejected';
      readonly message: Hl7Message | null;
      readonly controlId: string | null;
      readonly type: string | null;
      readonly reason: FaultCode;
    };

const VERSION = /^2\.[1-8](\.\d)?$/;

/**
 * The checks made before the reply; they need no mapping (DESIGN §4.1): framing and size were the adapter's, here MSH, delimiters,
 * control id, version, processing id, trigger and character set, in the order in which a sender would mend them.
 */
export const checkReceipt = (bytes: Buffer, settings: ReceiptSettings): Verdict => {
  let message: Hl7Message;
  try {
    message = readMessage(bytes);
  } catch (error) {
    if (error instanceof ThroughcareError) return { kind: 'rejected', message: null, controlId: null, type: null, reason: error.code };
    throw error;
  }
  const { code, trigger, controlId: stated, version } = message;
  const type = trigger === '' ? code : `${code}^${trigger}`;
  const controlId = stated === '' ? null : stated;
  const rejected = (reason: FaultCode): Verdict => ({ kind: 'rejected', message, controlId, type: type === '' ? null : type, reason });

  if (controlId === null && settings.identity === 'message') return rejected('no-control-id');
  if (settings.versions === null ? !VERSION.test(version) : !settings.versions.has(version)) return rejected('unsupported-version');
  if (!settings.processingIds.has(message.processingId)) return rejected('wrong-processing-id');
  const why = settings.ignore.get(type);
  if (code === '' || (why === undefined && settings.accept !== null && !settings.accept.has(type))) return rejected('trigger-not-accepted');
  if (!message.charset.valid) return rejected('wrong-charset');
  return why === undefined ? { kind: 'accepted', message, controlId, type } : { kind: 'ignored', message, controlId, type, why };
};
