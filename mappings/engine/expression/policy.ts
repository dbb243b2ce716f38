import { didYouMean } from '../../../language/did-you-mean.ts';
import type { Json } from '../../../records/mapped.ts';
import type { Call } from './line.ts';
import { type LineSite, reportAt } from './scope.ts';

/** The words that end a line: what happens to values that are missing, refused or too many. */
export interface Policy {
  readonly required: boolean;
  /** Number of functions that stand before `only`; undefined without it. */
  readonly onlyAfter: number | undefined;
  readonly fallback: Json | undefined;
  readonly invalid: 'omit' | 'keep' | 'fail';
}

export const POLICY_WORDS = ['only', 'required', 'default', 'invalid'] as const;
export const isPolicy = (name: string): boolean => POLICY_WORDS.some((word) => word === name);
const HANDLINGS = ['omit', 'keep', 'fail'] as const;

/** Takes the policies off the end of the pipes. `only` may be followed by functions (it chooses, they go on); the others may not. */
export const splitPolicies = (calls: readonly Call[], site: LineSite): { readonly functions: readonly Call[]; readonly policy: Policy } => {
  const functions: Call[] = [];
  let required = false;
  let onlyAfter: number | undefined;
  let fallback: Json | undefined;
  let invalid: Policy['invalid'] = 'omit';
  let lastWord: string | undefined;
  const seen = new Set<string>();
  for (const call of calls) {
    if (!isPolicy(call.name)) {
      if (lastWord !== undefined)
        reportAt(
          site,
          call.offset,
          'policy-order',
          `"${lastWord}" goes behind every function`,
          `write | ${call.name} before | ${lastWord}`,
        );
      functions.push(call);
      continue;
    }
    if (seen.has(call.name)) reportAt(site, call.offset, 'policy', `"${call.name}" stands twice`);
    seen.add(call.name);
    const [arg, more] = call.args;
    const takesOne = call.name === 'default' || call.name === 'invalid';
    if (takesOne !== (arg !== undefined) || more !== undefined || arg?.key !== undefined) {
      reportAt(site, call.offset, 'arguments', takesOne ? `${call.name} takes one word in brackets` : `${call.name} takes no brackets`);
      continue;
    }
    if (call.name === 'only') onlyAfter = functions.length;
    else {
      lastWord = call.name;
      if (call.name === 'required') required = true;
      else if (call.name === 'default') fallback = arg?.value.text;
      else {
        const handling = HANDLINGS.find((word) => word === arg?.value.text);
        if (handling === undefined)
          reportAt(
            site,
            arg?.value.offset ?? call.offset,
            'arguments',
            'invalid takes omit, keep or fail',
            didYouMean(arg?.value.text ?? '', HANDLINGS),
          );
        else invalid = handling;
      }
    }
  }
  return { functions, policy: { required, onlyAfter, fallback, invalid } };
};
