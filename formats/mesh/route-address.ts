/**
 * Routing by patient: instead of a mailbox, `mex-to` names the patient and the service finds the registered practice:
 * `GPPROVIDER_<NHS number>_<date of birth>_<surname>`, the prefix in capitals. The address is patient data: it is never logged.
 */
const PREFIX = 'GPPROVIDER_';

/** The endpoint lookup guide and Send Document 2 say YYYYMMDD; some older pages show DDMMYYYY. */
export const BIRTH_DATE_FORMATS = ['YYYYMMDD', 'DDMMYYYY'] as const;
export type BirthDateFormat = (typeof BIRTH_DATE_FORMATS)[number];

/**
 * No rule is published for blanks, hyphens, apostrophes and accents in a surname. `letters`: accents are dropped, then all but A–Z, in
 * capitals (what public code does). `as-written`: nothing is changed.
 */
export const SURNAME_RULES = ['letters', 'as-written'] as const;
export type SurnameRule = (typeof SURNAME_RULES)[number];

export interface RoutedPatient {
  /** Ten digits. */
  readonly nhsNumber: string;
  /** `YYYY-MM-DD`. */
  readonly birthDate: string;
  readonly surname: string;
}
export interface RouteAddressProfile {
  readonly birthDate: BirthDateFormat;
  readonly surname: SurnameRule;
}

export const surnameInAddress = (surname: string, rule: SurnameRule): string =>
  rule === 'as-written'
    ? surname
    : surname
        .normalize('NFD')
        .replace(/[^A-Za-z]/g, '')
        .toUpperCase();

/** The address; undefined where a part is missing or not of its form: an address with a hole in it would reach nobody. */
export const writeRouteAddress = (patient: RoutedPatient, profile: RouteAddressProfile): string | undefined => {
  const day = /^(\d{4})-(\d\d)-(\d\d)$/.exec(patient.birthDate);
  const surname = surnameInAddress(patient.surname, profile.surname);
  if (!/^\d{10}$/.test(patient.nhsNumber) || day === null || surname === '') return undefined;
  const [, year = '', month = '', date = ''] = day;
  return `${PREFIX}${patient.nhsNumber}_${profile.birthDate === 'YYYYMMDD' ? year + month + date : date + month + year}_${surname}`;
};

export interface RouteAddressParts {
  readonly nhsNumber: string;
  readonly birthDate: string;
  readonly surname: string;
}

export const isRouteAddress = (to: string): boolean => to.startsWith(PREFIX);

/** The parts as they stand, unchecked; a surname may itself hold underscores. Undefined where it is no such address. */
export const readRouteAddress = (to: string): RouteAddressParts | undefined => {
  if (!isRouteAddress(to)) return undefined;
  const [nhsNumber = '', birthDate = '', ...surname] = to.slice(PREFIX.length).split('_');
  return { nhsNumber, birthDate, surname: surname.join('_') };
};

/** `YYYY-MM-DD` of a date in an address; undefined where it is not of that format or no day of the calendar. */
export const readAddressDate = (text: string, format: BirthDateFormat): string | undefined => {
  const parts = format === 'YYYYMMDD' ? /^(\d{4})(\d\d)(\d\d)$/.exec(text) : /^(\d\d)(\d\d)(\d{4})$/.exec(text);
  if (parts === null) return undefined;
  const [, first = '', month = '', last = ''] = parts;
  const day = format === 'YYYYMMDD' ? `${first}-${month}-${last}` : `${last}-${month}-${first}`;
  const at = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(at) || !new Date(at).toISOString().startsWith(day) ? undefined : day;
};
