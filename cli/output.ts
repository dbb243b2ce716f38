/** Where a command writes: standard output or error, or a test. */
export interface Sink {
  write(text: string | Uint8Array): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export type Colour = 'grey' | 'red' | 'green' | 'yellow' | 'bold';
const codes: Readonly<Record<Colour, string>> = { grey: '90', red: '31', green: '32', yellow: '33', bold: '1' };

/** How one invocation writes: as JSON or for people, with or without colours, as wide as the terminal or as long as it takes. */
export interface Style {
  readonly json: boolean;
  readonly colour: boolean;
  /** Columns of the terminal; undefined where output goes into a file or pipe, which has no edge. */
  readonly width: number | undefined;
}

export const styleOf = (
  options: { readonly json?: boolean; readonly color?: boolean },
  sink: Sink,
  environment: Readonly<Record<string, string | undefined>>,
): Style => {
  const terminal = sink.isTTY === true;
  const plain = options.color === false || (environment.NO_COLOR ?? '') !== '';
  return { json: options.json === true, colour: terminal && !plain, width: terminal ? (sink.columns ?? 80) : undefined };
};

export const paint = (style: Style, colour: Colour, text: string): string =>
  style.colour ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text;

/** Control characters of stored text (reasons, replies) must not steer the terminal. */
export const printable = (text: string): string => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '·');

/** A moment as people read it: UTC to the second, `2026-03-02 14:05:00Z`. */
export const showTime = (at: Date): string => `${at.toISOString().slice(0, 19).replace('T', ' ')}Z`;

/** HL7 for a terminal: one segment a line, nothing in it that steers the terminal. */
export const payloadText = (bytes: Buffer): string => `${printable(bytes.toString('utf8').replace(/\r\n?/g, '\n')).trimEnd()}\n`;
