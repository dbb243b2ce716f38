import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { downloadBody } from '../../../adapters/mesh-api/download.ts';
import { MeshContentError, MeshError } from '../../../adapters/mesh-api/errors.ts';
import type { Answer } from '../../../adapters/mesh-api/exchange.ts';
import { allOf, OURS, Services } from './support/service.ts';

const services = new Services();
afterEach(() => services.close());

const answer = (status: number, range: string | undefined, bytes: Buffer, encoding?: string, breakAt = bytes.length): Answer => ({
  status,
  headers: {
    ...(range === undefined ? {} : { 'mex-chunk-range': range }),
    ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
  },
  body: (async function* () {
    for (let at = 0; at < breakAt; at += 7) yield bytes.subarray(at, Math.min(at + 7, breakAt));
    if (breakAt < bytes.length) throw new MeshError({ trouble: 'connection', reached: true });
  })(),
});

const never = async (): Promise<Answer> => {
  throw new Error('not asked for');
};
const trouble = async (body: AsyncIterable<Buffer>): Promise<string> => {
  const error: unknown = await allOf(body).catch((reason: unknown) => reason);
  if (!(error instanceof MeshContentError)) throw new Error('no MeshContentError', { cause: error });
  return `${error.trouble} ${error.chunk}`;
};

describe('MESH rule 4.4 chunks are decompressed one by one', () => {
  it('whatever the chunks, whichever are compressed, wherever they break off: the same bytes', async () => {
    const chunk = fc.record({ text: fc.string({ maxLength: 60 }), gzip: fc.boolean(), breaks: fc.array(fc.nat(40), { maxLength: 2 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { minLength: 1, maxLength: 4 }), async (chunks) => {
        const asked = new Map<number, number>();
        const ask = async (number: number): Promise<Answer> => {
          const { text, gzip, breaks } = chunks[number - 1] ?? { text: '', gzip: false, breaks: [] };
          const times = asked.get(number) ?? 0;
          asked.set(number, times + 1);
          const bytes = gzip ? gzipSync(text) : Buffer.from(text);
          const last = number === chunks.length;
          return answer(
            last ? 200 : 206,
            `${number}:${chunks.length}`,
            bytes,
            gzip ? 'gzip' : undefined,
            Math.min(breaks[times] ?? bytes.length, bytes.length),
          );
        };
        const whole = await allOf(downloadBody(await ask(1), ask));
        expect(whole.toString()).toBe(chunks.map(({ text }) => text).join(''));
      }),
      { numRuns: 150 },
    );
  });

  it('the range decides where it and the status disagree: nothing is lost', async () => {
    const chunks = [answer(200, '1:2', Buffer.from('a')), answer(206, '2:2', Buffer.from('b'))];
    const ask = async (number: number): Promise<Answer> => chunks[number - 1] ?? never();
    expect((await allOf(downloadBody(await ask(1), ask))).toString()).toBe('ab');
  });

  it('without a range the status decides; a report has no content', async () => {
    const chunks = [answer(206, undefined, Buffer.from('a')), answer(200, undefined, Buffer.from('b'))];
    const ask = async (number: number): Promise<Answer> => chunks[number - 1] ?? never();
    expect((await allOf(downloadBody(await ask(1), ask))).toString()).toBe('ab');
    expect((await allOf(downloadBody(answer(200, '1:0', Buffer.alloc(0)), never))).length).toBe(0);
  });

  it('content that contradicts itself is told as such', async () => {
    expect(await trouble(downloadBody(answer(200, '2:2', Buffer.from('a')), never))).toBe('chunk-range 1');
    expect(await trouble(downloadBody(answer(206, '1:2', Buffer.from('a')), async () => answer(200, '2:3', Buffer.from('b'))))).toBe(
      'chunk-range 2',
    );
    expect(await trouble(downloadBody(answer(200, '1:1', Buffer.from('not gzip'), 'gzip'), never))).toBe('gzip 1');
    expect(await trouble(downloadBody(answer(200, '1:1', gzipSync('cut off').subarray(0, 15), 'gzip'), never))).toBe('gzip 1');
    expect(await trouble(downloadBody(answer(200, '1:1', Buffer.from('x'), 'br'), never))).toBe('encoding 1');
  });

  it('a chunk that never comes further is given up', async () => {
    let asked = 0;
    const ask = async (): Promise<Answer> => {
      asked += 1;
      return answer(200, '1:1', Buffer.from('never more than this'), undefined, 7);
    };
    await expect(allOf(downloadBody(await ask(), ask))).rejects.toBeInstanceOf(MeshError);
    expect(asked).toBeLessThan(6);
  });
});

it('MESH rule 4.9 Content-Encoding alone says what is compressed: a payload that is gzip itself stays as it was', async () => {
  const server = await services.start();
  const payload = gzipSync('a payload that happens to be gzip');
  const id = await server.put(OURS, { workflowId: 'W1', body: payload, contentType: 'application/gzip' });
  for (const compressed of [true, false]) {
    const { headers, body } = await services.client(server).download(id, { compressed });
    expect(headers['mex-content-compressed']).toBe(compressed ? 'Y' : undefined);
    expect(await allOf(body)).toEqual(payload);
  }
});

it('a connection that is cut within a large body is taken up where it broke', async () => {
  const server = await services.start();
  const payload = Buffer.from(Array.from({ length: 400_000 }, (_, n) => n % 251));
  const id = await server.put(OURS, { workflowId: 'W1', chunks: [payload, payload] });
  for (const chunk of [1, 2])
    for (const afterBytes of [100_000, 250_000]) server.inject({ route: 'download', chunk, effect: 'cut', afterBytes });
  const whole = await allOf((await services.client(server).download(id, { compressed: false })).body);
  expect(whole.equals(Buffer.concat([payload, payload]))).toBe(true);
});
