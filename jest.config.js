import { availableParallelism } from 'node:os';
import { SWC_OPTIONS } from './scripts/swc-options.mjs';

// There are three tiers. Specs in src start no server and no process. Tests in test/ use all parts together.
// Tests in test/chaos kill servers, repeat calls and follow models. The scripts in package.json choose among them.
// All run as real ES modules, which needs `node --experimental-vm-modules`.
export default {
  rootDir: '.',
  roots: ['<rootDir>/src', '<rootDir>/test', '<rootDir>/bench'],
  testMatch: ['**/*.spec.ts', '**/*.e2e-spec.ts'],
  testEnvironment: '<rootDir>/test/support/openapi/jest-environment.mjs',
  // Long enough that a busy machine fails no test.
  testTimeout: 120_000,
  // Many tests wait for a timer, which takes no core.
  maxWorkers: availableParallelism() + 2,
  // The modules of a test file are never collected (https://github.com/nodejs/node/issues/33439), so workers grow.
  workerIdleMemoryLimit: '400MB',
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  // Most modules are ours, so they are looked for first.
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['@swc/jest', SWC_OPTIONS] },
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts', '!src/**/*.spec.ts'],
  coverageReporters: ['text'],
  setupFiles: ['<rootDir>/test/support/environment.ts'],
  setupFilesAfterEnv: ['<rootDir>/test/support/listeners.setup.ts'],
};
