/**
 * What the service answers and reports, by code: the event it belongs to and its usual words. The same number meant something else in
 * older records (control files of the file interface), so a code is always read together with its event.
 */
export const MESH_STATUS = {
  '00': { event: 'TRANSFER', description: 'Transferred to recipient mailbox' },
  '02': { event: 'COLLECT', description: 'Data file is missing or inaccessible.' },
  '06': { event: 'TRANSFER', description: 'Malformed control file' },
  '07': { event: 'SEND', description: 'Invalid From Address in the control file' },
  '08': { event: 'SEND', description: 'TO_DTS missing' },
  '09': { event: 'SEND', description: 'Invalid version of the control file' },
  '11': { event: 'SEND', description: 'Invalid Message Type for the transfer' },
  '12': { event: 'SEND', description: 'Unregistered to address' },
  '14': { event: 'SEND', description: 'Message not collected by recipient after 5 days' },
  '15': { event: 'SEND', description: 'Invalid CP-IS file' },
  '16': { event: 'SEND', description: 'Sender is not allowed to send this message type' },
  '17': { event: 'SEND', description: 'Workflow ID not registered for mailbox' },
  '18': { event: 'SEND', description: 'ONS Civil Registration Workflow ID not enabled via MESH' },
  '19': { event: 'SEND', description: 'Invalid expiry period' },
  '20': { event: 'RECEIVE', description: 'Message does not exist' },
  '100': { event: 'SEND', description: 'Request Received from Inactive Mailbox' },
  'EPL-150': { event: 'SEND', description: 'Multiple mailboxes matches' },
  'EPL-151': { event: 'SEND', description: 'No mailbox matched' },
  'EPL-152': { event: 'SEND', description: 'Invalid NHS Number' },
  'EPL-153': { event: 'SEND', description: 'NHS Number not found' },
  'EPL-154': { event: 'SEND', description: 'NHS Number supplied does not match the demographics' },
  InvalidHeaderChunks: { event: 'SEND', description: 'Invalid chunk values sent in mex-Chunk-Range header' },
  UnsupportedContentEncoding: { event: 'SEND', description: 'Unsupported content encoding' },
  'Invalid checksum': { event: 'SEND', description: 'Invalid checksum' },
  'Invalid file format': { event: 'SEND', description: 'File Level Error (file not formed correctly)' },
  'Message already accepted': { event: 'SEND', description: 'Message no longer available for download' },
} as const;
export type MeshStatusCode = keyof typeof MESH_STATUS;

export const isMeshStatusCode = (text: string): text is MeshStatusCode => Object.hasOwn(MESH_STATUS, text);
export const MESH_STATUS_CODES: readonly MeshStatusCode[] = Object.keys(MESH_STATUS).filter(isMeshStatusCode);
