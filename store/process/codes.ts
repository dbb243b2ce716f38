import { IDENTIFIER_TYPES, type IdentifierType } from '../../records/process.ts';
import { RECORD_STATES, type RecordState } from '../../records/record.ts';

/** Small numbers that rows carry for words. A number once given is never given again; new words are added at the end. */
const KINDS = [
  'patient',
  'custody',
  'gpRegistration',
  'report',
  'result',
  'document',
  'allergy',
  'medication',
  'problem',
  'immunisation',
  'alert',
  'encounter',
  'appointment',
  'referral',
  'contact',
  'screening',
  'need',
  'consent',
  'plan',
] as const;

const codeOf = (words: readonly string[], what: string) => {
  const codes = new Map(words.map((word, index) => [word, index]));
  return (word: string): number => {
    const code = codes.get(word);
    if (code === undefined) throw new RangeError(`unknown ${what} ${word}`);
    return code;
  };
};
const wordOf =
  <W extends string>(words: readonly W[], what: string) =>
  (code: number): W => {
    const word = words[code];
    if (word === undefined) throw new RangeError(`unknown ${what} code ${code}`);
    return word;
  };

export const kindCode = codeOf(KINDS, 'kind');
export const kindWord: (code: number) => string = wordOf(KINDS, 'kind');
export const recordStateCode = codeOf(RECORD_STATES, 'record state');
export const recordStateWord: (code: number) => RecordState = wordOf(RECORD_STATES, 'record state');
export const identifierTypeCode = codeOf(IDENTIFIER_TYPES, 'identifier type');
export const identifierTypeWord: (code: number) => IdentifierType = wordOf(IDENTIFIER_TYPES, 'identifier type');
