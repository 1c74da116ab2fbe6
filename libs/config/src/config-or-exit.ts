import { ConfigError } from './config-error.js';
import { loadConfig, type ConfigOf, type ConfigSpec } from './load-config.js';

/** `EX_CONFIG` of sysexits.h. */
const EXIT_CONFIG = 78;

/** The configuration, for a process that is starting; with mistakes in it, says all of them on stderr and exits. */
export function configOrExit<S extends ConfigSpec>(spec: S): ConfigOf<S> {
  try {
    return loadConfig(spec);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CONFIG);
  }
}
