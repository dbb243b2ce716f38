import { isAbsolute, resolve } from 'node:path';
import type { TextNode } from '../language/yaml.ts';
import { type Reading, WRONG, type Wrong } from './setting.ts';

const reference = /\$\$\{|\$\{([^}]*)\}?/g;
const envName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Fills in `${env:NAME}`, `${env:NAME:-default}` and, for secrets, `${file:path}` (its content without the last line end).
 * `$${` stands for `${`. What was filled in is never repeated in a finding.
 */
export const fillIn = (node: TextNode, secret: boolean, reading: Reading): string | Wrong => {
  if (!node.text.includes('${')) return node.text;
  let wrong = false;
  const report = (offset: number, code: string, message: string, hint?: string): string => {
    wrong = true;
    reading.report(code, 'error', node.at(offset), message, hint);
    return '';
  };
  const filled = node.text.replace(reference, (found: string, inner: string | undefined, offset: number) => {
    if (inner === undefined) return '${';
    if (!found.endsWith('}'))
      return report(offset, 'bad-reference', 'this ${ is not closed by }', 'write $${ for the two characters themselves');
    const colon = inner.indexOf(':');
    const from = inner.slice(0, colon === -1 ? inner.length : colon);
    const rest = colon === -1 ? '' : inner.slice(colon + 1);
    if (from === 'env') {
      const [name = '', ...more] = rest.split(':-');
      if (!envName.test(name))
        return report(offset, 'bad-reference', '${env:…} names no environment variable', 'write ${env:NAME} or ${env:NAME:-default}');
      const value = reading.environment[name];
      if (value !== undefined && value !== '') return value;
      if (more.length > 0) return more.join(':-');
      return report(
        offset,
        'not-in-environment',
        `the environment variable ${name} is not set`,
        `set it, or write \${env:${name}:-default}`,
      );
    }
    if (from === 'file') {
      if (!secret)
        return report(
          offset,
          'file-reference',
          '${file:…} is for secrets; this setting is shown to people',
          'write the value itself, or ${env:…}',
        );
      const path = isAbsolute(rest) ? rest : resolve(reading.folder, rest);
      try {
        return reading.readFile(path).replace(/\r?\n$/, '');
      } catch {
        return report(
          offset,
          'file-unreadable',
          `the file ${rest === '' ? '(none named)' : rest} cannot be read`,
          'check that it exists and who may read it',
        );
      }
    }
    return report(offset, 'bad-reference', `\${${from}:…} is not known`, 'write ${env:NAME} or ${file:path}');
  });
  return wrong ? WRONG : filled;
};
