import { MeshError } from './errors.ts';

/** Why a mailbox could not be used, for a person who is trying it: `said` holds codes alone, never the service's words. */
export interface MailboxTrouble {
  /** False: there was no answer of the service's. */
  readonly reached: boolean;
  readonly said: string;
  readonly hint: string;
}

const hintOf = (error: MeshError): string => {
  if (error.unauthorised)
    return 'it is one of: the password, the shared key of another environment, a certificate of another mailbox, a disabled mailbox, or the clock of this machine';
  if (error.trouble === 'tls-files') return 'check the paths under tls and their permissions';
  if (error.trouble === 'proxy') return 'check the proxy’s address and password, and whether it lets this host through';
  if (error.trouble === 'redirect') return 'is the address right? Requests are never sent on to another';
  if (error.trouble === 'pause') return 'the service asked for a pause; try again later';
  if (error.status !== null && error.status >= 500) return 'the service itself fails; see its status page';
  if (error.reached && error.status === null) return 'it did not answer in time';
  if (error.status !== null) return 'see the code in the API’s documentation';
  return 'are address, proxy, firewall and the CA bundle right? A service that drops the connection misses our certificate';
};

const SAYS: Readonly<Record<MeshError['trouble'], string>> = {
  refused: 'the service refused it',
  'accepted-but-error': 'the service answered with an error',
  'bad-answer': 'the answer is not one of a MESH service',
  redirect: 'the service sends elsewhere',
  silence: 'the service does not answer',
  connection: 'the service cannot be reached',
  proxy: 'the proxy does not let it through',
  'tls-files': 'the certificate files cannot be read',
  header: 'a header cannot be sent',
  pause: 'the service asked for a pause',
  stopped: 'it was stopped',
};

/** Null for an error that is not of the service. */
export const mailboxTrouble = (error: unknown): MailboxTrouble | null => {
  if (!(error instanceof MeshError)) return null;
  const codes = [error.status, error.event, error.code, error.errno].filter((part) => part !== null && part !== '');
  return {
    reached: error.status !== null,
    said: `${SAYS[error.trouble]}${codes.length === 0 ? '' : ` (${codes.join(' ')})`}`,
    hint: hintOf(error),
  };
};
