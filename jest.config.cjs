const { existsSync } = require('node:fs');
const { join } = require('node:path');

const typescript = { target: 'es2023', parser: { syntax: 'typescript' } };
const javascript = { target: 'es2023', parser: { syntax: 'ecmascript' } };
const swc = (jsc) => ['@swc/jest', { jsc, module: { type: 'commonjs' }, sourceMaps: 'inline' }];

/** Tests run as CommonJS through swc; types are a gate of their own. */
module.exports = {
  testEnvironment: 'node',
  // Mappings keep their tests beside them.
  roots: ['test', 'mappings'].filter((room) => existsSync(join(__dirname, room))).map((room) => `<rootDir>/${room}`),
  testMatch: ['**/*.test.ts'],
  transform: { '^.+\\.ts$': swc(typescript), '^.+\\.js$': swc(javascript) },
  // Fastify's packages that exist as ES modules alone; Node loads them with require, Jest needs them rewritten.
  transformIgnorePatterns: ['/node_modules/(?!(content-disposition|cookie)/)'],
  moduleFileExtensions: ['ts', 'js', 'cjs', 'mjs', 'json'],
  // Servers are started and processes killed on two loaded cores: a deadline here catches a hang, it measures nothing.
  testTimeout: 60_000,
  maxWorkers: 2,
  // One embedded server a run, started by the first test that needs it; its databases are kept when a test has failed.
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  reporters: ['default', '<rootDir>/test/support/failure-reporter.cjs'],
};
