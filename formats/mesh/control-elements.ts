/** One element of a control file as it stands: its text, and what lies within it. */
export interface ControlElement {
  /** Local name, as written. */
  readonly name: string;
  readonly text: string;
  readonly children: readonly ControlElement[];
  /** Where its opening tag ends, from 1. */
  readonly line: number;
  readonly column: number;
}

/** Why a control file cannot be read. */
export type ControlProblemKind =
  /** Nothing in it. */
  | 'empty'
  | 'too-large'
  /** It ends before its closing tag: its sender may still be writing. */
  | 'unfinished'
  /** A document type: what it declares is never looked at. */
  | 'doctype'
  /** The outermost element is not DTSControl. */
  | 'not-a-control-file'
  /** Tags that could mean more than one thing. */
  | 'broken'
  /** An element stands twice with different values. */
  | 'repeated'
  /** An element lies within one that holds text. */
  | 'nested'
  | 'control-character';

/** Names the place and, where it is one of its own, the element; never anything the file says. */
export interface ControlProblem {
  readonly kind: ControlProblemKind;
  readonly line: number;
  readonly column: number;
  readonly element?: string;
}

export type Tree = { readonly root: ControlElement; readonly mended: boolean } | { readonly problem: ControlProblem };

/** Names are compared without regard to case and underscores: `DataCheckSum`, `from_dts`. */
export const plainName = (name: string): string =>
  name
    .slice(name.indexOf(':') + 1)
    .replaceAll('_', '')
    .toLowerCase();

export const ROOT = 'dtscontrol';
export const STATUS = 'statusrecord';
export const STATUS_PARTS: ReadonlySet<string> = new Set(['datetime', 'event', 'status', 'statuscode', 'description']);

/** Settings of a control file that hold text, in the order of the NHS examples: element name → property. */
export const TEXTS = {
  Version: 'version',
  AddressType: 'addressType',
  MessageType: 'messageType',
  From_DTS: 'from',
  To_DTS: 'to',
  From_ESMTP: 'fromEsmtp',
  To_ESMTP: 'toEsmtp',
  Subject: 'subject',
  LocalId: 'localId',
  DTSId: 'dtsId',
  PartnerId: 'partnerId',
  WorkflowId: 'workflowId',
  ProcessId: 'processId',
  DataChecksum: 'dataChecksum',
} as const;
/** Those that are Y or N. */
export const FLAGS = {
  Compress: 'compress',
  AllowChunking: 'allowChunking',
  Encrypted: 'encrypted',
  IsCompressed: 'isCompressed',
} as const;

export const KNOWN: ReadonlyMap<string, string> = new Map(
  [...Object.keys(TEXTS), ...Object.keys(FLAGS), 'StatusRecord', 'DateTime', 'Event', 'Status', 'StatusCode', 'Description'].map((name) => [
    plainName(name),
    name,
  ]),
);
