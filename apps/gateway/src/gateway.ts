import { createKeySource, jwksProbe, TokenVerifier } from '@spillway/auth';
import {
  CacheConnection,
  cacheProbe,
  ClockWatch,
  IdempotencyKeys,
  LedgerMirror,
  QuotaGateways,
  Results,
  ResultWaits,
  RevocationList,
  RevokedTokens,
} from '@spillway/cache';
import { HealthRegistry, startAdminServer } from '@spillway/health';
import { createHttpApp, HeldRequests, listen } from '@spillway/http';
import {
  BrokerConnection,
  Publisher,
  publisherProbe,
  QueueDepths,
  topology,
  TopologyWatch,
} from '@spillway/messaging';
import { metricsHandler, observe, type Logger } from '@spillway/telemetry';
import { AppModule } from './app.module.js';
import type { GatewayConfig } from './config.js';
import { Events } from './events.js';
import { QueueFiguresReader } from './health/queue-figures.js';
import { refuseWithWrongClock } from './health/refuse-with-wrong-clock.js';
import { LedgerWatch } from './ledger/ledger-watch.js';
import { tellAccepted } from './ledger/tell-accepted.js';
import { CommandAcceptor } from './posts/accept-command.js';
import { WriteAnswers } from './posts/answer-after-wait.js';
import { CommitWait } from './posts/commit-wait.js';
import { CreateOnce } from './posts/create-once.js';
import { refuseWhileClosed } from './posts/refuse-while-closed.js';
import { giveBackUnused } from './quota/give-back-unused.js';
import { openQuota } from './quota/open-quota.js';

export interface RunningGateway {
  readonly health: HealthRegistry;
  /** Stops listening, finishes what is unconfirmed, then closes. */
  stop(step: (name: string) => void): Promise<void>;
}

/** Starts a gateway. It starts with every dependency away and refuses posts until the broker is there. */
export async function startGateway(config: GatewayConfig, logger: Logger): Promise<RunningGateway> {
  const events = new Events(logger);
  const { directory } = config;
  const keys = createKeySource(config.authJwks);
  const cache = CacheConnection.open({ url: config.redisUrl, name: config.instance, logger });
  const revokedTokens = new RevokedTokens(cache);
  const revocations = new RevocationList({
    tokens: revokedTokens,
    shards: directory.shards,
    logger,
  });
  const verifier = new TokenVerifier({ config, keys, revocations });
  const connection = BrokerConnection.open({
    urls: config.amqpUrls,
    name: `${config.instance} publish`,
    logger,
  });
  const publisher = new Publisher({
    connection,
    logger,
    timeoutMs: config.publishTimeoutMs,
    maxUnconfirmed: config.publishMaxUnconfirmed,
  });
  const topologyWatch = new TopologyWatch(connection, topology(directory.shards), logger);
  const waits = new ResultWaits({ url: config.redisUrl, name: config.instance, shards: directory.shards });
  const held = new HeldRequests({ max: config.waitMax, maxPerTenant: Math.ceil(config.waitMax / 2) });
  const answers = new WriteAnswers(
    new CommitWait({ results: new Results(cache), waits, held }),
    config.signingKeys.consistency,
  );
  const stopGauges = [
    observe('requests_waiting', () => held.size),
    observe('publish_unconfirmed', () => publisher.unconfirmed),
    observe('publish_unconfirmed_limit', () => publisher.unconfirmedLimit),
  ];
  const clock = new ClockWatch({ cache, logger, required: true });
  const health = new HealthRegistry();
  for (const probe of [
    publisherProbe(publisher),
    topologyWatch.probe,
    jwksProbe(keys),
    revocations.probe,
    clock.probe,
    cacheProbe(cache),
  ])
    health.add(probe);
  const acceptor = new CommandAcceptor(publisher, directory, config.signingKeys.ticket, {
    lingerMs: config.publishLingerMs,
  });
  const once = new CreateOnce({
    acceptor,
    keys: new IdempotencyKeys(cache),
    pendingMs: config.publishTimeoutMs + 1_000,
  });
  const ledger = new LedgerMirror(cache);
  const depths = new QueueDepths(config.managementUrl);
  const queue = new QueueFiguresReader(depths, ledger, directory.shards);
  const ledgerWatch = new LedgerWatch(depths, ledger, directory.shards);
  const stopTelling = tellAccepted(publisher, ledger, config.instance);
  const gateways = new QuotaGateways(cache, config.instance);
  const quota = openQuota(config, cache, gateways);
  const app = await createHttpApp(
    AppModule.with({ verifier, revokedTokens, quota, acceptor, once, answers, health, queue }),
    {
      logger,
      limits: config,
    },
  );
  const admin = await startAdminServer({
    host: config.adminHost,
    port: config.adminPort,
    health,
    metrics: metricsHandler(),
  });
  const fastify = app.getHttpAdapter().getInstance();
  giveBackUnused(fastify);
  refuseWithWrongClock(fastify, clock);
  refuseWhileClosed(fastify, acceptor);
  ledgerWatch.start();
  gateways.start();
  await Promise.all([clock.start(), revocations.start()]);
  await listen(app, { host: config.httpHost, port: config.httpPort });
  events.started(`${config.httpHost}:${config.httpPort}`);
  return {
    health,
    async stop(step) {
      step('finishing the requests under way');
      held.stop();
      await app.close();
      step('waiting for the last confirms');
      await publisher.close();
      await stopTelling();
      ledgerWatch.stop();
      await clock.stop();
      waits.close();
      await gateways.stop();
      await revocations.stop();
      topologyWatch.stop();
      for (const stopGauge of stopGauges) stopGauge();
      await connection.close();
      await cache.close();
      await admin.close();
    },
  };
}
