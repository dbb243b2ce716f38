import type { ContactPoint } from '../../../records/kinds/types.ts';
import type { Json } from '../../../records/mapped.ts';
import { readNhsNumber } from '../../../records/nhs-number.ts';
import { isHl7, isPlain } from '../types.ts';
import { Cell, Invalid, plainText } from '../value.ts';
import type { FunctionSpec } from './function.ts';

/** Ten digits of an NHS number; undefined where it is none. */
export const nhsNumberOf = (text: string): string | undefined => {
  const reading = readNhsNumber(text);
  return reading.ok ? reading.value : undefined;
};

/** Outward and inward code; the shapes of BS 7666 and GIR 0AA, and the ZZ99 codes of the NHS Postcode Directory for no fixed abode and abroad. */
const POSTCODE = /^([A-Z]{1,2}\d[A-Z\d]?|GIR|ZZ99)(\d[A-Z]{2})$/;
export const postcodeOf = (text: string): string | undefined => {
  const found = POSTCODE.exec(text.toUpperCase().replace(/\s/g, ''));
  return found === null ? undefined : `${found[1]} ${found[2]}`;
};

/** HL7 table 0201 and 0202. */
const USES: Readonly<Record<string, string>> = {
  PRN: 'home',
  ORN: 'home',
  VHN: 'home',
  WPN: 'work',
  PRS: 'mobile',
  NET: 'home',
  EMR: 'home',
};
const SYSTEMS: Readonly<Record<string, string>> = {
  PH: 'phone',
  FX: 'fax',
  CP: 'phone',
  SAT: 'phone',
  BP: 'pager',
  Internet: 'email',
  'X.400': 'email',
};

const contactOf = ({ repetition }: Cell): ContactPoint | undefined => {
  const system = SYSTEMS[repetition.component(3) ?? ''];
  const email = repetition.component(4);
  const dialled = [repetition.component(5), repetition.component(6), repetition.component(7)]
    .filter((part) => part !== undefined)
    .join(' ');
  const value = repetition.component(1) ?? repetition.component(12) ?? email ?? (dialled === '' ? undefined : dialled);
  if (value === undefined) return undefined;
  const isEmail = system === 'email' || (value === email && email !== undefined) || value.includes('@');
  const use = repetition.component(3) === 'CP' ? 'mobile' : USES[repetition.component(2) ?? ''];
  return { system: isEmail ? 'email' : (system ?? 'phone'), value, ...(use === undefined ? {} : { use }) };
};

export const IDENTITY_FUNCTIONS: readonly FunctionSpec[] = [
  {
    name: 'nhsNumber',
    args: [],
    wants: 'text',
    build: (call) => {
      if (!isPlain(call.from) && !isHl7(call.from)) return call.fault('type-break', 'nhsNumber works on text');
      return {
        gives: 'text',
        apply: (item) => {
          const text = plainText(item);
          return text === undefined ? undefined : (nhsNumberOf(text) ?? new Invalid('nhs-number', text));
        },
      };
    },
  },
  {
    name: 'postcode',
    args: [],
    wants: 'text',
    build: (call) => {
      if (!isPlain(call.from) && !isHl7(call.from)) return call.fault('type-break', 'postcode works on text');
      return {
        gives: 'text',
        apply: (item) => {
          const text = plainText(item);
          return text === undefined ? undefined : (postcodeOf(text) ?? new Invalid('postcode', text));
        },
      };
    },
  },
  {
    name: 'phone',
    args: [],
    wants: 'whole',
    build: (call) => {
      if (!isPlain(call.from) && call.from !== 'hl7:XTN' && call.from !== 'hl7:varies')
        return call.fault('type-break', 'phone works on an XTN or on text');
      return {
        gives: 'ContactPoint',
        apply: (item) => {
          if (item instanceof Cell) return contactOf(item) as { [key: string]: Json } | undefined; // a ContactPoint is plain data
          const text = plainText(item)?.trim();
          return text === undefined || text === '' ? undefined : { system: text.includes('@') ? 'email' : 'phone', value: text };
        },
      };
    },
  },
];
