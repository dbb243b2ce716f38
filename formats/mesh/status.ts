import type { FaultCode } from '../../records/faults.ts';

/** What MESH says of a message: in a REPORT's headers, in a control file's StatusRecord, or in the body of an HTTP error. */
export interface MeshStatus {
  /** SEND, TRANSFER, COLLECT, RECEIVE; empty where none is given. */
  readonly event: string;
  /** Two digits, or text (`EPL-153`); empty where none is given. */
  readonly code: string;
}

/** `12`, `EPL-153`: without what senders add or leave out around it. A lone digit is padded: `5` is `05`. */
export const statusCode = (code: string): string => {
  const plain = code.trim().toUpperCase();
  return /^\d$/.test(plain) ? `0${plain}` : plain;
};

/** Meant for the message or its address, whatever the event: codes that DTS never used. */
const ANY: Readonly<Record<string, FaultCode>> = {
  'EPL-150': 'patient-not-routed',
  'EPL-151': 'patient-not-routed',
  'EPL-152': 'patient-not-routed',
  'EPL-153': 'patient-not-routed',
  'EPL-154': 'patient-not-routed',
  '18': 'workflow-not-allowed',
};

/** DTS gave 03, 04 and 15 to 17 to its own connection; MESH gives some of them to what is sent (MESH rules 1.8 and 2.4). */
const BY_EVENT: Readonly<Record<string, Readonly<Record<string, FaultCode>>>> = {
  SEND: {
    '08': 'recipient-unknown',
    '12': 'recipient-unknown',
    '14': 'not-collected',
    '16': 'workflow-not-allowed',
    '17': 'workflow-not-allowed',
  },
  TRANSFER: { '02': 'data-file-missing', '03': 'mesh-unavailable', '04': 'mesh-unauthorised' },
  COLLECT: { '01': 'control-file', '02': 'data-file-missing' },
  RECEIVE: { '15': 'mesh-unavailable', '16': 'mesh-unavailable', '17': 'mesh-unauthorised' },
};

/** A code without an event is read as one about sending, which is what errors by HTTP and reports are about. Undefined: it says no more than that it failed. */
export const knownFault = ({ event, code }: MeshStatus): FaultCode | undefined => {
  const plain = statusCode(code);
  return ANY[plain] ?? BY_EVENT[event.trim().toUpperCase() || 'SEND']?.[plain];
};

/** What an error of MESH means here. Only for what MESH itself calls an error: a delay (TRANSFER 05, SUCCESS) is none. */
export const meshFault = (status: MeshStatus): FaultCode => knownFault(status) ?? 'mesh-refused';

/** The same for what the API and its reports say of a message we sent: under another event than SEND the number is about something else. */
export const sendFault = (status: MeshStatus): FaultCode =>
  ['', 'SEND'].includes(status.event.trim().toUpperCase()) ? meshFault(status) : 'mesh-refused';
