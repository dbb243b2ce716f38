/** Messages for the example site, about people made up by number: every test has its own, and none has another's control ids. */

export interface Somebody {
  readonly nhs: string;
  readonly prison: string;
  readonly family: string;
  readonly birth: string;
  readonly booking: string;
  /** PD1-3: name and code of the practice. */
  readonly practice: string;
}

/** A valid number of the test range 999: the check digit is that of modulus 11 (NHS Data Dictionary, NHS NUMBER). */
const nhsNumber = (n: number): string => {
  const nine = `999${String(n).padStart(6, '0')}`;
  const sum = [...nine].reduce((total, digit, index) => total + Number(digit) * (10 - index), 0);
  const check = (11 - (sum % 11)) % 11;
  return check === 10 ? nhsNumber(n + 500_000) : `${nine}${check}`;
};

/** Person `n` (1 to 999). */
export const somebody = (n: number, practice = 'HILL LANE SURGERY^^Y99001'): Somebody => ({
  nhs: nhsNumber(n * 7),
  prison: `A8${String(n).padStart(3, '0')}ZT`,
  family: `TESTER-${String.fromCharCode(65 + (n % 26))}${n}`,
  birth: `198${n % 10}0412`,
  booking: String(50_000_000 + n),
  practice,
});

let last = 0;
/** A control id nobody has used in this run. */
export const freshId = (): string => `T${String(++last).padStart(6, '0')}`;

const joined = (...segments: readonly string[]): string => `${segments.filter((segment) => segment !== '').join('\r')}\r`;

interface Header {
  readonly id?: string;
  /** MSH-12. */
  readonly version?: string;
  /** MSH-11. */
  readonly processing?: string;
  /** MSH-15 and MSH-16. */
  readonly accept?: string;
  readonly application?: string;
  /** MSH-18. */
  readonly charset?: string;
  /** MSH-7 and the time of the event. */
  readonly at?: string;
}

const msh = (from: string, type: string, header: Header, version: string): string =>
  `MSH|^~\\&|${from}|THROUGHCARE|TC|${header.at ?? '20260302101500'}||${type}|${header.id ?? freshId()}|${header.processing ?? 'T'}|${header.version ?? version}|||${header.accept ?? ''}|${header.application ?? ''}|GBR|${header.charset ?? 'UNICODE UTF-8'}`;

export const pid = (who: Somebody): string =>
  `PID|1||${who.nhs}^^^NHS^NH~${who.prison}^^^NOMIS^PI||${who.family}^Alex^^^Mr^^L||${who.birth}|M|||1 Test Row^^Leeds^^LS9 0XX^^H${'|'.repeat(21)}01`;

export interface Movement extends Header {
  /** PV1-3.4 and, for a transfer, PV1-6.4. */
  readonly place?: string;
  readonly from?: string;
}

/** ADT^A01 (reception), A02 (transfer), A03 (release), A13 (release taken back), … from the custody system. */
export const movement = (trigger: string, who: Somebody, header: Movement = {}): string => {
  const { at = '20260302101500', place = 'LEI', from } = header;
  const times = trigger === 'A01' ? { 44: at } : trigger === 'A03' ? { 37: '19', 45: at } : {};
  const pv1 = Array.from({ length: 46 }, () => '');
  for (const [field, value] of Object.entries({
    1: '1',
    2: 'I',
    3: `B^2^14^${place}`,
    6: from === undefined ? '' : `C^1^01^${from}`,
    19: who.booking,
    ...times,
  }))
    pv1[Number(field)] = value;
  return joined(
    msh('NOMIS|LEI', `ADT^${trigger}^ADT_A01`, header, '2.4'),
    `EVN|${trigger}|${at}||||${at}`,
    pid(who),
    trigger === 'A01' || trigger === 'A03' ? `PD1|||${who.practice}` : '',
    `PV1|${pv1.slice(1).join('|')}`.replace(/\|+$/, ''),
  );
};

/** ADT^A40: the record of `gone` becomes part of `kept`'s; with trigger A45: a stay of theirs. */
export const merge = (kept: Somebody, gone: Somebody, header: Header = {}, trigger = 'A40'): string => {
  const { at = '20260311150000' } = header;
  return joined(
    msh('NOMIS|LEI', `ADT^${trigger}^ADT_A39`, { at, ...header }, '2.4'),
    `EVN|${trigger}|${at}||||${at}`,
    pid(kept),
    `MRG|${gone.prison}^^^NOMIS^PI`,
  );
};

/** ADT^A37: the two are not one. */
export const unmerge = (one: Somebody, other: Somebody, header: Header = {}): string => {
  const { at = '20260312150000' } = header;
  return joined(msh('NOMIS|LEI', 'ADT^A37^ADT_A37', { at, ...header }, '2.4'), `EVN|A37|${at}||||${at}`, pid(one), pid(other));
};

export interface ReportLines extends Header {
  readonly order?: string;
  readonly value?: string;
  /** OBR-4; empty fails the mapping. */
  readonly code?: string;
  /** OBR-25 and OBX-11. */
  readonly status?: string;
}

const SODIUM = '1022491000000106^Serum sodium level^SCT';

/** PID to OBX of one report: a message may hold several. */
export const reportLines = (who: Somebody, lines: ReportLines = {}): string => {
  const { order = freshId(), value = '138', code = SODIUM, status = 'F', at = '20260303161000' } = lines;
  return joined(
    pid(who),
    `ORC|RE|P${order}^TC|L${order}^LIMS`,
    `OBR|1|P${order}^TC|L${order}^LIMS|${code}|||20260303091500|||||||||||||||${at}||CHEM|${status}`,
    `OBX|1|NM|${SODIUM}||${value}|mmol/L|133 - 146|N|||${status}|||20260303091500`,
  );
};

/** ORU^R01 from the laboratory. */
export const report = (who: Somebody, lines: ReportLines = {}): string =>
  `${msh('LIMS|RR8', 'ORU^R01^ORU_R01', { at: '20260303161000', ...lines }, '2.5.1')}\r${reportLines(who, lines)}`;

/** One ORU^R01 about several patients. */
export const reportOf = (header: Header, ...groups: readonly string[]): string =>
  `${msh('LIMS|RR8', 'ORU^R01^ORU_R01', { at: '20260303161000', ...header }, '2.5.1')}\r${groups.join('')}`;

/** MDM from a GP system: `T02` a new document, `T10` one in place of another, `T06` an addition, `T11` a withdrawal. */
export const letter = (
  who: Somebody,
  trigger: string,
  number: string,
  text: string,
  more: { readonly replaces?: string; readonly at?: string } = {},
): string => {
  const { replaces = '', at = '20260305120100' } = more;
  return joined(
    `MSH|^~\\&|EMIS|Y99001|THROUGHCARE|TC|${at}||MDM^${trigger}^MDM_T02|${freshId()}|T|2.4|||||GBR|UNICODE UTF-8`,
    `EVN|${trigger}|${at}`,
    pid(who),
    'PV1|1|N',
    `TXA|1|CL^Clinic letter|AP|20260120140000||20260120140000||||||${number}|${replaces}||||AU`,
    trigger === 'T11' ? '' : `OBX|1|TX|CL^Letter||${text}||||||F`,
  );
};
