import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** A marked value seen where it must not be. */
export interface Sighting {
  readonly mark: string;
  readonly form: string;
  readonly where: string;
}

/** A value in one way of writing it down. */
interface Needle {
  readonly mark: string;
  readonly form: string;
  readonly bytes: Buffer;
}

/** Spellings that lead back to the same value: a mapping may change case, people write NHS numbers in groups. */
const spellings = (value: string): readonly string[] => {
  const grouped = /^\d{10}$/.test(value)
    ? [`${value.slice(0, 3)} ${value.slice(3, 6)} ${value.slice(6)}`, value.replace(/(...)(...)/, '$1-$2-')]
    : [];
  return [...new Set([value, value.toUpperCase(), value.toLowerCase(), ...grouped])];
};

const BASE64_BITS = 6;
/** Base64 of the bytes where they begin `before` bytes into a group of three: only the letters no neighbour has a part in. */
const base64At = (bytes: Buffer, before: number): string => {
  const whole = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
  return whole.slice(Math.ceil((before * 8) / BASE64_BITS), Math.floor(((before + bytes.length) * 8) / BASE64_BITS));
};

const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
/** As JSON may write what is beyond ASCII. */
const jsonEscaped = (text: string): string =>
  text.replaceAll(/[^ -~]/g, (letter) => `\\u${(letter.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);

const needlesOf = (mark: string, text: string): Needle[] => {
  const utf8 = Buffer.from(text);
  const url = encodeURIComponent(text);
  const forms: Record<string, string | Buffer> = {
    'UTF-8': utf8,
    'ISO 8859-1': Buffer.from(text, 'latin1'),
    'UTF-16LE': Buffer.from(text, 'utf16le'),
    'UTF-16BE': utf16be(text),
    hex: utf8.toString('hex'),
    HEX: utf8.toString('hex').toUpperCase(),
    'hex of ISO 8859-1': Buffer.from(text, 'latin1').toString('hex'),
    'base64 at 0': base64At(utf8, 0),
    'base64 at 1': base64At(utf8, 1),
    'base64 at 2': base64At(utf8, 2),
    'base64url at 0': base64At(utf8, 0).replaceAll('+', '-').replaceAll('/', '_'),
    'base64url at 1': base64At(utf8, 1).replaceAll('+', '-').replaceAll('/', '_'),
    'base64url at 2': base64At(utf8, 2).replaceAll('+', '-').replaceAll('/', '_'),
    URL: url,
    'URL, lower case': url.replaceAll(/%../g, (code) => code.toLowerCase()),
    form: url.replaceAll('%20', '+'),
    JSON: jsonEscaped(text),
  };
  return Object.entries(forms).map(([form, written]) => ({
    mark,
    form,
    bytes: typeof written === 'string' ? Buffer.from(written) : written,
  }));
};

/** Looks for marked values in every way of writing them that a store, a queue, a log or a URL uses. All are looked for in one pass. */
export class Searcher {
  /** By the first two bytes. */
  readonly #needles = new Map<number, Needle[]>();
  /** Which two bytes begin one: small enough to stay in the processor's own memory. */
  readonly #begins = new Uint8Array(65_536);
  #forms = 0;
  #places = 0;
  #bytes = 0;

  /** `marks`: what each is → its text, of seven letters or more, so that chance does not make it. */
  constructor(marks: Readonly<Record<string, string>>) {
    const known = new Set<string>();
    for (const [mark, value] of Object.entries(marks)) {
      if (value.length < 7) throw new RangeError(`the mark ${mark} is too short`);
      for (const text of spellings(value)) for (const needle of needlesOf(mark, text)) this.#add(needle, known);
    }
  }

  /** What was looked for, and in how much, for a report. */
  get effort(): { readonly forms: number; readonly places: number; readonly bytes: number } {
    return { forms: this.#forms, places: this.#places, bytes: this.#bytes };
  }

  #add(needle: Needle, known: Set<string>): void {
    const text = needle.bytes.toString('latin1');
    if (known.has(text)) return;
    known.add(text);
    this.#forms += 1;
    const pair = needle.bytes.readUInt16BE(0);
    this.#begins[pair] = 1;
    this.#needles.set(pair, [...(this.#needles.get(pair) ?? []), needle]);
  }

  search(where: string, content: Buffer | string): Sighting[] {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    this.#places += 1;
    this.#bytes += bytes.length;
    const found = new Set<Needle>();
    const begins = this.#begins;
    let pair = bytes[0] ?? 0;
    for (let at = 0; at < bytes.length - 1; at += 1) {
      pair = ((pair << 8) | (bytes[at + 1] ?? 0)) & 0xffff;
      if (begins[pair] === 1)
        for (const needle of this.#needles.get(pair) ?? []) {
          if (bytes[at + 2] === needle.bytes[2] && needle.bytes.equals(bytes.subarray(at, at + needle.bytes.length))) found.add(needle);
        }
    }
    return [...found].map(({ mark, form }) => ({ mark, form, where }));
  }

  /** Every file below a folder, its bytes as they lie there, and its name. */
  async searchFolder(folder: string): Promise<Sighting[]> {
    const sightings: Sighting[] = [];
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const name = relative(folder, path);
      sightings.push(...this.search(`the name ${name}`, name));
      if (entry.isFile()) sightings.push(...this.search(name, await readFile(path)));
    }
    return sightings;
  }
}
