import { inspect } from 'node:util';
import { parseConfig } from '../../config/load.ts';
import { brandAs, type DestinationName, type SourceName } from '../../records/ids.ts';
import { showFinding } from '../../records/issue.ts';

const FILE = '/site/throughcare.yaml';
const read = (text: string, environment: Record<string, string> = {}, files: Record<string, string> = {}) =>
  parseConfig(FILE, text, {
    environment,
    readFile: (path) => {
      const content = files[path];
      if (content === undefined) throw new Error('ENOENT');
      return content;
    },
  });
/** Findings without the file name, for errors and warnings alike. */
const findings = (text: string, environment: Record<string, string> = {}, files: Record<string, string> = {}) =>
  read(text, environment, files).findings.map((finding) => showFinding(finding).replace(`${FILE}:`, ''));
const errors = (text: string, environment: Record<string, string> = {}, files: Record<string, string> = {}) =>
  findings(text, environment, files).filter((line) => / error /.test(line));
const sourceOf = (text: string, name: string) => read(text).loaded?.config.sources.get(brandAs<SourceName>(name));

const SITE = `site: example
mappings:
  - mappings
sources:
  prison-adt:
    kind: mllp
    listen: 127.0.0.1:2575
`;

describe('a sound configuration', () => {
  it('has every default filled in, durations in ms, sizes in bytes, paths from the folder of the file', () => {
    const { loaded, findings: found } = read(SITE);
    expect(found).toEqual([]);
    expect(loaded?.config).toMatchObject({
      site: 'example',
      environment: 'test',
      zone: 'Europe/London',
      data: '/site/data',
      directory: '/site/directory.yaml',
      mappings: ['/site/mappings'],
      console: { listen: { host: '127.0.0.1', port: 7750 }, allowRemote: false },
      store: { connections: 12 },
      advanced: { claimTtl: 90_000, sendDeadline: 30_000 },
      identity: {
        match: [
          { by: 'nhsNumber', agree: ['birthDate'], verified: true },
          { by: 'prisonNumber', agree: ['birthDate'], verified: false },
        ],
      },
    });
    expect(sourceOf(SITE, 'prison-adt')).toEqual({
      kind: 'mllp',
      listen: { host: '127.0.0.1', port: 2575 },
      accept: [],
      ignore: new Map(),
      ack: 'auto',
      controlId: 'plain',
      identity: 'message',
      reused: 'hold',
      window: 7 * 86_400_000,
      sender: false,
      maxSize: 64 * 1024 * 1024,
      versions: [],
      processingIds: [],
      trustsNhsNumbers: false,
      idle: 300_000,
      frameTimeout: 30_000,
      maxConnections: 500,
      maxHeld: 256 * 1024 * 1024,
    });
  });

  it('takes what is written, in block and flow form, and keeps the order of sources', () => {
    const text = `${SITE}    accept: [ADT^A01, ADT^A03]
    ignore:
      ADT^A05: booked receptions are not used
    sender: yes
    maxSize: 512kB
    window: 1.5h
  files:
    kind: folder
    path: in/files
    done: delete
destinations:
  clinical:
    kind: mllp
    host: clinical.example
    port: 2601
    mappings: [outbound/report]
    retry: { first: 250ms }
    tls: { ca: certs/ca.pem }
routes:
  - name: all
    when: kind = report
    to: clinical
`;
    const { loaded, findings: found } = read(text);
    expect(found).toEqual([]);
    expect([...(loaded?.config.sources.keys() ?? [])]).toEqual(['prison-adt', 'files']);
    expect(sourceOf(text, 'prison-adt')).toMatchObject({
      accept: ['ADT^A01', 'ADT^A03'],
      sender: true,
      maxSize: 524_288,
      window: 5_400_000,
    });
    expect(sourceOf(text, 'files')).toMatchObject({
      kind: 'folder',
      path: '/site/in/files',
      pattern: '*',
      done: 'delete',
      stableFor: 2000,
    });
    expect(loaded?.config.destinations.get(brandAs<DestinationName>('clinical'))).toMatchObject({
      connections: 4,
      retry: { first: 250, most: 300_000, factor: 2 },
      tls: { ca: '/site/certs/ca.pem' },
    });
    expect(loaded?.config.routes[0]).toMatchObject({ name: 'all', to: 'clinical', priority: 'routine', when: { text: 'kind = report' } });
  });

  it('knows where each setting stands, and the owner of one that is not written', () => {
    const { loaded } = read(SITE);
    expect(loaded?.placeOf('sources.prison-adt.listen')).toEqual({ file: FILE, line: 7, column: 13 });
    expect(loaded?.placeOf('sources.prison-adt.maxSize')).toMatchObject({ line: 5, column: 3 });
    expect(loaded?.placeOf('advanced.claimTtl')).toMatchObject({ line: 1, column: 1 });
  });

  it('keeps the place of each word of a condition for those who compile it', () => {
    const { loaded } = read(`${SITE}routes:\n  - name: all\n    when: kind = report\n    file: kept\n`);
    expect(loaded?.config.routes[0]?.when?.at(7)).toMatchObject({ line: 10, column: 18 });
  });
});

