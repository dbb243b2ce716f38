import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configWithoutMesh, directoryWithoutMesh } from '../support/without-mesh.ts';

/** Values of an invented patient that nothing but this test says. Each must be found nowhere it was not meant to go. */
export const MARKS = {
  'family name': 'Quillbrähn',
  'given name': 'Zephyrinus',
  'middle name': 'Ottokarius',
  street: '77 Wombatgasse Rise',
  postcode: 'LS9 7ZZ',
  telephone: '07700900461',
  'birth date': '19510913',
  'birth date, ISO': '1951-09-13',
  'NHS number': '9997318463',
  'prison number': 'A7391ZQ',
  'booking number': '7720199461',
  'result text': 'marzipanosis suspected',
  'result note': 'ask Aunt Hyacintha',
  allergy: 'snozzcumber rash',
  'title of a letter': 'Vexillology clinic letter',
  'text of a letter': 'pangoline findings confirmed',
  'file name': 'quillwort-jabberwock',
  'words of the receiver': 'cannot place Mr Flibbertigib',
  'words of the operator': 'his sister Xanthippina rang',
} as const;

const IDS = `${MARKS['NHS number']}^^^NHS^NH~${MARKS['prison number']}^^^NOMIS^PI`;
const NAME = `${MARKS['family name']}^${MARKS['given name']}^${MARKS['middle name']}^^Mr^^L`;
const HOME = `${MARKS.street}^^Leeds^^${MARKS.postcode}^^H||${MARKS.telephone}^PRN^CP`;
const WHO = `PID|1||${IDS}||${NAME}||${MARKS['birth date']}|M|||${HOME}||||||||||||||||||01`;
const PRACTICE = 'PD1|||QUAY PRACTICE^^Y99002|G9900018^Marsh^Helen^^^Dr^^^GMC';

interface Head {
  readonly sender: string;
  readonly type: string;
  readonly id: string;
  readonly at: string;
  readonly version?: string;
}
const head = ({ sender, type, id, at, version = '2.4' }: Head): string =>
  `MSH|^~\\&|${sender}|THROUGHCARE|TC|${at}||${type}|${id}|T|${version}|||||GBR|UNICODE UTF-8`;
const made = (...segments: readonly string[]): string => segments.map((segment) => `${segment}\r`).join('');

const NOMIS = 'NOMIS|LEI';
const stay = (where: string, more = ''): string => `PV1|1|I|${where}||||||||||||||||${MARKS['booking number']}${more}`;
const LETTER = Buffer.from(`%PDF-1.4\n${MARKS['text of a letter']}\n${MARKS['family name']}\n%%EOF\n`).toString('base64');

/** Messages about the marked patient; what is odd about each is in its name. */
export const MESSAGES = {
  reception: made(
    head({ sender: NOMIS, type: 'ADT^A01^ADT_A01', id: 'CAN0001', at: '20260302101500' }),
    'EVN|A01|20260302101500||||20260302101500',
    WHO,
    PRACTICE,
    stay('B^2^14^LEI', '|||||||||||||||||||||||||20260302101500'),
    `AL1|1|DA|91936005^Allergy to penicillin^SCT||${MARKS.allergy}|20190611`,
  ),
  withoutBooking: made(
    head({ sender: NOMIS, type: 'ADT^A01^ADT_A01', id: 'CAN0002', at: '20260302111500' }),
    'EVN|A01|20260302111500||||20260302111500',
    WHO,
    'PV1|1|I|B^2^14^LEI',
  ),
  otherBirthDate: made(
    head({ sender: NOMIS, type: 'ADT^A01^ADT_A01', id: 'CAN0003', at: '20260302121500' }),
    'EVN|A01|20260302121500||||20260302121500',
    WHO.replace(MARKS['birth date'], '19700101'),
    stay('B^2^14^LEI'),
  ),
  wrongVersion: made(head({ sender: NOMIS, type: 'ADT^A01^ADT_A01', id: 'CAN0004', at: '20260302131500', version: '9.9' }), WHO),
  noHeader: made(WHO, stay('B^2^14^LEI')),
  noMapping: made(head({ sender: NOMIS, type: 'ADT^A44^ADT_A43', id: 'CAN0005', at: '20260302141500' }), 'EVN|A44|20260302141500', WHO),
  wrongTrigger: made(head({ sender: NOMIS, type: 'ADT^A01^ADT_A01', id: 'CAN0006', at: '20260302151500' }), WHO),
  transfer: made(
    head({ sender: NOMIS, type: 'ADT^A02^ADT_A02', id: 'CAN0007', at: '20260309113000' }),
    'EVN|A02|20260309113000||||20260309113000',
    WHO,
    `PV1|1|I|C^1^07^MDI|||B^2^14^LEI|||||||||||||${MARKS['booking number']}`,
  ),
  release: made(
    head({ sender: NOMIS, type: 'ADT^A03^ADT_A03', id: 'CAN0008', at: '20260320093000' }),
    'EVN|A03|20260320093000||||20260320093000',
    WHO,
    PRACTICE,
    stay('C^1^07^MDI', '|||||||||||||||||19|||||||||20260320093000'),
  ),
  result: made(
    head({ sender: 'LIMS|RR8', type: 'ORU^R01^ORU_R01', id: 'CAN0101', at: '20260303161000', version: '2.5.1' }),
    WHO,
    'ORC|RE|ORD9001^TC|L-ORD9001^LIMS',
    'OBR|1|ORD9001^TC|L-ORD9001^LIMS|1022491000000106^Serum sodium level^SCT|||20260303091500|||||||||||||||20260303161000||CHEM|F',
    `OBX|1|ST|1022491000000106^Serum sodium level^SCT||${MARKS['result text']}||||||F|||20260303091500`,
    `NTE|1||${MARKS['result note']}`,
  ),
  letter: made(
    head({ sender: 'EMIS|Y99002', type: 'MDM^T02^MDM_T02', id: 'CAN0201', at: '20260302120100' }),
    'EVN|T02|20260302120100',
    WHO,
    'PV1|1|N',
    'TXA|1|CL^Clinic letter|AP|20260120140000||20260120140000|||C9900027^Okafor^Ruth^^^Dr^^^GMC|||CAN-LETTER-1|||||AU',
    `OBX|1|ED|CL^${MARKS['title of a letter']}||^application^pdf^Base64^${LETTER}||||||F`,
  ),
} as const;

