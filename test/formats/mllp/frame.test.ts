import fc from 'fast-check';
import { encodeFrame, FrameDecoder, type FrameEvent, HEAD_SIZE } from '../../../formats/mllp/frame.ts';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const shown = (events: readonly FrameEvent[]): string[] =>
  events.map((e) =>
    e.kind === 'frame'
      ? `frame ${e.bytes.toString('latin1')}`
      : e.kind === 'junk'
        ? `junk ${e.size}`
        : `large ${e.size} ${e.head.toString('latin1')}`,
  );
const decode = (chunks: readonly (Buffer | string)[], maxSize = 1000): string[] => {
  const decoder = new FrameDecoder({ maxSize });
  return shown([...chunks.flatMap((chunk) => decoder.push(typeof chunk === 'string' ? latin1(chunk) : chunk)), ...decoder.end()]);
};

describe('frames', () => {
  it('one in a packet, several in a packet, one in several packets', () => {
    expect(decode(['\x0bA\x1c\r'])).toEqual(['frame A']);
    expect(decode(['\x0bA\x1c\r\x0bB\x1c\r\x0b', 'C\x1c\r'])).toEqual(['frame A', 'frame B', 'frame C']);
    expect(decode(['\x0b', 'MSH|', '^~\\&|x', '\x1c', '\r'])).toEqual(['frame MSH|^~\\&|x']);
  });

  it('are told as soon as they end, the next half kept', () => {
    const decoder = new FrameDecoder({ maxSize: 100 });
    expect(shown(decoder.push(latin1('\x0bA\x1c\r\x0bhalf')))).toEqual(['frame A']);
    expect(decoder.pending()).toBe(5);
    expect(decoder.head().toString()).toBe('half');
    expect(shown(decoder.push(latin1(' more\x1c')))).toEqual([]);
    expect(decoder.pending()).toBe(11);
    expect(shown(decoder.push(latin1('\r')))).toEqual(['frame half more']);
    expect(decoder.pending()).toBe(0);
  });

  it('take 0x1C without 0x0D, 0x0D and 0x0B as content', () => {
    expect(decode(['\x0ba\x1cb\rc\x0bd\x1c\x1c\r'])).toEqual(['frame a\x1cb\rc\x0bd\x1c']);
    expect(decode(['\x0ba\x1c', 'b\x1c', '\x1c', '\r'])).toEqual(['frame a\x1cb\x1c']);
    expect(decode(['\x0b\x1c\r'])).toEqual(['frame ']);
  });

  it('count what lies between, one event a run, line ends not counted', () => {
    expect(decode(['GET / HTTP\r\n', '\x0bA\x1c\r\r\n\n\x0bB\x1c\r', 'x', 'y', '\x0bC\x1c\rz'])).toEqual([
      'junk 10',
      'frame A',
      'frame B',
      'junk 2',
      'frame C',
      'junk 1',
    ]);
    const decoder = new FrameDecoder({ maxSize: 100 });
    decoder.push(latin1('noise'));
    expect([decoder.stray(), decoder.pending()]).toEqual([5, 0]);
  });

  it('give up a half frame whose sender begins anew', () => {
    expect(decode(['\x0bMSH|^~\\&|half', '\x0bMSH|^~\\&|whole\x1c\r'])).toEqual(['junk 14', 'frame MSH|^~\\&|whole']);
  });

  it('are written and read back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary-ascii' }).filter((s) => !`${s}\x1c\r`.slice(0, -2).includes('\x1c\r'))),
        (contents) => {
          const stream = Buffer.concat(contents.map((one) => encodeFrame(latin1(one))));
          expect(decode([stream], 10_000)).toEqual(contents.map((one) => `frame ${one}`));
        },
      ),
    );
  });
});

