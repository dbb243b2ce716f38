import { didYouMean } from '../../../language/did-you-mean.ts';
import type { MapEntry, MapNode } from '../../../language/yaml.ts';
import { isEmptyText } from '../../../language/yaml.ts';
import type { Compilation } from '../compilation.ts';

/** Lines of `set:` with those of `use:` under them: a line of the place itself replaces the block's line of the same target. */
export const setLines = (node: MapNode, file: Compilation): readonly MapEntry[] | undefined => {
  const lines = new Map<string, MapEntry>();
  let broken = false;
  const use = node.entry('use');
  if (use !== undefined) {
    const block = use.value.kind === 'text' ? file.block(use.value.text) : undefined;
    if (block === undefined) {
      const name = use.value.kind === 'text' ? use.value.text : '';
      file.reportAt(use.value.place, 'unknown-block', `unknown block "${name}"`, didYouMean(name, file.blockNames));
      broken = true;
    }
    for (const entry of block?.entries ?? []) lines.set(entry.key, entry);
  }
  const set = node.entry('set');
  if (set !== undefined && set.value.kind !== 'map') {
    if (!isEmptyText(set.value)) file.reportAt(set.value.place, 'form', 'set: holds targets with their lines');
    else file.reportAt(set.keyPlace, 'form', 'set: is empty', 'leave it out');
    broken = true;
  }
  for (const entry of set?.value.kind === 'map' ? set.value.entries : []) {
    const replaced = lines.get(entry.key);
    if (replaced !== undefined)
      file.reportAt(
        entry.keyPlace,
        'block-line-replaced',
        `this line replaces that of the block at ${replaced.keyPlace.file}:${replaced.keyPlace.line}`,
        {},
        'info',
      );
    lines.set(entry.key, entry);
  }
  return broken ? undefined : [...lines.values()];
};
