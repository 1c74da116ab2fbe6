import { NestFactory } from '@nestjs/core';
import {
  CacheConnection,
  cacheProbe,
  ClockWatch,
  GenerationRaiser,
  Generations,
  LedgerMirror,
  Results,
  RevokedTokens,
  WriterBeats,
} from '@spillway/cache';
import { processClock } from '@spillway/contracts/server';
import { primaryProbe, Router } from '@spillway/database';
import { HealthRegistry, startAdminServer } from '@spillway/health';
import {
  BatchServer,
  BrokerConnection,
  consumerProbe,
  Publisher,
  retryLater,
  splitUp,
} from '@spillway/messaging';
import { metricsHandler, observe, type Logger } from '@spillway/telemetry';
import { AppModule } from './app.module.js';
import type { WriterConfig } from './config.js';
import { DeadLetterLanding } from './dead-letters/land-dead-letters.js';
import { keepReplaying, ReplayOutbox } from './dead-letters/replay-outbox.js';
import { Events } from './events.js';
import { commandHandlers } from './handlers.js';
import { Backlog } from './feed/backlog.js';
import { leadFeeds } from './feed/lead-feeds.js';
import { keepLedger } from './ledger/keep-ledger.js';
import { LedgerKeeper } from './ledger/ledger-keeper.js';
import { lanesOf } from './lanes.js';
import { BatchWriter } from './posts/batch-writer.js';
import { CommitFacts } from './posts/commit-facts.js';
import { keepIdempotencyPurged } from './posts/idempotency-purge.js';
import { keepPartitionsAhead, Partitions } from './posts/partitions.js';
import { keepRevocationsMirrored, RevocationMirror } from './revocations/revocation-mirror.js';

export interface RunningWriter {
  readonly health: HealthRegistry;
  /** Takes no more, commits and acks what is in hand, then closes: broker first, databases last. */
  stop(step: (name: string) => void): Promise<void>;
}

/** Starts a writer. It starts with every dependency away, and is ready when they are there. */
export async function startWriter(config: WriterConfig, logger: Logger): Promise<RunningWriter> {
  const events = new Events(logger);
  const { directory } = config;
  const cache = CacheConnection.open({ url: config.redisUrl, name: config.instance, logger });
  const router = Router.open({
    nodes: config.databaseNodes,
    poolMax: config.databasePoolMax,
    applicationName: config.instance,
    logger,
    maxLagMs: 2_000,
    primaryReadShare: 1,
  });
  const partitions = new Partitions(router);
  const stopPartitions = keepPartitionsAhead(partitions, config.shards, events);
  const stopPurge = keepIdempotencyPurged(router, config.shards, events);
  const backlog = new Backlog();
  const stopFeeds = leadFeeds(router, config, backlog, events);
  const connection = BrokerConnection.open({
    urls: config.amqpUrls,
    name: `${config.instance} consume`,
    logger,
  });
  const publishing = BrokerConnection.open({
    urls: config.amqpUrls,
    name: `${config.instance} publish`,
    logger,
  });
  const publisher = new Publisher({
    connection: publishing,
    logger,
    timeoutMs: 3_000,
    maxUnconfirmed: 1_000,
  });
  const outbox = new ReplayOutbox(router, publisher, directory, events);
  const stopReplays = keepReplaying(outbox, config.shards, events);
  const server = new BatchServer({
    connection,
    logger,
    lanes: lanesOf(config),
    retryLater: retryLater(publisher),
    splitUp: splitUp(publisher),
  });
  const generations = new GenerationRaiser(new Generations(cache));
  const revocations = new RevocationMirror(router, new RevokedTokens(cache), config.shards, events);
  const stopMirror = keepRevocationsMirrored(revocations);
  const facts = new CommitFacts(router);
  const batchWriter = new BatchWriter({
    router,
    results: new Results(cache),
    handlers: commandHandlers(),
    partitions,
    events,
    backlog,
    generations,
    revocations,
    facts,
  });
  const ledger = new LedgerKeeper({
    router,
    mirror: new LedgerMirror(cache),
    facts,
    writer: config.instance,
    consuming: () => server.consuming,
  });
  const stopLedger = keepLedger(ledger, config.shards, events);
  const deadLetters = new DeadLetterLanding(router, directory, events);
  const app = await NestFactory.createMicroservice(AppModule.with({ batchWriter, deadLetters }), {
    strategy: server,
    logger: false,
  });
  const clock = new ClockWatch({ cache, logger, required: false });
  const health = new HealthRegistry();
  for (const probe of [consumerProbe(server), primaryProbe(router), clock.probe, cacheProbe(cache)])
    health.add(probe);
  const comparing = clock.start();
  await app.listen();
  const stopBeats = new WriterBeats(cache).keepBeating(config.shards, () => server.consuming);
  const stopGauge = observe('post_oldest_uncommitted_seconds', () => {
    const oldest = server.oldestAcceptedAt;
    return oldest === undefined ? 0 : Math.max(0, processClock.now() - oldest) / 1000;
  });
  const admin = await startAdminServer({
    host: config.adminHost,
    port: config.adminPort,
    health,
    metrics: metricsHandler(),
  });
  events.started(config.shards);
  return {
    health,
    async stop(step) {
      stopPartitions();
      stopPurge();
      stopBeats();
      stopGauge();
      await Promise.all([comparing, clock.stop()]);
      step('committing and acknowledging the batches in hand');
      await app.close();
      await stopReplays();
      await stopMirror();
      await stopLedger();
      await stopFeeds();
      step('closing the broker connection');
      await publisher.close();
      await publishing.close();
      await connection.close();
      step('closing the database pools');
      await router.close();
      await generations.close();
      await cache.close();
      await admin.close();
    },
  };
}
