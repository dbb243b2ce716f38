import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Authority, type Identity, makeAuthority } from './certificates.ts';

export interface TlsMaterial {
  readonly authority: Authority;
  readonly server: Identity;
  readonly client: Identity;
}

/** As the service names the certificates of its clients. */
const CLIENT_NAME = 'standin.X26XX.api.mesh-client.nhs.uk';

const read = async (folder: string, name: string): Promise<Identity | undefined> => {
  try {
    return { cert: await readFile(join(folder, `${name}.pem`), 'utf8'), key: await readFile(join(folder, `${name}-key.pem`), 'utf8') };
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
};

const write = async (folder: string, name: string, { cert, key }: Identity): Promise<void> => {
  await writeFile(join(folder, `${name}.pem`), cert);
  await writeFile(join(folder, `${name}-key.pem`), key, { mode: 0o600 });
};

/** Authority, server and client certificate: from the folder, or made and, with a folder, left there as `ca.pem`, `client.pem`, `client-key.pem` … */
export const tlsMaterial = async (hosts: readonly string[], folder?: string): Promise<TlsMaterial> => {
  const known = folder === undefined ? undefined : await read(folder, 'ca');
  const authority = await makeAuthority(known);
  // The server's own is made anew: its host may be another this time.
  const server = await authority.issueServer(hosts);
  const client =
    (folder === undefined || known === undefined ? undefined : await read(folder, 'client')) ?? (await authority.issueClient(CLIENT_NAME));
  if (folder !== undefined && known === undefined) {
    await mkdir(folder, { recursive: true });
    await write(folder, 'ca', authority.identity);
    await write(folder, 'client', client);
  }
  return { authority, server, client };
};

/** Puts what a client needs into files: those of the data folder stay as they are. */
export const writeTlsFiles = async (
  folder: string,
  { ca = '', client }: { readonly ca: string | undefined; readonly client: Identity | undefined },
): Promise<{ readonly ca: string; readonly cert: string; readonly key: string }> => {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'ca.pem'), ca);
  if (client !== undefined) await write(folder, 'client', client);
  return { ca: join(folder, 'ca.pem'), cert: join(folder, 'client.pem'), key: join(folder, 'client-key.pem') };
};
