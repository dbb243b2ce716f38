import type { IdentityEvidence } from '../records/mapped.ts';

/** What the index knows of a person beside identifiers; from the patient record. */
export interface KnownDetails {
  readonly birthDate?: string;
  readonly gender?: string;
  /** The name and all aliases. */
  readonly names?: readonly { readonly family?: string; readonly given?: readonly string[] }[];
}

export type Detail = 'birthDate' | 'familyName' | 'givenName' | 'gender';
/** `unstated`: at least one side says nothing. */
export type Agreement = 'agrees' | 'differs' | 'unstated';

/** Dates agree when they are equal as far as both are precise: 1984 agrees with 1984-03-07. */
export const datesAgree = (left: string, right: string): boolean => {
  const shared = Math.min(left.length, right.length, 10);
  return shared >= 4 && left.slice(0, shared) === right.slice(0, shared);
};

/** Names are compared without case, diacritics, blanks, hyphens and apostrophes: O'Neill, O’NEILL and ONeill are one. */
const plainName = (name: string): string =>
  LETTERS.test(name)
    ? name.toLowerCase()
    : name
        .normalize('NFD')
        .replace(/[^\p{L}]/gu, '')
        .toLowerCase();
/** Most names: nothing in them is left out. */
const LETTERS = /^[A-Za-z]+$/;

const compareWords = (stated: string | undefined, known: readonly (string | undefined)[]): Agreement => {
  const own = stated === undefined ? '' : plainName(stated);
  if (own === '') return 'unstated';
  let any = false;
  for (const name of known) {
    const other = name === undefined ? '' : name === stated ? own : plainName(name);
    if (other === own) return 'agrees';
    any ||= other !== '';
  }
  return any ? 'differs' : 'unstated';
};

/** Compares one detail of a message with what is known. An alias is as good as the name. */
export const compareDetail = (detail: Detail, evidence: IdentityEvidence, known: KnownDetails): Agreement => {
  const names = known.names ?? [];
  switch (detail) {
    case 'birthDate':
      if (evidence.birthDate === undefined || known.birthDate === undefined) return 'unstated';
      return datesAgree(evidence.birthDate, known.birthDate) ? 'agrees' : 'differs';
    case 'gender': {
      // `unknown` and `other` say nothing that could contradict.
      const sexes = ['male', 'female'];
      const stated = evidence.gender ?? '';
      const there = known.gender ?? '';
      if (!sexes.includes(stated) || !sexes.includes(there)) return 'unstated';
      return stated === there ? 'agrees' : 'differs';
    }
    case 'familyName':
      return compareWords(
        evidence.familyName,
        names.map((name) => name.family),
      );
    case 'givenName':
      // The first given name alone: feeds differ in what they carry of the others.
      return compareWords(
        evidence.givenName?.trim().split(/\s+/)[0],
        names.map((name) => name.given?.[0]?.trim().split(/\s+/)[0]),
      );
  }
};
