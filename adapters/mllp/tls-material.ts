import { readFile } from 'node:fs/promises';

/** Each text is PEM itself or the path of a PEM file. Files are read when a source starts and when a destination first connects. */
export interface TlsServerSettings {
  readonly cert: string;
  readonly key: string;
  /** Whose client certificates are taken. */
  readonly ca?: string | readonly string[] | undefined;
  /** Mutual TLS: a sender without a certificate of `ca` is not let in. Default false. */
  readonly requireClientCertificate?: boolean | undefined;
}

export interface TlsClientSettings {
  /** Whose server certificates are trusted; without it, those Node.js trusts. */
  readonly ca?: string | readonly string[] | undefined;
  /** Our own certificate and key, where the receiver asks for one. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** The name the server's certificate must carry. Default: the host. */
  readonly servername?: string | undefined;
}

const pem = async (textOrPath: string): Promise<string> => (textOrPath.includes('-----BEGIN') ? textOrPath : readFile(textOrPath, 'utf8'));

/** What `node:tls` wants; fields that are not set stay absent. Throws the system's error for a file that cannot be read. */
export const tlsMaterial = async (
  settings: Pick<TlsClientSettings, 'ca' | 'cert' | 'key'>,
): Promise<{ ca?: string[]; cert?: string; key?: string }> => ({
  ...(settings.ca === undefined ? {} : { ca: await Promise.all([settings.ca].flat().map(pem)) }),
  ...(settings.cert === undefined ? {} : { cert: await pem(settings.cert) }),
  ...(settings.key === undefined ? {} : { key: await pem(settings.key) }),
});
