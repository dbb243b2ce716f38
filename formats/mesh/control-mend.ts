import {
  type ControlElement,
  type ControlProblemKind,
  KNOWN,
  plainName,
  ROOT,
  STATUS,
  STATUS_PARTS,
  type Tree,
} from './control-elements.ts';

/** A control file is flat: what cannot be inside what is known, so a forgotten or mistyped closing tag shows itself at the next tag. */
const TAG = /<(\/?)\s*((?:[A-Za-z_][\w.-]*:)?[A-Za-z_][\w.-]*)(?:[\s/][^<>]*)?>/y;
const REFERENCE = /&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([0-9a-f]{1,6}));/gi;
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const character = (code: number, written: string): string =>
  code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? written : String.fromCodePoint(code);

/** The five names and the numbers of XML; any other `&` is one that should have been escaped. */
const unescaped = (text: string): string =>
  text.replace(REFERENCE, (written, name?: string, decimal?: string, hex?: string) => {
    if (name !== undefined) return NAMED[name.toLowerCase()] ?? written;
    return character(decimal === undefined ? Number.parseInt(hex ?? '0', 16) : Number(decimal), written);
  });

interface Open {
  readonly name: string;
  readonly key: string;
  readonly line: number;
  readonly column: number;
  text: string;
  readonly children: ControlElement[];
}

class Unreadable extends Error {
  readonly kind: ControlProblemKind;
  readonly element: string | undefined;
  constructor(kind: ControlProblemKind, element?: string) {
    super(kind);
    this.kind = kind;
    this.element = element;
  }
}

/** The state of one reading: at most the root, StatusRecord and one element that holds text are open. */
class Mender {
  root: ControlElement | null = null;
  readonly #open: Open[] = [];
  /** Text since the last tag that belongs to no element. */
  #stray = false;

  get #innermost(): Open | undefined {
    return this.#open.at(-1);
  }
  get #leaf(): Open | undefined {
    const last = this.#innermost;
    return last !== undefined && last.key !== ROOT && last.key !== STATUS ? last : undefined;
  }

  text(text: string): void {
    const leaf = this.#leaf;
    if (leaf !== undefined) leaf.text += text;
    else if (text.trim() !== '') this.#stray = true;
  }

  /** `rest`: whether anything but space follows. */
  opening(name: string, selfClosing: boolean, rest: boolean, line: number, column: number): void {
    this.#stray = false;
    const key = plainName(name);
    if (this.root !== null) throw new Unreadable('broken');
    if (this.#open.length === 0) {
      if (key !== ROOT) throw new Unreadable('not-a-control-file');
    } else if (key === ROOT) {
      // Meant to be the closing tag, and it is: there is nothing after it.
      if (rest) throw new Unreadable('broken');
      this.#closeTo(ROOT);
      return;
    }
    const leaf = this.#leaf;
    if (leaf !== undefined) {
      this.#close();
      // The same tag again in place of its closing tag.
      if (leaf.key === key && !selfClosing) return;
    }
    if (this.#innermost?.key === STATUS && !STATUS_PARTS.has(key) && KNOWN.has(key)) this.#close();
    this.#open.push({ name: name.slice(name.indexOf(':') + 1), key, line, column, text: '', children: [] });
    if (selfClosing) this.#close();
  }

  closing(name: string): void {
    const stray = this.#stray;
    this.#stray = false;
    const key = plainName(name);
    if (this.#open.some((open) => open.key === key)) {
      this.#closeTo(key);
      return;
    }
    if (this.root !== null && key === ROOT) return;
    // The closing tag of another element, or of one that was never opened and has lost its text.
    if (this.#leaf !== undefined || stray || this.root !== null) throw new Unreadable('broken', KNOWN.get(key));
  }

  get begun(): boolean {
    return this.#open.length > 0;
  }

  #close(): void {
    const open = this.#open.pop();
    if (open === undefined) return;
    const { name, text, children, line, column } = open;
    const element: ControlElement = { name, text, children, line, column };
    const parent = this.#innermost;
    if (parent === undefined) this.root = element;
    else parent.children.push(element);
  }

  #closeTo(key: string): void {
    while (this.#innermost !== undefined && this.#innermost.key !== key) this.#close();
    this.#close();
  }
}

/** Lines and columns of a text, from 1. */
class Places {
  readonly #starts = [0];
  constructor(text: string) {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }
  of(offset: number): { readonly line: number; readonly column: number } {
    let low = 0;
    for (let high = this.#starts.length; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }
}

/** End of a comment, instruction or character data that begins at `at`; `''` where it is none of them. */
const special = (text: string, at: number): { readonly end: number; readonly data: string } | 'none' | 'doctype' => {
  for (const [begin, end] of [
    ['<!--', '-->'],
    ['<![CDATA[', ']]>'],
    ['<?', '?>'],
  ] as const) {
    if (!text.startsWith(begin, at)) continue;
    const found = text.indexOf(end, at + begin.length);
    if (found < 0) throw new Unreadable('unfinished');
    return { end: found + end.length, data: begin === '<![CDATA[' ? text.slice(at + begin.length, found) : '' };
  }
  return text.startsWith('<!', at) ? 'doctype' : 'none';
};

/**
 * Reads a control file that is not well-formed XML, as far as it can mean one thing only: unclosed elements, an opening tag in place of the
 * closing one, closing tags in another case, stray text, bare `&` and `<`. Linear in its length.
 */
export const mendControl = (text: string): Tree => {
  const mender = new Mender();
  const places = new Places(text);
  const last = text.trimEnd().length;
  let at = 0;
  try {
    while (at < text.length) {
      const next = text.indexOf('<', at);
      mender.text(unescaped(text.slice(at, next < 0 ? text.length : next)));
      if (next < 0) break;
      at = next;
      const found = special(text, at);
      if (found === 'doctype') throw new Unreadable('doctype');
      if (found !== 'none') {
        mender.text(found.data);
        at = found.end;
        continue;
      }
      TAG.lastIndex = at;
      const tag = TAG.exec(text);
      if (tag === null) {
        // A tag that was begun and not ended, or a bare sign.
        if (/^<\/?[A-Za-z_]/.test(text.slice(at, at + 3)) && text.indexOf('>', at) < 0) throw new Unreadable('unfinished');
        mender.text('<');
        at += 1;
        continue;
      }
      const [written, slash = '', name = ''] = tag;
      const end = at + written.length;
      const { line, column } = places.of(end);
      if (slash === '/') mender.closing(name);
      else mender.opening(name, written.endsWith('/>'), end < last, line, column);
      at = end;
    }
    if (mender.root !== null) return { root: mender.root, mended: true };
    throw new Unreadable(mender.begun ? 'unfinished' : text.trim() === '' ? 'empty' : 'not-a-control-file');
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const element = error.element === undefined ? {} : { element: error.element };
    return { problem: { kind: error.kind, ...places.of(Math.min(at, text.length)), ...element } };
  }
};
