import type { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import type { LoadedConfig } from '../config/types.ts';
import { didYouMean } from '../language/did-you-mean.ts';
import type { CliContext } from './context.ts';
import { CommandEnd, EXIT, type ExitCode } from './exit.ts';
import { findingLines } from './findings.ts';
import type { Act, ActResult, Operations } from './operations.ts';
import { REFUSALS } from './operations.ts';
import { paint, type Style, styleOf } from './output.ts';

const DEFAULT_CONFIG = 'config/throughcare.yaml';

interface SharedOptions {
  readonly config: string;
  readonly json?: boolean;
  readonly color?: boolean;
}

/** One run of one verb: its style, its configuration, its store, its printing. */
export class Invocation {
  readonly context: CliContext;
  readonly style: Style;
  readonly #options: SharedOptions;

  constructor(context: CliContext, options: SharedOptions) {
    this.context = context;
    this.style = styleOf(options, context.out, context.environment);
    this.#options = options;
  }

  get configFile(): string {
    return this.#options.config;
  }

  print(text: string): void {
    this.context.out.write(text);
  }

  /** JSON for machines, the text for people. */
  show(data: unknown, text: () => string): void {
    this.print(this.style.json ? `${JSON.stringify(data, null, 2)}\n` : text());
  }

  /** The configuration; its findings go to standard error, and an error among them ends the command. */
  load(): LoadedConfig {
    const { loaded, findings } = loadConfig(this.configFile, { environment: this.context.environment });
    const onError = styleOf(this.#options, this.context.err, this.context.environment);
    if (loaded === undefined) {
      this.context.err.write(findingLines(findings, onError));
      throw new CommandEnd(EXIT.failed, 'the configuration has errors', 'see above; check looks at mappings and routes too');
    }
    return loaded;
  }

  async withOperations(work: (operations: Operations, loaded: LoadedConfig) => Promise<ExitCode>): Promise<ExitCode> {
    const loaded = this.load();
    const operations = await this.context.operations(loaded);
    try {
      return await work(operations, loaded);
    } finally {
      await operations.close();
    }
  }

  /** A list that is empty because nothing has that name is a mistake, not an answer. */
  knownName(what: string, name: string | undefined, rows: readonly unknown[], names: Iterable<string>): void {
    if (name === undefined || rows.length > 0) return;
    const known = [...names];
    if (known.includes(name)) return;
    const near = didYouMean(name, known).hint ?? (known.length === 0 ? undefined : `there are ${known.join(', ')}`);
    throw new CommandEnd(EXIT.unknown, `there is no ${what} ${name}`, near);
  }

  /** Does one audited act and says how it ended. */
  act(thing: string, done: string, reason: string, work: (operations: Operations, act: Act) => Promise<ActResult>): Promise<ExitCode> {
    return this.withOperations(async (operations) => {
      const result = await work(operations, { by: this.context.user, reason });
      if (result.outcome === 'unknown') throw new CommandEnd(EXIT.unknown, `there is no ${thing}`);
      if (result.outcome === 'refused') throw new CommandEnd(EXIT.refused, `${thing}: ${REFUSALS[result.why]}`);
      const daemons = await operations.runningDaemons();
      this.show({ done: true, daemons }, () => `${paint(this.style, 'green', `${thing} ${done}`)}\n`);
      if (daemons === 0 && !this.style.json) this.context.err.write('no daemon is running: it takes effect when one is started\n');
      return EXIT.ok;
    });
  }
}

/** Options that every verb has, written before or behind it. */
export const shared = (command: Command): Command =>
  command
    .option('-c, --config <file>', `configuration file (default: THROUGHCARE_CONFIG, else ${DEFAULT_CONFIG})`)
    .option('--json', 'print JSON')
    .option('--no-color', 'print without colours');

const sharedOptions = (command: Command, { environment }: CliContext): SharedOptions => {
  const given: Partial<SharedOptions>[] = [];
  for (let one: Command | null = command; one !== null; one = one.parent) given.push(one.opts<Partial<SharedOptions>>());
  const config = given.find((options) => options.config !== undefined)?.config ?? environment.THROUGHCARE_CONFIG ?? DEFAULT_CONFIG;
  return { config, json: given.some(({ json }) => json === true), color: given.every(({ color }) => color !== false) };
};

export type Run = (invocation: Invocation, args: readonly unknown[], command: Command) => Promise<ExitCode>;

/** Lets a verb run: its exit code goes to `ended`. */
export const runs = (command: Command, context: CliContext, ended: (exit: ExitCode) => void, run: Run): Command =>
  shared(command).action(async (...given: unknown[]) => {
    // Commander hands over the arguments, then the options, then the command.
    ended(await run(new Invocation(context, sharedOptions(command, context)), given.slice(0, -2), command));
  });
