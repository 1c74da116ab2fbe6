import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

/** Who may import whom: docs/ARCHITECTURE.md holds the same table in words. */
const foundation = ['scope:contracts', 'scope:config', 'scope:telemetry', 'scope:health'];
const allows = (scope, targets) => ({
  sourceTag: `scope:${scope}`,
  onlyDependOnLibsWithTags: targets.map((t) => (t.includes(':') ? t : `scope:${t}`)),
});
const depConstraints = [
  allows('contracts', ['contracts', 'testing']),
  allows('config', ['config', 'testing']),
  allows('testing', ['testing']),
  allows('telemetry', ['telemetry', 'config', 'testing']),
  allows('health', ['health', 'config', 'testing']),
  allows('client', ['client', 'contracts', 'testing']),
  ...['auth', 'http', 'messaging', 'database', 'cache'].map((s) => allows(s, [s, ...foundation, 'testing'])),
  allows('gateway', [...foundation, 'http', 'auth', 'messaging', 'cache', 'client', 'testing']),
  allows('writer', [...foundation, 'http', 'messaging', 'database', 'cache', 'client', 'testing']),
  allows('reader', [...foundation, 'http', 'auth', 'database', 'cache', 'client', 'testing']),
  allows('cli', ['type:lib']),
  allows('deploy', ['client', 'testing', 'contracts']),
  // Of telemetry for test/trace-context, a service on it.
  allows('test', ['client', 'testing', 'contracts', 'deploy', 'telemetry']),
];

/** Outside packages with one owner; specs, test and deploy are free to use them. */
const owned = [
  { group: ['amqplib', 'amqplib/*', 'amqp-connection-manager'], owners: ['libs/messaging'] },
  { group: ['pg', 'pg-*'], owners: ['libs/database'] },
  { group: ['typeorm', 'typeorm/*'], owners: ['libs/database', 'apps/writer', 'apps/reader'] },
  { group: ['ioredis'], owners: ['libs/cache'] },
  { group: ['ajv', 'ajv/*'], owners: ['libs/http'] },
  {
    group: ['@opentelemetry/*', '!@opentelemetry/api', 'import-in-the-middle'],
    owners: ['libs/telemetry'],
  },
];
const projects = [
  'auth',
  'cache',
  'client',
  'config',
  'contracts',
  'database',
  'health',
  'http',
  'messaging',
  'telemetry',
]
  .map((n) => `libs/${n}`)
  .concat(['cli', 'gateway', 'reader', 'writer'].map((n) => `apps/${n}`));
const ownership = projects.map((project) => ({
  files: [`${project}/**/*.ts`],
  ignores: ['**/*.spec.ts', '**/*.fixture.ts', '**/src/spec/**'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          ...owned
            .filter((o) => !o.owners.includes(project))
            .map((o) => ({
              group: o.group,
              message: `Owned by ${o.owners.join(', ')}: use what it exports.`,
            })),
          ...(project === 'libs/config'
            ? []
            : [
                {
                  group: ['node:process', 'process'],
                  importNames: ['env', 'default'],
                  message: 'The environment is read by libs/config.',
                },
              ]),
          ...(project === 'apps/reader'
            ? [{ regex: '^@spillway/database$', message: 'The reader sees only @spillway/database/read.' }]
            : []),
        ],
      },
    ],
    'no-restricted-properties':
      project === 'libs/config'
        ? 'off'
        : [
            'error',
            { object: 'process', property: 'env', message: 'The environment is read by libs/config.' },
          ],
  },
}));

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '.local/**', '.nx/**', '**/*.d.ts'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { project: ['./tsconfig.spec.json'], tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
  },
  {
    files: ['**/*.ts'],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        { depConstraints, enforceBuildableLibDependency: false, allow: [] },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      'no-console': 'error',
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
    },
  },
  ...ownership,
  { files: ['**/*.mjs'], ...tseslint.configs.disableTypeChecked },
  { files: ['apps/cli/**', 'deploy/**', 'test/**'], rules: { 'no-console': 'off' } },
);
