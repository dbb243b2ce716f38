/**
 * The import ladder as a gate: `node test/gates/imports.mjs [root]`.
 * Fails on a forbidden import, and when a source file was not looked at: without a parser for TypeScript
 * dependency-cruiser sees nothing and passes.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from '@swc/core';

const root = resolve(process.argv[2] ?? '.');
const unread = new Set(['node_modules', 'dist', 'data', 'coverage', '.git']);

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!unread.has(entry.name)) yield* sources(path);
    } else if (/\.(ts|mjs|cjs)$/.test(entry.name) && !entry.name.startsWith('.')) yield relative(root, path).replaceAll('\\', '/');
  }
}

const program = fileURLToPath(new URL('../../node_modules/dependency-cruiser/bin/dependency-cruise.mjs', import.meta.url));
const run = spawnSync(process.execPath, [program, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', '.'], {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 256 * 1024 * 1024,
});
let result;
try {
  result = JSON.parse(run.stdout);
} catch {
  console.error(`dependency-cruiser gave no result:\n${run.stderr}${run.stdout.slice(0, 2_000)}`);
  process.exit(1);
}

const cruised = new Set(result.modules.filter((module) => existsSync(join(root, module.source))).map((module) => module.source));
const present = [...sources(root)];
const unseen = present.filter((path) => !cruised.has(path));

/** Does `from` take types alone of `to`? */
function takesTypesAlone(from, to) {
  const { body } = parseSync(readFileSync(join(root, from), 'utf8'), { syntax: 'typescript', target: 'es2022' });
  const statements = body.filter((item) => item.source && join(dirname(from), item.source.value).replaceAll('\\', '/') === to);
  const typed = (item) => item.typeOnly || (item.specifiers?.length > 0 && item.specifiers.every((specifier) => specifier.isTypeOnly));
  return statements.length > 0 && statements.every(typed);
}
const violations = result.summary.violations.filter(
  ({ rule, from, to }) => rule.severity === 'error' && !(rule.name.endsWith('-types-only') && takesTypesAlone(from, to)),
);

for (const { rule, from, to, cycle } of violations) {
  const why = result.summary.ruleSetUsed.forbidden.find((candidate) => candidate.name === rule.name)?.comment;
  const path = cycle ? ` → ${cycle.map((step) => step.name).join(' → ')}` : to === from ? '' : ` → ${to}`;
  console.error(`${rule.name}: ${from}${path}${why ? `\n    ${why}` : ''}`);
}
if (unseen.length > 0) {
  console.error(
    `Only ${present.length - unseen.length} of ${present.length} source files were looked at; not seen: ${unseen.slice(0, 10).join(', ')}`,
  );
}
console.log(`${present.length} source files, ${present.length - unseen.length} looked at, ${violations.length} forbidden imports`);
process.exit(violations.length > 0 || unseen.length > 0 || present.length === 0 ? 1 : 0);
