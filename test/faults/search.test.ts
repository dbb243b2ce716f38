import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../support/temp.ts';
import { Searcher } from './search.ts';

const VALUE = 'Quillbrähn & Söhne';
const searcher = new Searcher({ name: VALUE, number: '9990001234' });
const found = (bytes: Buffer | string) => searcher.search('here', bytes).map(({ mark, form }) => `${mark}: ${form}`);
const among = (value: string | Buffer): Buffer => Buffer.concat([Buffer.from([0, 255, 17]), Buffer.from(value), Buffer.from([9, 128])]);

describe('the search for marked values', () => {
  it.each([
    ['UTF-8', Buffer.from(VALUE)],
    ['ISO 8859-1', Buffer.from(VALUE, 'latin1')],
    ['UTF-16LE', Buffer.from(VALUE, 'utf16le')],
    ['UTF-16BE', Buffer.from(VALUE, 'utf16le').swap16()],
    ['hex', Buffer.from(VALUE).toString('hex')],
    ['HEX', Buffer.from(VALUE).toString('hex').toUpperCase()],
    ['hex of ISO 8859-1', Buffer.from(VALUE, 'latin1').toString('hex')],
    ['URL', encodeURIComponent(VALUE)],
    ['URL, lower case', 'Quillbr%c3%a4hn%20%26%20S%c3%b6hne'],
    ['form', 'Quillbr%C3%A4hn+%26+S%C3%B6hne'],
    ['JSON', 'Quillbr\\u00e4hn & S\\u00f6hne'],
  ])('finds one written in %s', (form, written) => {
    expect(found(among(written))).toEqual([`name: ${form}`]);
  });

  it.each([0, 1, 2])('finds one inside base64, %d bytes into a group of three', (before) => {
    const inside = Buffer.concat([Buffer.from('xyz'.slice(0, before)), Buffer.from(VALUE), Buffer.from('??>')]);
    expect(found(among(inside.toString('base64')))).toContain(`name: base64 at ${before}`);
    expect(found(among(inside.toString('base64url'))).join()).toMatch(new RegExp(`base64(url)? at ${before}`));
  });

  it('finds other spellings: upper and lower case, numbers in groups', () => {
    expect(found('QUILLBRÄHN & SÖHNE')).toEqual(['name: UTF-8']);
    expect(found('quillbrähn & söhne')).toEqual(['name: UTF-8']);
    expect(found('NHS number 999 000 1234')).toEqual(['number: UTF-8']);
    expect(found('999-000-1234')).toEqual(['number: UTF-8']);
  });

  it('finds nothing where there is nothing', () => {
    expect(found('Quillbrahn und Sohn, 9990001235')).toEqual([]);
  });

  it('reads every file below a folder, and its name', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder.path, 'base/1'), { recursive: true });
    await writeFile(join(folder.path, 'base/1/2619'), among(Buffer.from(VALUE, 'utf16le')));
    await writeFile(join(folder.path, 'base/9990001234.part'), 'empty');
    expect((await searcher.searchFolder(folder.path)).map(({ where }) => where).sort()).toEqual([
      'base/1/2619',
      'the name base/9990001234.part',
    ]);
    await folder.remove();
  });

  it('refuses marks so short that chance would make them', () => {
    expect(() => new Searcher({ sex: 'female' })).toThrow('too short');
  });
});
