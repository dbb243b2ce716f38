import { X509Certificate } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createGzip } from 'node:zlib';
import { MeshClient } from '../adapters/mesh-api/client.ts';
import { MeshContentError } from '../adapters/mesh-api/errors.ts';
import { mailboxTrouble } from '../adapters/mesh-api/why.ts';
import { type MeshDesk, MeshFailed, type MeshInboxRow, type MeshTrack } from '../cli/mesh-desk.ts';
import type { LoadedConfig } from '../config/types.ts';
import { MEX, readChunkRange, writeChunkRange } from '../formats/mesh/headers.ts';
import type { MailboxName } from '../records/ids.ts';
import { Problem } from '../records/problem.ts';
import { silent } from '../records/telemetry.ts';

const DAY = 86_400_000;
/** As the destinations send. */
const CHUNK = 20 * 1024 * 1024;

/** Days until the certificate at a path, or written in place, ends. */
const daysOf = async (cert: string | undefined): Promise<number | null> => {
  if (cert === undefined) return null;
  const pem = cert.includes('-----BEGIN') ? cert : await readFile(cert, 'utf8');
  return Math.floor((Date.parse(new X509Certificate(pem).validTo) - Date.now()) / DAY);
};

/** What the site's sources do with a workflow that comes into this mailbox. */
const dispositionOf = ({ config }: LoadedConfig, mailbox: MailboxName, type: MeshInboxRow['type'], workflow: string): string => {
  if (type === 'REPORT') return 'note';
  for (const source of config.sources.values()) {
    if (source.kind !== 'mesh-api' || source.mailbox !== mailbox) continue;
    const found = source.workflows.get(workflow);
    return found === undefined ? source.others : found.do === 'forward' ? `forward to ${found.to}` : found.do;
  }
  return 'leave';
};

const fileBody = (file: string, start: number, end: number, compress: boolean) => {
  const open = (): AsyncIterable<Uint8Array> => {
    const plain = createReadStream(file, { start, end: end - 1 });
    if (!compress) return plain;
    const gzip = createGzip();
    plain.once('error', (error) => gzip.destroy(error));
    return plain.pipe(gzip);
  };
  return compress ? { open } : { open, size: end - start };
};

/** One mailbox for the command line: its own connections, nothing journalled, closed at the end. */
export const openMeshDesk = async (loaded: LoadedConfig, mailbox: MailboxName, version: string): Promise<MeshDesk> => {
  const settings = loaded.config.mailboxes.get(mailbox);
  if (settings === undefined) throw new Problem(`there is no mailbox ${mailbox}`);
  const client = new MeshClient(settings, { name: mailbox, telemetry: silent, clientVersion: version });
  const asked = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      const trouble = mailboxTrouble(error);
      if (trouble === null) throw error;
      throw new MeshFailed(`mailbox ${mailbox}: ${trouble.said}`, { reached: trouble.reached, hint: trouble.hint, cause: error });
    }
  };

  const row = async (id: string): Promise<MeshInboxRow | null> => {
    try {
      const headers = await client.head(id);
      const range = readChunkRange(headers[MEX.chunkRange] ?? '1:1');
      const size = headers['content-length'];
      const type = headers[MEX.messageType]?.toUpperCase() === 'REPORT' ? 'REPORT' : 'DATA';
      const workflow = headers[MEX.workflowId] ?? '';
      return {
        id,
        type,
        workflow,
        from: headers[MEX.from] ?? null,
        size: size === undefined ? null : Number(size),
        chunks: range?.of ?? 1,
        disposition: dispositionOf(loaded, mailbox, type, workflow),
      };
    } catch (error) {
      // Taken out by the daemon meanwhile.
      if (error instanceof MeshContentError) return null;
      throw error;
    }
  };

  return {
    handshake: () =>
      asked(async () => {
        const began = performance.now();
        await client.handshake();
        return {
          mailbox,
          id: settings.id,
          api: client.version === 1 ? 'v1' : 'v2',
          milliseconds: Math.round(performance.now() - began),
          certificateDays: await daysOf(settings.tls?.cert),
        };
      }),
    inbox: ({ limit, workflow }) =>
      asked(async () => {
        const ids: string[] = [];
        let next: string | null = null;
        do {
          const filter = workflow === undefined ? {} : { workflowFilter: workflow };
          const page = await client.inbox({ ...filter, ...(next === null ? {} : { next }) });
          ids.push(...page.ids);
          next = page.next;
        } while (next !== null && ids.length < limit);
        const messages: MeshInboxRow[] = [];
        for (const id of ids.slice(0, limit)) {
          const found = await row(id);
          if (found !== null && (workflow === undefined || found.workflow === workflow)) messages.push(found);
        }
        return { waiting: next === null ? ids.length : null, messages };
      }),
    send: ({ to, workflow, file, localId, subject, compress }) =>
      asked(async () => {
        const size = await sizeOf(file);
        const chunks = Math.max(1, Math.ceil(size / CHUNK));
        const encoding: Record<string, string> = compress ? { 'content-encoding': 'gzip' } : {};
        const part = (n: number) => fileBody(file, (n - 1) * CHUNK, Math.min(size, n * CHUNK), compress);
        const messageId = await client.send(
          {
            ...encoding,
            'content-type': 'application/octet-stream',
            [MEX.from]: settings.id,
            [MEX.to]: to,
            [MEX.workflowId]: workflow,
            [MEX.chunkRange]: writeChunkRange({ chunk: 1, of: chunks }),
            ...(localId === undefined ? {} : { [MEX.localId]: localId }),
            ...(subject === undefined ? {} : { [MEX.subject]: subject }),
          },
          part(1),
        );
        for (let n = 2; n <= chunks; n += 1) await client.sendChunk(messageId, { chunk: n, of: chunks }, encoding, part(n));
        return { messageId, chunks };
      }),
    track: (id, by) =>
      asked(async () => {
        const found = by === 'local-id' ? await client.trackByLocalId(id) : await client.track(id);
        if (found === 'several') throw new Problem(`several messages have the local id ${id}; follow one by its message id`);
        if (found === null) return null;
        const at = found.at === null ? null : new Date(found.at);
        const downloaded = found.status === 'acknowledged';
        const track: MeshTrack = {
          messageId: found.id === '' ? id : found.id,
          status: found.status,
          uploaded: downloaded ? null : at,
          downloaded: downloaded ? at : null,
          code: [found.event, found.code].filter((part) => part !== '').join(' ') || null,
        };
        return track;
      }),
    lookup: (ods, workflow) => asked(() => client.lookup(ods, workflow)),
    close: async () => client.close(),
  };
};

const sizeOf = async (file: string): Promise<number> => {
  const found = await stat(file).catch((error: unknown) => {
    throw new Problem(`the file ${file} cannot be read`, { cause: error });
  });
  if (!found.isFile()) throw new Problem(`${file} is no file`);
  if (found.size === 0) throw new Problem(`the file ${file} is empty: MESH takes no empty message`);
  return found.size;
};
