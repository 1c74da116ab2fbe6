export { configOrExit } from './config-or-exit.js';
export { ConfigError } from './config-error.js';
export { describeConfig } from './describe-config.js';
export { fraction, integer, list, oneOf, parsed, port, text, url, urls, type Field } from './field.js';
export { loadConfig, type ConfigOf, type ConfigSpec } from './load-config.js';