describe('any cutting', () => {
  const piece = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'b', '\x0b', '\x1c', '\r', '\n', 'MSH'), maxLength: 12 }),
    fc.constantFrom('\x0bA\x1c\r', '\x0bMSH|x\x1c\r', 'junk', '\x0bMSH|a\x0bMSH|b\x1c\r', `\x0b${'x'.repeat(30)}\x1c\r`),
  );

  it('gives the same events', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 20 }), (pieces, cuts) => {
        const stream = latin1(pieces.join(''));
        const at = [0, ...cuts.filter((cut) => cut <= stream.length).sort((a, b) => a - b), stream.length];
        const chunks = at.slice(1).map((to, i) => stream.subarray(at[i], to));
        const whole = decode([stream], 20);
        expect(decode(chunks, 20)).toEqual(whole);
        expect(
          decode(
            [...stream].map((byte) => Buffer.from([byte])),
            20,
          ),
        ).toEqual(whole);
      }),
      { numRuns: 400 },
    );
  });

  it('leaves the same half frame', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const stream = latin1(pieces.join(''));
        const [one, many] = [new FrameDecoder({ maxSize: 20 }), new FrameDecoder({ maxSize: 20 })];
        one.push(stream);
        for (const byte of stream) many.push(Buffer.from([byte]));
        expect([many.pending(), many.stray(), many.head()]).toEqual([one.pending(), one.stray(), one.head()]);
      }),
    );
  });
});

describe('the cap', () => {
  it('lets a frame of just that size through', () => {
    expect(decode([`\x0b${'x'.repeat(10)}\x1c\r`], 10)).toEqual([`frame ${'x'.repeat(10)}`]);
    expect(decode([`\x0b${'x'.repeat(5)}`, `${'x'.repeat(5)}`, '\x1c', '\r'], 10)).toEqual([`frame ${'x'.repeat(10)}`]);
    expect(decode([`\x0b${'x'.repeat(11)}\x1c\r\x0bA\x1c\r`], 10)).toEqual([`large 11 ${'x'.repeat(11)}`, 'frame A']);
  });

  it('tells at once, not at the end of the frame', () => {
    const decoder = new FrameDecoder({ maxSize: 10 });
    expect(shown(decoder.push(latin1(`\x0b${'x'.repeat(11)}`)))).toEqual([`large 11 ${'x'.repeat(11)}`]);
    expect(shown(decoder.push(latin1('more and more')))).toEqual([]);
    expect(decoder.pending()).toBeGreaterThan(11);
    expect(shown(decoder.push(latin1('\x1c\r\x0bB\x1c\r')))).toEqual(['frame B']);
  });

  it('holds no more than that of a frame of 100 MB, and keeps its head', () => {
    const decoder = new FrameDecoder({ maxSize: 1024 * 1024 });
    const chunk = Buffer.alloc(64 * 1024, 'y');
    const events: FrameEvent[] = [...decoder.push(latin1('\x0bMSH|'))];
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    for (let i = 0; i < 1600; i++) {
      events.push(...decoder.push(chunk));
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    events.push(...decoder.push(latin1('\x1c\r\x0bA\x1c\r')));
    expect(events.map((e) => e.kind)).toEqual(['too-large', 'frame']);
    expect(events[0]).toMatchObject({ size: 1024 * 1024 + 1 });
    expect(events[0]?.kind === 'too-large' && events[0].head.length).toBe(HEAD_SIZE);
    expect(events[0]?.kind === 'too-large' && events[0].head.toString('latin1', 0, 6)).toBe('MSH|yy');
    expect(most).toBeLessThan(8 * 1024 * 1024);
  });

  it('copies a frame that comes byte by byte a few times at most', () => {
    const copied = jest.spyOn(Buffer.prototype, 'copy');
    const decoder = new FrameDecoder({ maxSize: 1024 * 1024 });
    decoder.push(latin1('\x0b'));
    const one = latin1('x');
    for (let i = 0; i < 200_000; i++) decoder.push(one);
    const bytes = copied.mock.results.reduce((sum, result) => sum + (result.type === 'return' ? result.value : 0), 0);
    copied.mockRestore();
    expect(bytes).toBeLessThan(600_000);
    expect(shown(decoder.push(latin1('\x1c\r')))).toHaveLength(1);
  });
});
