import type { YamlNode } from '../../../language/yaml.ts';
import type { Compilation } from '../compilation.ts';
import { parseLine } from '../expression/line.ts';

/** Codes of the HL7 tables behind the fields that say what became of a record (v2.5.1 tables 0085, 0123, 0119). */
const CODES: Readonly<Record<string, string>> = {
  'OBX-11': 'C D F I N O P R S U W X',
  'OBR-25': 'A C F I O P R S X Y Z',
  'ORC-1': 'NW OK UA CA OC CR DC OD DR XO RP RE SC',
};

/** Warns where a `map` for `action` leaves out codes a sender may use: such a record would fail. */
export const checkActionCodes = (node: YamlNode, file: Compilation, triggers: readonly string[]): void => {
  if (node.kind !== 'text') return;
  const { line } = parseLine(node.text, node.at);
  if (line?.kind !== 'expression') return;
  const [path] = line.terms;
  const map = line.calls.find((call) => call.name === 'map');
  if (path === undefined || map === undefined || map.args.some((arg) => arg.key?.text === '*')) return;
  const name = path.text.replace(/\.1$/, '');
  const codes = name === 'MSH-9.2' || name === 'EVN-1' ? triggers : CODES[name]?.split(' ');
  const listed = new Set(map.args.map((arg) => arg.key?.text));
  const missing = codes?.filter((code) => !listed.has(code)) ?? [];
  if (missing.length === 0) return;
  file.report({
    code: 'action-codes',
    severity: 'warning',
    place: node.at(map.offset),
    message: `map leaves out ${missing.join(', ')} of ${name}: such a record fails`,
    hint: 'list them, or add * = put',
  });
};
