/**
 * The header names of the MESH API, as version 2 writes them; names are compared without regard to case, and version 1 writes them
 * with capitals. An empty header is the same as none.
 */
export const MEX = {
  from: 'mex-from',
  to: 'mex-to',
  workflowId: 'mex-workflowid',
  chunkRange: 'mex-chunk-range',
  totalChunks: 'mex-total-chunks',
  subject: 'mex-subject',
  localId: 'mex-localid',
  fileName: 'mex-filename',
  contentChecksum: 'mex-content-checksum',
  contentType: 'mex-content-type',
  contentEncrypted: 'mex-content-encrypted',
  contentCompressed: 'mex-content-compressed',
  partnerId: 'mex-partnerid',
  addressType: 'mex-addresstype',
  version: 'mex-version',
  messageType: 'mex-messagetype',
  messageId: 'mex-messageid',
  linkedMessageId: 'mex-linkedmsgid',
  statusCode: 'mex-statuscode',
  statusEvent: 'mex-statusevent',
  statusDescription: 'mex-statusdescription',
  statusSuccess: 'mex-statussuccess',
  statusTimestamp: 'mex-statustimestamp',
  clientVersion: 'mex-clientversion',
  osName: 'mex-osname',
  osVersion: 'mex-osversion',
  osArchitecture: 'mex-osarchitecture',
  javaVersion: 'mex-javaversion',
} as const;
export type MexHeader = (typeof MEX)[keyof typeof MEX];

/** The same names as version 1 answers write them. */
export const MEX_V1: Readonly<Record<MexHeader, string>> = {
  'mex-from': 'Mex-From',
  'mex-to': 'Mex-To',
  'mex-workflowid': 'Mex-WorkflowID',
  'mex-chunk-range': 'Mex-Chunk-Range',
  'mex-total-chunks': 'Mex-Total-Chunks',
  'mex-subject': 'Mex-Subject',
  'mex-localid': 'Mex-LocalID',
  'mex-filename': 'Mex-FileName',
  'mex-content-checksum': 'Mex-Content-Checksum',
  'mex-content-type': 'Mex-Content-Type',
  'mex-content-encrypted': 'Mex-Content-Encrypted',
  'mex-content-compressed': 'Mex-Content-Compressed',
  'mex-partnerid': 'Mex-PartnerID',
  'mex-addresstype': 'Mex-AddressType',
  'mex-version': 'Mex-Version',
  'mex-messagetype': 'Mex-MessageType',
  'mex-messageid': 'Mex-MessageID',
  'mex-linkedmsgid': 'Mex-LinkedMsgID',
  'mex-statuscode': 'Mex-StatusCode',
  'mex-statusevent': 'Mex-StatusEvent',
  'mex-statusdescription': 'Mex-StatusDescription',
  'mex-statussuccess': 'Mex-StatusSuccess',
  'mex-statustimestamp': 'Mex-StatusTimestamp',
  'mex-clientversion': 'Mex-ClientVersion',
  'mex-osname': 'Mex-OSName',
  'mex-osversion': 'Mex-OSVersion',
  'mex-osarchitecture': 'Mex-OSArchitecture',
  'mex-javaversion': 'Mex-JavaVersion',
};

/** The most characters a header of a sent message may have. */
export const MEX_LIMITS = {
  'mex-to': 100,
  'mex-workflowid': 300,
  'mex-chunk-range': 20,
  'mex-subject': 500,
  'mex-localid': 300,
  'mex-filename': 300,
  'mex-content-checksum': 100,
  'mex-content-type': 100,
} as const satisfies Partial<Record<MexHeader, number>>;

export const MEDIA_TYPE = { 1: 'application/vnd.mesh.v1+json', 2: 'application/vnd.mesh.v2+json' } as const;
export type MeshVersion = keyof typeof MEDIA_TYPE;

/** One request body holds at most this much, as it is sent (after compression). */
export const MAX_CHUNK_BYTES = 100 * 1024 * 1024;

/** Letters, digits, blank and `:-/`. */
export const isChecksum = (text: string): boolean => /^[A-Za-z0-9 :/-]*$/.test(text);
/** The service refuses these anywhere in a header. */
export const hasControlCharacter = (text: string): boolean => /[\x00-\x1f\x7f]/.test(text);

export interface ChunkRange {
  readonly chunk: number;
  /** 0 in reports, which have no body. */
  readonly of: number;
}

/** Reads `i:n`. A report says `1:0`; otherwise `i` lies from 1 to `n`. Undefined where it is no range. */
export const readChunkRange = (text: string): ChunkRange | undefined => {
  const parts = /^\s*(\d{1,9})\s*:\s*(\d{1,9})\s*$/.exec(text);
  if (parts === null) return undefined;
  const range = { chunk: Number(parts[1]), of: Number(parts[2]) };
  if (range.of === 0) return range.chunk === 1 ? range : undefined;
  return range.chunk >= 1 && range.chunk <= range.of ? range : undefined;
};
export const writeChunkRange = ({ chunk, of }: ChunkRange): string => `${chunk}:${of}`;

/** Flags come as Y/N and, from some clients, as words; undefined where it is neither. */
export const readFlag = (text: string): boolean | undefined => {
  if (/^(?:y|yes|true|1)$/i.test(text.trim())) return true;
  return /^(?:n|no|false|0)$/i.test(text.trim()) ? false : undefined;
};
