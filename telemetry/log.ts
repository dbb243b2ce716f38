import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino';
import { prettyLine } from './pretty.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'off'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const LOG_FORMATS = ['auto', 'json', 'pretty'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface LogOptions {
  readonly level: LogLevel;
  /** `auto`: for people on a terminal, JSON otherwise. */
  readonly format: LogFormat;
  /** Stands on every line: which site and which daemon is speaking. */
  readonly base?: { readonly site?: string; readonly daemon?: string };
  /** Where lines go; standard output by default. */
  readonly out?: { write(text: string): unknown; readonly isTTY?: boolean };
  /** By default colours are on where lines go to a terminal, unless NO_COLOR is set. */
  readonly colour?: boolean;
}

const levelOf = (level: LogLevel): string => (level === 'off' ? 'silent' : level);

/** Lines are written at once, not gathered: the last ones before a crash are the ones that are wanted. */
const streamOf = (options: LogOptions): DestinationStream => {
  const out = options.out ?? process.stdout;
  const terminal = out.isTTY === true;
  if (options.format === 'json' || (options.format === 'auto' && !terminal)) {
    if (options.out === undefined) return destination({ fd: 1, sync: true });
    return { write: (line) => out.write(line) };
  }
  const noColor = process.env.NO_COLOR ?? '';
  const colour = options.colour ?? (terminal && noColor === '');
  return { write: (line) => out.write(prettyLine(line, colour)) };
};

/** The log of the daemon: level words, UTC times, and `event` where others write a sentence. */
export const openLog = (options: LogOptions): Logger =>
  pino(
    {
      level: levelOf(options.level),
      base: { ...options.base },
      messageKey: 'event',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    streamOf(options),
  );

export const setLogLevel = (log: Logger, level: LogLevel): void => {
  log.level = levelOf(level);
};
