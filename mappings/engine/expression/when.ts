import { parseCondition } from '../../../language/condition.ts';
import { compileCondition, type Predicate } from '../../../language/condition-compile.ts';
import type { YamlNode } from '../../../language/yaml.ts';
import type { Compilation } from '../compilation.ts';
import type { Run } from '../run.ts';
import { reportAt, type Scope } from './scope.ts';

/** A condition as a file has it, compiled for a place. */
export const compileWhen = <R extends Run>(node: YamlNode, scope: Scope<R>, file: Compilation, name: string): Predicate<R> | undefined => {
  const site = file.site(node, name);
  if (node.kind !== 'text') return reportAt(site, 0, 'form', 'a condition is one line');
  const parsed = parseCondition(node.text, node.at);
  for (const finding of parsed.findings) file.report(finding);
  return (
    parsed.condition &&
    compileCondition<R>(parsed.condition, {
      place: node.at,
      report: (finding) => file.report(finding),
      path: (spot) => scope.condition(spot, site),
    })
  );
};
