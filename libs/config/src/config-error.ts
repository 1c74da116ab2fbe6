/** The environment is not as it must be; `mistakes` names each variable and its expected form. */
export class ConfigError extends Error {
  constructor(readonly mistakes: readonly string[]) {
    super(
      `The configuration is not valid, so nothing was started:\n${mistakes.map((m) => `  - ${m}`).join('\n')}\n` +
        'Set these environment variables; .env.example lists all of them.',
    );
    this.name = 'ConfigError';
  }
}
