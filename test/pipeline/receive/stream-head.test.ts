import fc from 'fast-check';
import { cutAtLineEnd, HeaderWatch, readBeginning } from '../../../pipeline/receive/stream-head.ts';

async function* inPieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const size = sizes[n % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

describe('the beginning of a body', () => {
  it('and what comes after are all there is of it, however it comes in pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 400 }),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 200 }),
        async (array, sizes, most) => {
          const bytes = Buffer.from(array);
          const beginning = await readBeginning(inPieces(bytes, sizes), most);
          if (bytes.length <= most) {
            expect(beginning).toEqual({ whole: bytes });
            return;
          }
          if (!('head' in beginning)) throw new Error('a long body was held whole');
          expect(beginning.head.length).toBe(most);
          const rest: Uint8Array[] = [];
          for await (const piece of beginning.rest) rest.push(piece);
          expect(Buffer.concat([beginning.head, ...rest])).toEqual(bytes);
        },
      ),
    );
  });

  it('gives its reader back what it holds open, where the rest is not wanted to the end', async () => {
    let closed = false;
    async function* body(): AsyncGenerator<Buffer> {
      try {
        for (;;) yield Buffer.alloc(10);
      } finally {
        closed = true;
      }
    }
    const beginning = await readBeginning(body(), 15);
    if (!('rest' in beginning)) throw new Error('an endless body ended');
    for await (const piece of beginning.rest) if (piece.length === 10) break;
    expect(closed).toBe(true);
  });

  it('of HL7 ends with a line', () => {
    expect(cutAtLineEnd(Buffer.from('MSH|a\rPID|b\nOBX|c€')).toString()).toBe('MSH|a\rPID|b\n');
    expect(cutAtLineEnd(Buffer.from('MSH|no end')).toString()).toBe('MSH|no end');
    for (const swap of [false, true]) {
      const wide = Buffer.from('\ufeffMSH|a\rPID|b', 'utf16le');
      if (swap) wide.swap16();
      // Half a character is left at the end.
      expect(cutAtLineEnd(wide.subarray(0, wide.length - 1)).length).toBe(14);
    }
  });
});

describe('further messages behind the beginning', () => {
  const watched = (text: string, cutAt: number, sizes: readonly number[], encode: (text: string) => Buffer): boolean => {
    const bytes = encode(text);
    const head = bytes.subarray(0, cutAt * (bytes.length / text.length));
    const watch = new HeaderWatch(head, cutAtLineEnd(head));
    let at = head.length;
    for (let n = 0; at < bytes.length; n++) {
      const size = sizes[n % sizes.length] ?? 1;
      watch.see(bytes.subarray(at, at + size));
      at += size;
    }
    return watch.found;
  };
  const latin = (text: string): Buffer => Buffer.from(text, 'latin1');
  const little = (text: string): Buffer => Buffer.from(text, 'utf16le');
  const big = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
  const one = 'MSH|^~\\&|A\rPID|1\rOBX|1|TX|MSH|not one\r';

  it('are found wherever the pieces are cut, in bytes of eight bits or sixteen; the first header is none', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 8, max: one.length + 6 }),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 }),
        fc.constantFrom(latin, little, big),
        fc.constantFrom('\r', '\n'),
        (cut, sizes, encode, end) => {
          expect(watched(`${one}MSH|^~\\&|B\rPID|2\r`.replaceAll('\r', end), cut, sizes, encode)).toBe(true);
          expect(watched(`${one}${one.slice(11)}`.replaceAll('\r', end), Math.min(cut, one.length), sizes, encode)).toBe(false);
        },
      ),
    );
  });
});
