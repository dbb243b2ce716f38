import { RE2JS } from 're2js';

/** A pattern from a mapping, route or configuration file: RE2 syntax, linear time whatever the text. */
export interface Pattern {
  /** The whole value fits. */
  fits(value: string): boolean;
  /** Text of the first bracket of the first place that fits; the whole fit where the pattern has no bracket. */
  capture(value: string): string | undefined;
  /** Every place that fits, replaced; `$1` in the replacement is the first bracket. */
  replaceAll(value: string, replacement: string): string;
}

const compiled = new Map<string, Pattern>();

/** Compiles a pattern once. Returns the reason as text where it is not RE2 syntax (look-behind, back-references …). */
export const compilePattern = (source: string): Pattern | { readonly error: string } => {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  try {
    const re = RE2JS.compile(source);
    const brackets = re.groupCount();
    const pattern: Pattern = {
      fits: (value) => re.testExact(value),
      capture: (value) => {
        const matcher = re.matcher(value);
        return matcher.find() ? (matcher.group(brackets > 0 ? 1 : 0) ?? undefined) : undefined;
      },
      replaceAll: (value, replacement) => re.matcher(value).replaceAll(replacement),
    };
    compiled.set(source, pattern);
    return pattern;
  } catch (error) {
    return { error: error instanceof Error ? error.message : 'not a pattern' };
  }
};
