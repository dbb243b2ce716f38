import type { Delimiters } from './delimiters.ts';

/**
 * Escape sequences of HL7 v2 (2.7 §2.7). Three kinds are kept apart:
 * - characters (`\F\ \S\ \T\ \R\ \E\ \P\ \Xhh..\`): `unescapeText` puts the character in their place;
 * - presentation (`\.br\ \.sp2\ \H\ \N\` …): kept as written until a text is laid out by `layOut`, which reads them;
 * - all else (`\C..\ \M..\ \Z..\`, unknown letters, a lone backslash as in `C:\Reports\x`): kept as written.
 */
type DecodeBytes = (bytes: Buffer) => string;

const HEX = /^X(?:[0-9A-Fa-f]{2})+$/;

/** The character an escape stands for; undefined where it stands for none. */
function charOf(body: string, d: Delimiters): string | undefined {
  switch (body) {
    case 'F':
      return d.field;
    case 'S':
      return d.component;
    case 'T':
      return d.subcomponent;
    case 'R':
      return d.repetition;
    case 'E':
      return d.escape;
    case 'P':
      return d.truncation;
    default:
      return undefined;
  }
}

const PRESENTATION = /^(?:H|N|\.(?:br|ce|fi|nf|sp ?\+?\d*|sk ?\+?\d*|in ?[+-]?\d*|ti ?[+-]?\d*))$/;
const isPresentation = (body: string): boolean => body.length <= 12 && PRESENTATION.test(body);

/** What a presentation escape does to plain text; undefined where the body is none. */
function layOutOne(body: string): string | undefined {
  if (!isPresentation(body)) return undefined;
  if (body === '.br' || body === '.ce') return '\n';
  const count = Number.parseInt(body.slice(3).trim() || '1', 10);
  if (body.startsWith('.sp')) return '\n'.repeat(Math.min(count, 99));
  if (body.startsWith('.sk')) return ' '.repeat(Math.min(count, 200));
  return '';
}

/**
 * Replaces the escapes that stand for characters; with `laidOut`, the presentation escapes too. Hex bytes that follow one another
 * without a gap are decoded together in the message's character set, so `\XC3\\XA9\` is one letter in UTF-8.
 */
export function unescapeText(text: string, d: Delimiters, decodeBytes: DecodeBytes, laidOut = false): string {
  let at = text.indexOf(d.escape);
  if (at < 0) return text;
  let out = '';
  let copied = 0;
  let hex = '';
  const flush = (upTo: number): void => {
    if (hex !== '') out += decodeBytes(Buffer.from(hex, 'hex'));
    hex = '';
    out += text.slice(copied, upTo);
  };
  while (at >= 0) {
    const close = text.indexOf(d.escape, at + 1);
    if (close < 0) break;
    const body = text.slice(at + 1, close);
    const isHex = body.startsWith('X') && HEX.test(body);
    const shown = isHex ? '' : (charOf(body, d) ?? (laidOut ? layOutOne(body) : undefined));
    if (shown === undefined) {
      // The closing character may open an escape of its own: `C:\Reports\F\` holds one.
      at = isPresentation(body) ? text.indexOf(d.escape, close + 1) : close;
      continue;
    }
    if (at > copied || !isHex) flush(at);
    if (isHex) hex += body.slice(1);
    else out += shown;
    copied = close + 1;
    at = text.indexOf(d.escape, copied);
  }
  flush(text.length);
  return out;
}

/** Text that was unescaped without layout, its presentation escapes carried out now: `\.br\` → line end, `\H\` → nothing. */
export function layOut(text: string, escapeChar = '\\'): string {
  let at = text.indexOf(escapeChar);
  if (at < 0) return text;
  let out = '';
  let copied = 0;
  while (at >= 0) {
    const close = text.indexOf(escapeChar, at + 1);
    if (close < 0) break;
    const shown = layOutOne(text.slice(at + 1, close));
    if (shown === undefined) {
      at = close;
      continue;
    }
    out += text.slice(copied, at) + shown;
    copied = close + 1;
    at = text.indexOf(escapeChar, copied);
  }
  return out + text.slice(copied);
}

/** Lines of a text: its presentation escapes and its own line ends. */
export const lines = (text: string, escapeChar = '\\'): readonly string[] => layOut(text, escapeChar).split(/\r\n|\r|\n/);

const LETTERS = { field: 'F', component: 'S', subcomponent: 'T', repetition: 'R', escape: 'E', truncation: 'P' } as const;
const escapers = new Map<string, Escaper>();

interface Escaper {
  readonly pattern: RegExp;
  readonly letters: ReadonlyMap<string, string>;
}
let latest: { readonly delimiters: Delimiters; readonly escaper: Escaper } | undefined;

/** The pattern for a set of delimiters, made once a set; the set used last is at hand. */
function escaperFor(d: Delimiters): Escaper {
  if (latest?.delimiters !== d) latest = { delimiters: d, escaper: escaper(d) };
  return latest.escaper;
}

function escaper(d: Delimiters): Escaper {
  const key = `${d.field}${d.component}${d.repetition}${d.escape}${d.subcomponent}${d.truncation ?? ''}`;
  const known = escapers.get(key);
  if (known !== undefined) return known;
  const letters = new Map<string, string>();
  for (const [role, letter] of Object.entries(LETTERS)) {
    const char = Object.entries(d).find(([name]) => name === role)?.[1];
    if (typeof char === 'string') letters.set(char, letter);
  }
  const specials = [...letters.keys()].map((c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');
  const made = { pattern: new RegExp(`[${specials}]|[\\x00-\\x1f\\x7f]+`, 'g'), letters };
  // Few delimiter sets are ever met; a sender inventing new ones cannot make this grow without end.
  if (escapers.size > 100) escapers.clear();
  escapers.set(key, made);
  return made;
}

const hexOf = (text: string): string => Buffer.from(text, 'latin1').toString('hex').toUpperCase();

/**
 * Text as it may stand in a component: delimiters as letters, control characters (CR and LF among them) as `\Xhh..\`.
 * `unescapeText(escapeText(x)) === x` for every text.
 */
export function escapeText(text: string, d: Delimiters): string {
  const { pattern, letters } = escaperFor(d);
  if (text.search(pattern) < 0) return text;
  return text.replace(pattern, (found) => `${d.escape}${letters.get(found) ?? `X${hexOf(found)}`}${d.escape}`);
}

/** The same for formatted text (TX, FT): line ends become `\.br\`, which receivers show as a new line. */
export const escapeFormatted = (text: string, d: Delimiters): string =>
  text
    .split(/\r\n|\r|\n/)
    .map((line) => escapeText(line, d))
    .join(`${d.escape}.br${d.escape}`);
