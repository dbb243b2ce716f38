/** ADT messages of about 0.9 kB about 500 invented people, made without chance. */
export const PATIENTS = 500;

const two = (n: number): string => String(n).padStart(2, '0');

/** A valid number of the range that is never issued: 999 and six digits, then the modulus 11 digit; undefined where that would be 10. */
function nhsNumber(n: number): string | undefined {
  const nine = `999${String(n).padStart(6, '0')}`;
  const sum = [...nine].reduce((total, digit, at) => total + Number(digit) * (10 - at), 0);
  const check = (11 - (sum % 11)) % 11;
  return check === 10 ? undefined : `${nine}${check}`;
}

const nhsNumbers: readonly string[] = Array.from({ length: PATIENTS * 2 }, (_, n) => nhsNumber(n + 1_000))
  .filter((number) => number !== undefined)
  .slice(0, PATIENTS);
const families = ['ASHDOWN', 'BRIGHTWELL', 'CALDERWOOD', 'DUNSTAN', 'EASTLEIGH', 'FAIRBURN', 'GRANTHAM', 'HOLLOWAY'];
const given = ['ALEX', 'BILLIE', 'CHRIS', 'DARCY', 'ELLIS', 'FRANKIE', 'GERRY'];
const prisonNumber = (n: number): string => `A${1_000 + n}BC`;

/** Later steps happen later: one second each, from the start of 2026. */
const moment = (step: number): string => new Date(Date.UTC(2026, 0, 1) + step * 1_000).toISOString().replaceAll(/\D/g, '').slice(0, 14);

/** Where the message changes from one sending to the next. */
export interface Sending {
  readonly event: 'A01' | 'A08';
  readonly patient: number;
  readonly controlId: string;
  /** Rises with every message about this patient; comes back at the receiver, which thus sees the order. */
  readonly step: number;
}

/** HL7 v2.4, UTF-8, segments ended by CR. */
export function message({ event, patient, controlId, step }: Sending): string {
  const family = families[patient % families.length] ?? '';
  const name = given[patient % given.length] ?? '';
  const born = `19${60 + (patient % 40)}${two(1 + (patient % 12))}${two(1 + (patient % 28))}`;
  const at = moment(step);
  const booking = `B${100_000 + patient}`;
  return [
    `MSH|^~\\&|NOMIS|LEI|THROUGHCARE|HEALTH|${at}||ADT^${event}^ADT_A01|${controlId}|T|2.4|||AL|NE|GBR|UNICODE UTF-8|EN`,
    `EVN|${event}|${at}|||OFFICER01^BRADSHAW^MORGAN^^^MX|${at}`,
    `PID|1||${prisonNumber(patient)}^^^NOMIS^PI~${nhsNumbers[patient] ?? ''}^^^NHS^NH||${family}^${name}^SAM^^MX^^L~${family}^${name.charAt(0)}^^^^^A||${born}|M|||12 EXAMPLE TERRACE^^LEEDS^WEST YORKSHIRE^LS12 2TJ^GBR^H||01632960001^PRN^PH|01632960002^WPN^PH|EN^ENGLISH|S^SINGLE|NONE|||||A^WHITE BRITISH^NHSD|LEEDS||||GBR^BRITISH|||||01`,
    'PD1|||HILL LANE SURGERY^^Y99001|G9999981^EXAMPLE^ROBIN^^^DR^^^GMC',
    'ROL|1|AD|PP^PRIMARY CARE PROVIDER|G9999981^EXAMPLE^ROBIN^^^DR^^^GMC',
    `NK1|1|${family}^JORDAN^^^MX|SIB^SIBLING|12 EXAMPLE TERRACE^^LEEDS^^LS12 2TJ^GBR^H|01632960003^PRN^PH||NOK^NEXT OF KIN`,
    `PV1|1|I|A-WING^${two(1 + (patient % 30))}^${step}^LEI||||||||||||||||${booking}^^^NOMIS|||||||||||||||||||||||||20260101081500`,
    'PV2|||REMAND^REMANDED BY COURT|||||20260901||||||||||||N',
    `ZCU|1|LEI|RX^REMAND|${booking}|N|STANDARD^STANDARD REGIME`,
    '',
  ].join('\r');
}
