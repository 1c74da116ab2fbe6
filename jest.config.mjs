// Every project's specs in one run; see jest.preset.mjs for how they run.
export default {
  projects: ['<rootDir>/apps/*', '<rootDir>/libs/*', '<rootDir>/deploy/local', '<rootDir>/test'],
  reporters: ['default', '<rootDir>/test/summary-reporter.mjs'],
  maxWorkers: 2,
  testTimeout: 30_000,
};
