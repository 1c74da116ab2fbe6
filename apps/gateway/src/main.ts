import { configOrExit } from '@spillway/config';
import { installStop } from '@spillway/http';
import { createLogger } from '@spillway/telemetry';
import { gatewayConfig } from './config.js';
import { startGateway } from './gateway.js';

const config = configOrExit(gatewayConfig);
const logger = createLogger({ service: 'gateway', instance: config.instance, level: config.logLevel });
const gateway = await startGateway(config, logger);
installStop({
  logger,
  health: gateway.health,
  graceMs: config.stopGraceMs,
  delayMs: config.stopDelayMs,
  stop: (step) => gateway.stop(step),
});
