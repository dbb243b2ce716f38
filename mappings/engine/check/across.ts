import type { Finding } from '../../../records/issue.ts';
import type { InboundMapping } from '../inbound/inbound-mapping.ts';
import type { RecordPlan } from '../inbound/record-plan.ts';

interface Keyed {
  readonly mapping: InboundMapping;
  readonly rule: RecordPlan;
}

/** A rule with the kind it is a child of: a child's keys count within its parent, so they are another matter. */
interface Placed {
  readonly rule: RecordPlan;
  readonly parent: string;
}
const rulesOf = (rules: readonly RecordPlan[], parent = ''): Placed[] =>
  rules.flatMap((rule) => [{ rule, parent }, ...rulesOf(rule.children, `${rule.kind} `)]);
const namesOf = (rule: RecordPlan): string[] => rule.keys.map((key) => key.name);

/**
 * Key names must agree across all mappings of one system and kind: two mappings that name no key in common could never find each
 * other's records, and a letter would be filed twice.
 */
const keyNames = (mappings: readonly InboundMapping[]): Finding[] => {
  const known = new Map<string, Keyed>();
  const findings: Finding[] = [];
  for (const mapping of mappings) {
    // Without `system:` the keys belong to the source's system: mappings of one source share it.
    const systems =
      mapping.system === undefined
        ? mapping.sources.length === 0
          ? ['source *']
          : mapping.sources.map((source) => `source ${source}`)
        : [`system ${mapping.system}`];
    for (const { rule, parent } of rulesOf(mapping.rules))
      for (const system of systems) {
        const id = `${system} ${parent}${rule.kind}`;
        const first = known.get(id);
        if (first === undefined) known.set(id, { mapping, rule });
        else if (first.mapping !== mapping && !namesOf(first.rule).some((name) => namesOf(rule).includes(name)))
          findings.push({
            code: 'key-names-differ',
            severity: 'error',
            place: rule.place,
            message: `keys of ${rule.kind} are named ${namesOf(rule).join(', ')} here and ${namesOf(first.rule).join(', ')} in ${first.mapping.name}`,
            hint: 'one name for one thing in all mappings of a system',
          });
      }
  }
  return findings;
};

const share = (a: InboundMapping, b: InboundMapping): boolean =>
  (a.sources.length === 0 && b.sources.length === 0) || a.sources.some((source) => b.sources.includes(source));

/** Exactly one mapping for a source and message type. One written for a source by name goes before one for any source. */
const overlaps = (mappings: readonly InboundMapping[]): Finding[] =>
  mappings.flatMap((mapping, index) =>
    mappings.slice(0, index).flatMap((earlier) => {
      const both = mapping.messages.filter((message) => earlier.messages.includes(message));
      if (both.length === 0 || !share(mapping, earlier)) return [];
      const who =
        mapping.sources.length === 0 ? 'any source' : mapping.sources.filter((source) => earlier.sources.includes(source)).join(', ');
      return [
        {
          code: 'two-mappings',
          severity: 'error',
          place: { file: mapping.file, line: 1, column: 1 },
          message: `${both.join(', ')} from ${who} is mapped by ${earlier.name} (${earlier.file}) too`,
          hint: 'exactly one mapping may take a message',
        } as const,
      ];
    }),
  );

const sameNames = (mappings: readonly { readonly name: string; readonly file: string }[]): Finding[] =>
  mappings.flatMap((mapping, index) => {
    const earlier = mappings.slice(0, index).find((one) => one.name === mapping.name);
    if (earlier === undefined) return [];
    return [
      {
        code: 'name-twice',
        severity: 'error',
        place: { file: mapping.file, line: 1, column: 1 },
        message: `the name ${mapping.name} is taken by ${earlier.file}`,
      } as const,
    ];
  });

/** What can only be seen with all mappings side by side. */
export const checkAcross = (
  inbound: readonly InboundMapping[],
  all: readonly { readonly name: string; readonly file: string }[],
): Finding[] => [...overlaps(inbound), ...keyNames(inbound), ...sameNames(all)];
