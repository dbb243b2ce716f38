import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MeshFolderDestination } from '../../../adapters/mesh-folder/outbound.ts';
import { silent } from '../../../records/telemetry.ts';
import { delivery, destinationName, noDeadline } from './deliveries.ts';
import { say } from './drop-root.ts';

interface Job {
  readonly path: string;
  readonly sends: readonly { readonly key: string; readonly size: number }[];
}

/** Sends pairs under the limits of its process, and says each result with what then lay in OUT. */
const main = async ({ path, sends }: Job): Promise<void> => {
  const destination = new MeshFolderDestination(
    destinationName('gp-mesh'),
    {
      role: 'beside-client',
      path,
      make: false,
      mailbox: 'X26OT001',
      slots: 1,
      workflow: 'LETTERS',
      allowed: [],
      to: { by: 'mailbox', mailbox: 'X26OT002' },
      localId: 'key',
      subject: 'none',
    },
    silent,
  );
  for (const { key, size } of sends) {
    const result = await destination.send(delivery({ key, bytes: Buffer.alloc(size, 'x') }), noDeadline());
    say({ key, result, names: readdirSync(join(path, 'OUT')).sort() });
  }
};

void main(JSON.parse(process.argv[2] ?? '{}'));
