/**
 * Preloaded into one of our processes: where it would read its configuration, it prints what it would
 * read and ends. Only `loadConfig` of libs/config is replaced, so the text cannot differ from the code.
 */
import { registerHooks } from 'node:module';

const INSTEAD = `
  import { writeSync } from 'node:fs';
  import { describeConfig } from './describe-config.js';
  export function loadConfig(spec) {
    writeSync(1, describeConfig('', spec));
    process.exit(0);
  }`;

registerHooks({
  load: (url, context, next) =>
    url.endsWith('/libs/config/dist/load-config.js')
      ? { format: 'module', source: INSTEAD, shortCircuit: true }
      : next(url, context),
});
