import { FolderSource, type FolderSourceSettings } from '../../../adapters/folder/inbound.ts';
import { dropRoot, say } from './drop-root.ts';
import { idOf } from './folders.ts';
import { receipt, ScriptedReceiver, sourceName } from './scripted-receiver.ts';

/** A folder source without the rights of root, until its input ends. */
const main = async (settings: FolderSourceSettings): Promise<void> => {
  dropRoot();
  const receiver = new ScriptedReceiver();
  receiver.onReceive = (incoming) => {
    say({ received: idOf(incoming.bytes) });
    return receipt(null);
  };
  const source = new FolderSource(sourceName('gp-records'), settings, receiver, {
    event: (name, facts) => say({ event: name, ...facts }),
    warn: (name, facts) => say({ warn: name, ...facts }),
    error: (name) => say({ error: name }),
    count() {},
    observe() {},
    gauge() {},
  });
  await source.start();
  process.stdin.resume();
  process.stdin.on('end', () => void source.stop(AbortSignal.timeout(1_000)));
};

void main(JSON.parse(process.argv[2] ?? '{}'));
