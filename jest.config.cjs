/** Tests run as CommonJS through swc; types are a gate of their own. */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test', '<rootDir>/mappings'],
  testMatch: ['**/*.test.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' }, sourceMaps: 'inline' }] },
  moduleFileExtensions: ['ts', 'js', 'cjs', 'mjs', 'json'],
};