describe('findings', () => {
  it('come all at once, each with its place and what may have been meant', () => {
    const text = `site: Example Site
enviroment: live
console:
  listen: 7750
sources:
  prison-adt:
    kind: mllp
    listen: 127.0.0.1:99999
    accept: ADT^A01
    reused: hodl
    window: 7 days
    stableFor: 2s
  Files:
    kind: folder
  third:
    kind: mlp
  fourth:
`;
    expect(findings(text)).toEqual([
      '1:7 error bad-value site: “Example Site” is not a name of small letters, digits and single dashes, beginning with a letter',
      '2:1 error unknown-setting “enviroment” is no setting of this file (did you mean "environment"?)',
      '4:11 error bad-value console.listen: “7750” is not host:port (write an address of this machine and a port, like 127.0.0.1:2575 or 0.0.0.0:2575)',
      '8:13 error bad-value sources.prison-adt.listen: “127.0.0.1:99999” has no port between 0 and 65535',
      '9:13 error bad-value sources.prison-adt.accept: text stands where a list is expected (put each value on a line of its own, with "- " before it)',
      '10:13 error bad-value sources.prison-adt.reused: “hodl” is not one of hold, accept (did you mean "hold"?)',
      '11:13 error bad-value sources.prison-adt.window: “7 days” is not a duration (write a number and ms, s, m, h or d, like 30s)',
      '12:5 error unknown-setting “stableFor” is no setting of sources.prison-adt (it is a setting of kind: folder)',
      '13:3 error bad-name “Files” is not a name of small letters, digits and single dashes, beginning with a letter',
      '14:5 error missing-setting sources.Files.path must be set (path)',
      '16:11 error bad-value sources.third.kind: “mlp” is not one of mllp, folder, mesh-api, mesh-folder (did you mean "mllp"?)',
      '17:3 error missing-setting sources.fourth must say its kind (one of mllp, folder, mesh-api, mesh-folder)',
    ]);
  });

  it('leave nothing to use while one of them is an error, and all of it while they are warnings', () => {
    expect(read('site: a\nsources: 3\n').loaded).toBeUndefined();
    const warned = read('site: a\n');
    expect(warned.findings.map(({ severity }) => severity)).toEqual(['warning', 'warning']);
    expect(warned.loaded?.config.site).toBe('a');
  });

  it('name an empty file’s first missing setting, a list for a map, and YAML that is none', () => {
    expect(errors('')).toEqual([
      '1:1 error missing-setting site must be set (a name of small letters, digits and single dashes, beginning with a letter)',
    ]);
    expect(errors('- a\n')[0]).toMatch(/^1:1 error bad-value .*a list stands where a map is expected/);
    expect(errors('site: "a\n')[0]).toMatch(/^\d+:\d+ error yaml /);
    expect(errors('site: a\nsite: b\n')[0]).toMatch(/^2:1 error duplicate-key/);
  });

  it('say the least and the most of a number', () => {
    expect(errors(`${SITE}    maxConnections: 0\n`)).toEqual([
      '8:21 error bad-value sources.prison-adt.maxConnections: “0” is below the least, 1',
    ]);
    expect(errors(`${SITE}    maxSize: 2GB\n`)).toEqual(['8:14 error bad-value sources.prison-adt.maxSize: “2GB” is above the most, 1GB']);
  });

  it('refuse a zone that does not exist', () => {
    expect(errors(`${SITE}zone: Europe/Leeds\n`)[0]).toMatch(/^8:7 error bad-value zone: “Europe\/Leeds” is no time zone/);
  });
});

