/** A log line for a person at a terminal; machines get JSON. */
const colours: Readonly<Record<string, string>> = { debug: '90', info: '32', warn: '33', error: '31', fatal: '31;1' };

const paint = (on: boolean, colour: string, text: string): string => (on ? `\u001b[${colour}m${text}\u001b[0m` : text);

const shown = (value: unknown): string => {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};

interface Line {
  readonly level: string;
  readonly time: string;
  readonly event: string;
  readonly error?: {
    readonly code: string;
    readonly class: string;
    readonly detail?: string;
    readonly frames: readonly string[];
    readonly cause?: Line['error'];
  };
  readonly [fact: string]: unknown;
}

const errorLines = (on: boolean, error: NonNullable<Line['error']>, indent: string): string => {
  const head = `${indent}${error.class} ${error.code}${error.detail === undefined ? '' : `: ${error.detail}`}\n`;
  const frames = error.frames.map((frame) => paint(on, '90', `${indent}  at ${frame}\n`)).join('');
  return head + frames + (error.cause === undefined ? '' : `${indent}caused by\n${errorLines(on, error.cause, `${indent}  `)}`);
};

/** One JSON log line as written by the log → one or more lines of text. Times are shown as UTC, as everywhere. */
export const prettyLine = (json: string, colour: boolean): string => {
  const line: Line = JSON.parse(json);
  const { level, time, event, error, site: _site, daemon: _daemon, ...facts } = line;
  const words = Object.entries(facts).map(([name, value]) => `${paint(colour, '90', `${name}=`)}${shown(value)}`);
  const head = `${paint(colour, '90', time.slice(11, 23))} ${paint(colour, colours[level] ?? '0', level.padEnd(5))} ${event.padEnd(words.length > 0 ? 28 : 0)}`;
  return `${[head, ...words].join(' ')}\n${error === undefined ? '' : errorLines(colour, error, '    ')}`;
};