/** Addresses that a run of the example site uses in place of those in its file. */
export interface CanaryPorts {
  readonly console: number;
  readonly 'prison-adt': number;
  readonly pathology: number;
  readonly 'leeds-clinical': number;
  readonly 'moorland-clinical': number;
  readonly 'gp-hill-lane': number;
}
const WRITTEN: CanaryPorts = {
  console: 7750,
  'prison-adt': 2575,
  pathology: 2576,
  'leeds-clinical': 2601,
  'moorland-clinical': 2602,
  'gp-hill-lane': 2603,
};

export interface CanaryFolders {
  /** What the store keeps. */
  readonly data: string;
  /** What GP systems drop. */
  readonly drop: string;
  /** Files for Quay Practice: the payloads meant to be there. */
  readonly quay: string;
}

const site = join(__dirname, '../../demo/site');

/** The example site as it is shipped, on other ports and in another folder, with a line in the log for every message. */
export async function writeCanarySite(
  folder: string,
  ports: CanaryPorts,
  redis: string | undefined,
): Promise<{ readonly file: string } & CanaryFolders> {
  let text = configWithoutMesh(await readFile(join(site, 'throughcare.yaml'), 'utf8'));
  const replace = (pattern: RegExp, by: string): void => {
    const changed = text.replace(pattern, by);
    if (changed === text) throw new Error(`the example site has no ${pattern}`);
    text = changed;
  };
  for (const [name, written] of Object.entries(WRITTEN)) replace(new RegExp(`\\b${written}\\b`), String(ports[name as keyof CanaryPorts]));
  replace(/^data: .*$/m, `data: ${join(folder, 'data')}`);
  replace(/^queue:\n.*$/m, redis === undefined ? '' : `queue:\n  redis: ${redis}`);
  const directory = join(folder, 'directory.yaml');
  await mkdir(folder, { recursive: true });
  await writeFile(directory, directoryWithoutMesh(await readFile(join(site, 'directory.yaml'), 'utf8')));
  replace(/^directory: .*$/m, `directory: ${directory}`);
  replace(/^ {2}- \.\.\/\.\.\/mappings$/m, `  - ${join(site, '../../mappings')}`);
  replace(/^log:\n.*$/m, 'log:\n  level: debug');
  replace(/\S+\/in\/gp-records$/m, join(folder, 'in'));
  replace(/\S+\/out\/gp-quay$/m, join(folder, 'out'));
  text += 'advanced:\n  claimTtl: 3s\n  sendDeadline: 2s\n  reconcile: 500ms\n';
  text = text.replaceAll(
    /^ {4}kind: mllp\n( {4}host)/gm,
    '    kind: mllp\n    timeout: 1s\n    retry:\n      first: 50ms\n      most: 500ms\n$1',
  );
  const folders = { data: join(folder, 'data'), drop: join(folder, 'in'), quay: join(folder, 'out') };
  await Promise.all(Object.values(folders).map((path) => mkdir(path, { recursive: true })));
  const file = join(folder, 'canary.yaml');
  await writeFile(file, text);
  return { file, ...folders };
}
