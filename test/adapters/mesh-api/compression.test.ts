import { gzipSync } from 'node:zlib';
import { compresses, isCompressed, WORTH_COMPRESSING } from '../../../adapters/mesh-api/compression.ts';

const large = 20 * WORTH_COMPRESSING;
const xml = Buffer.from('<?xml version="1.0"?><Bundle/>');

describe('MESH rule 4.13 skip compression when already compressed or small', () => {
  it('compresses a large text', () => {
    expect(compresses('auto', large, xml)).toBe(true);
  });

  it.each([
    ['gzip', gzipSync('x')],
    ['zip', Buffer.from('504b030414000000', 'hex')],
    ['PDF', Buffer.from('%PDF-1.7\n')],
    ['JPEG', Buffer.from('ffd8ffe000104a464946', 'hex')],
    ['PNG', Buffer.from('89504e470d0a1a0a0000', 'hex')],
    ['heic', Buffer.from('\0\0\0\x18ftypheic')],
    ['WebP', Buffer.from('RIFF\x10\0\0\0WEBPVP8 ', 'latin1')],
  ])('leaves %s as it is, by its content and not by what it is called', (_name, head) => {
    expect(isCompressed(head)).toBe(true);
    expect(compresses('auto', large, head)).toBe(false);
    expect(compresses('yes', large, head)).toBe(true);
  });

  it('leaves a small payload as it is', () => {
    expect(compresses('auto', WORTH_COMPRESSING - 1, xml)).toBe(false);
    expect(compresses('auto', WORTH_COMPRESSING, xml)).toBe(true);
  });

  it('does as it is told', () => {
    expect(compresses('no', large, xml)).toBe(false);
    expect(compresses('yes', 1, xml)).toBe(true);
  });

  it('takes no text for compressed because it begins like one in part', () => {
    expect(isCompressed(Buffer.from('MSH|^~\\&|'))).toBe(false);
    expect(isCompressed(Buffer.from(''))).toBe(false);
    expect(isCompressed(Buffer.from([0x1f]))).toBe(false);
    expect(isCompressed(Buffer.from('%PD'))).toBe(false);
  });
});
