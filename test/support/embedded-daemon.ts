import { startEmbedded } from '../../store/embedded/embedded.ts';

/** A process that uses the embedded server of the folder named as its argument until its standard input ends. */
const main = async (): Promise<void> => {
  const server = await startEmbedded(process.argv[2] ?? '');
  process.stdout.write('ready\n');
  process.stdin.on('end', () => {
    server.leave().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
  process.stdin.resume();
};

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
