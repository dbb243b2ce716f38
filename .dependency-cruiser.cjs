/**
 * The import ladder of the house. Each room names the rooms it may use, those of which it may use types alone,
 * the npm packages it may touch and, for the pure rooms, that it does no I/O. What is not named is forbidden.
 */
const PURE = 'pure';
const rooms = {
  records: { rooms: [], npm: ['@sinclair/typebox'], node: PURE },
  formats: { rooms: ['records'], npm: ['iconv-lite', 'saxes'], node: PURE },
  language: { rooms: ['records'], npm: ['yaml', 're2js'], node: PURE },
  telemetry: { rooms: ['records'], npm: ['pino', 'prom-client'] },
  config: { rooms: ['language', 'records', 'telemetry'], npm: ['ajv'] },
  // typebox: targets are checked against the schemas of records/kinds, which are its values.
  'mappings/engine': { rooms: ['records', 'formats', 'language'], npm: ['re2js', 'luxon', 'ajv', '@sinclair/typebox'], node: PURE },
  patients: { rooms: ['records', 'formats', 'language'], npm: [], node: PURE },
  directory: { rooms: ['records', 'formats', 'language'], npm: [], node: PURE },
  routing: { rooms: ['records', 'formats', 'language'], npm: [], node: PURE },
  adapters: { rooms: ['records', 'formats', 'telemetry'], types: ['config'], npm: ['node-hl7-client', 'ssh2-sftp-client'] },
  store: { rooms: ['records', 'telemetry'], types: ['config'], npm: ['pg'] },
  queues: { rooms: ['records', 'telemetry'], types: ['config'], npm: ['bullmq', 'ioredis', '@bull-board/.+', 'fastify'] },
  pipeline: {
    rooms: ['records', 'formats', 'language', 'telemetry', 'mappings/engine', 'patients', 'routing', 'directory'],
    types: ['config'],
    npm: [],
  },
  console: { rooms: ['records', 'telemetry'], types: ['config'], npm: ['fastify', '@fastify/.+'] },
  cli: {
    rooms: ['records', 'config', 'language', 'formats', 'mappings/engine', 'routing', 'directory', 'pipeline', 'telemetry'],
    npm: ['commander'],
  },
  'stand-ins': { rooms: ['records', 'formats'], npm: ['selfsigned', 'yaml', 'ajv', '@sinclair/typebox'] },
  demo: { rooms: ['records', 'formats', 'stand-ins'], npm: [] },
};

/** A package that only these folders may import, whatever their room allows. */
const owners = {
  pg: ['store'],
  bullmq: ['queues'],
  ioredis: ['queues'],
  'node-hl7-client': ['adapters/mllp'],
  'ssh2-sftp-client': ['adapters/sftp'],
  saxes: ['formats/mesh'],
};

/** Built-ins that only compute: a pure room may use these. */
const computing = ['buffer', 'crypto', 'string_decoder', 'util', 'path', 'path/posix'];

const anyOf = (names) => (names.length === 1 ? names[0] : `(${names.join('|')})`);
const within = (names) => `^${anyOf(names)}/`;
const packages = (names) => `node_modules/${anyOf(names)}/`;
const product = `^(main\\.ts$|${Object.keys(rooms)
  .map((room) => `${room}/`)
  .join('|')})`;

const ladder = Object.entries(rooms).flatMap(([room, allowed]) => {
  const from = { path: within([room]) };
  const types = allowed.types ?? [];
  const rules = [
    {
      name: `${room}-rooms`,
      comment: `${room} may import ${[...allowed.rooms, ...types.map((name) => `types of ${name}`)].join(', ') || 'no other room'}.`,
      severity: 'error',
      from,
      // npm packages and built-ins have rules of their own.
      to: { pathNot: within([room, ...allowed.rooms, ...types]), dependencyTypes: ['local', 'localmodule'] },
    },
    {
      name: `${room}-packages`,
      comment: `${room} may import ${allowed.npm.join(', ') || 'no npm package'}.`,
      severity: 'error',
      from,
      to: {
        path: 'node_modules/',
        ...(allowed.npm.length > 0 ? { pathNot: packages(allowed.npm) } : {}),
      },
    },
  ];
  if (types.length > 0) {
    rules.push({
      // The gate (test/gates/imports.mjs) drops those that are `import type`: the swc parser does not tell them apart.
      name: `${room}-types-only`,
      comment: `${room} may import types of ${types.join(', ')}, never code: settings are handed to it.`,
      severity: 'error',
      from,
      to: { path: within(types) },
    });
  }
  if (allowed.node === PURE) {
    rules.push({
      name: `${room}-pure`,
      comment: `${room} does no I/O: of the built-ins it may use ${computing.join(', ')}.`,
      severity: 'error',
      from,
      to: { dependencyTypes: ['core'], pathNot: `^(node:)?${anyOf(computing)}$` },
    });
  }
  return rules;
});

const ownership = Object.entries(owners).map(([name, folders]) => ({
  name: `only-${folders[0].replace('/', '-')}-imports-${name}`,
  comment: `Only ${folders.join(', ')} (and bench and test) may import ${name}.`,
  severity: 'error',
  from: { pathNot: within([...folders, 'bench', 'test']) },
  to: { path: packages([name]) },
}));

module.exports = {
  forbidden: [
    ...ladder,
    ...ownership,
    {
      name: 'nothing-imports-main',
      comment: 'main.ts wires the rooms together; a room that needs something gets it handed over.',
      severity: 'error',
      from: {},
      to: { path: '^main\\.ts$' },
    },
    {
      name: 'product-stands-alone',
      comment: 'What ships does not lean on its tests, its benchmarks or packages that only developers install.',
      severity: 'error',
      from: { path: product },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'no-development-packages',
      severity: 'error',
      from: { path: product },
      to: { dependencyTypes: ['npm-dev'] },
    },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'A module that imports nothing and that nothing imports.',
      severity: 'error',
      from: { orphan: true, path: product, pathNot: '^main\\.ts$' },
      to: {},
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-drawer-names',
      comment: 'Name a module for its thought: utils, helpers, common and misc say nothing.',
      severity: 'error',
      from: {},
      to: { path: '(^|/)(utils?|helpers?|common|misc)(/|[.-][^/]*$)', pathNot: 'node_modules/' },
    },
    {
      name: 'no-drawer-names-here',
      severity: 'error',
      from: { path: '(^|/)(utils?|helpers?|common|misc)(/|[.-][^/]*$)', pathNot: 'node_modules/' },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|data|coverage)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: 'specify',
    parser: 'swc',
    moduleSystems: ['cjs', 'es6'],
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'] },
    builtInModules: { add: [] },
  },
};
