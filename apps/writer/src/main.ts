import { configOrExit } from '@spillway/config';
import { installStop } from '@spillway/http';
import { createLogger } from '@spillway/telemetry';
import { writerConfig } from './config.js';
import { startWriter } from './writer.js';

const config = configOrExit(writerConfig);
const logger = createLogger({ service: 'writer', instance: config.instance, level: config.logLevel });
const writer = await startWriter(config, logger);
installStop({
  logger,
  health: writer.health,
  graceMs: config.stopGraceMs,
  delayMs: config.stopDelayMs,
  stop: (step) => writer.stop(step),
});
