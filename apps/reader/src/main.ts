import { configOrExit } from '@spillway/config';
import { installStop } from '@spillway/http';
import { createLogger } from '@spillway/telemetry';
import { readerConfig } from './config.js';
import { startReader } from './reader.js';

const config = configOrExit(readerConfig);
const logger = createLogger({ service: 'reader', instance: config.instance, level: config.logLevel });
const reader = await startReader(config, logger);
installStop({
  logger,
  health: reader.health,
  graceMs: config.stopGraceMs,
  delayMs: config.stopDelayMs,
  stop: (step) => reader.stop(step),
});
