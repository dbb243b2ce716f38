import { readdirSync } from 'node:fs';
import { FolderDestination } from '../../../adapters/folder/outbound.ts';
import { silent } from '../../../records/telemetry.ts';
import { delivery, destinationName, noDeadline } from './deliveries.ts';
import { dropRoot, say } from './drop-root.ts';

interface Job {
  readonly path: string;
  readonly sends: readonly { readonly key: string; readonly size: number; readonly streamed: boolean }[];
}

/** Sends to a folder without the rights of root, and says each result with what then lay in the folder. */
const main = async ({ path, sends }: Job): Promise<void> => {
  dropRoot();
  const destination = new FolderDestination(destinationName('gp-hill-lane'), { path }, silent);
  for (const { key, size, streamed } of sends) {
    const bytes = Buffer.alloc(size, 'x');
    const result = await destination.send(
      delivery(streamed ? { key, pieces: [bytes.subarray(0, 100), bytes.subarray(100)] } : { key, bytes }),
      noDeadline(),
    );
    let names: string[] | null = null;
    try {
      names = readdirSync(path);
    } catch {
      // Not readable, which the result has said.
    }
    say({ key, result, names });
  }
};

void main(JSON.parse(process.argv[2] ?? '{}'));