describe('references', () => {
  it('fill in the environment, with and without a default, and count as absent when they come out empty', () => {
    const text = `${SITE}store:\n  url: \${env:DATABASE_URL:-}\nqueue:\n  redis: redis://\${env:HOST}:\${env:PORT:-6379}/0\n`;
    const { loaded } = read(text, { HOST: 'redis.example' });
    expect(loaded?.config.store.url).toBeUndefined();
    expect(loaded?.config.queue.redis?.reveal()).toBe('redis://redis.example:6379/0');
    expect(read(text, { HOST: 'h', DATABASE_URL: 'postgres://u:p@h/d' }).loaded?.config.store.url?.reveal()).toBe('postgres://u:p@h/d');
  });

  it('fill in a file for a secret, without its last line end', () => {
    const { loaded } = read(`${SITE}store:\n  keys: \${file:keys/ring}\n`, {}, { '/site/keys/ring': 'a\nb\r\n' });
    expect(loaded?.config.store.keys?.reveal()).toBe('a\nb');
  });

  it('say at their own place what is missing or not allowed', () => {
    const text = `${SITE}    system: x-\${env:NOPE}
store:
  url: \${env:NOPE}
  keys: \${file:nothing}
data: \${file:x}
directory: \${dir:x}
zone: a\${env:X
`;
    expect(errors(text)).toEqual([
      '8:15 error not-in-environment the environment variable NOPE is not set (set it, or write ${env:NOPE:-default})',
      '10:8 error not-in-environment the environment variable NOPE is not set (set it, or write ${env:NOPE:-default})',
      '11:9 error file-unreadable the file nothing cannot be read (check that it exists and who may read it)',
      '12:7 error file-reference ${file:…} is for secrets; this setting is shown to people (write the value itself, or ${env:…})',
      '13:12 error bad-reference ${dir:…} is not known (write ${env:NAME} or ${file:path})',
      '14:8 error bad-reference this ${ is not closed by } (write $${ for the two characters themselves)',
    ]);
  });

  it('leave $${ as ${', () => {
    expect(sourceOf(`${SITE}    ignore:\n      ADT^A05: costs $\${5}\n`, 'prison-adt')?.ignore.get('ADT^A05')).toBe('costs ${5}');
  });

  it('never repeat what was filled in, nor a secret, in a finding', () => {
    const text = `${SITE}    reused: \${env:SECRET}\nqueue: \${env:SECRET}\nstore:\n  url:\n    - hunter2\n  connections: \${env:SECRET}\n`;
    const shown = findings(text, { SECRET: 'hunter2' }).join('\n');
    expect(shown).toContain('sources.prison-adt.reused: is not one of hold, accept');
    expect(shown).not.toContain('hunter2');
  });
});

describe('a secret', () => {
  it('is never shown by printing, serialising, joining or looking into the configuration', () => {
    const config = read(`${SITE}store:\n  url: postgres://u:hunter2@h/d\n  keys: hunter2\nqueue:\n  redis: redis://:hunter2@h\n`).loaded
      ?.config;
    expect(config?.store.url?.reveal()).toContain('hunter2');
    for (const shown of [inspect(config, { depth: 9 }), JSON.stringify(config), String(config?.store.url), `${config?.store.keys}`])
      expect(shown).not.toContain('hunter2');
  });
});
