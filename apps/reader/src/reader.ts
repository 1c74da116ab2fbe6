import { createKeySource, jwksProbe, TokenVerifier } from '@spillway/auth';
import {
  CacheConnection,
  cacheProbe,
  ClockWatch,
  PageCache,
  Results,
  ResultWaits,
  RevocationList,
  RevokedTokens,
  WriterBeats,
} from '@spillway/cache';
import { ReadRouter, readProbe } from '@spillway/database/read';
import { HealthRegistry, startAdminServer } from '@spillway/health';
import { createHttpApp, HeldRequests, listen } from '@spillway/http';
import { metricsHandler, observe, type Logger } from '@spillway/telemetry';
import { AppModule } from './app.module.js';
import type { ReaderConfig } from './config.js';
import { Events } from './events.js';
import { installHttpCaching } from './http-caching.js';
import { JobReader } from './jobs/job-reader.js';
import { JobStreams } from './jobs/job-streams.js';
import { JobWaiter } from './jobs/job-waiter.js';
import { PagesAtHand } from './pages/pages-at-hand.js';
import { databaseView, TenantPages } from './pages/tenant-pages.js';
import { TenantReads } from './tenant-reads.js';

export interface RunningReader {
  readonly health: HealthRegistry;
  /** Stops listening, ends the requests under way, then closes. */
  stop(step: (name: string) => void): Promise<void>;
}

/** Starts a reader. Any database node may be away; it is found when it comes. */
export async function startReader(config: ReaderConfig, logger: Logger): Promise<RunningReader> {
  const events = new Events(logger);
  const keys = createKeySource(config.authJwks);
  const cache = CacheConnection.open({ url: config.redisUrl, name: config.instance, logger });
  const { directory } = config;
  const revocations = new RevocationList({
    tokens: new RevokedTokens(cache),
    shards: directory.shards,
    logger,
  });
  const verifier = new TokenVerifier({ config, keys, revocations });
  const router = ReadRouter.open({
    nodes: config.databaseNodes,
    poolMax: config.databasePoolMax,
    applicationName: config.instance,
    logger,
    maxLagMs: config.maxLagMs,
    primaryReadShare: config.primaryReadShare,
  });
  const reads = new TenantReads(router, directory, config.signingKeys.consistency);
  const pages = new TenantPages(new PageCache({ cache, databases: databaseView(router) }), reads);
  const jobs = new JobReader({
    reads,
    results: new Results(cache),
    beats: new WriterBeats(cache),
    keys: config.signingKeys,
  });
  const waits = new ResultWaits({ url: config.redisUrl, name: config.instance, shards: directory.shards });
  const { waitMax, eventStreamsMax, eventStreamsPerTenant } = config;
  const waiting = new HeldRequests({ max: waitMax, maxPerTenant: Math.ceil(waitMax / 2) });
  const streaming = new HeldRequests({ max: eventStreamsMax, maxPerTenant: eventStreamsPerTenant });
  const waiter = new JobWaiter({ jobs, waits, held: waiting, revocations });
  const streams = new JobStreams({ jobs, waits, held: streaming, events, revocations });
  const stopGauges = [
    observe('replica_lag_seconds', () => router.replicaLags),
    observe('requests_waiting', () => waiting.size),
    observe('event_streams_open', () => streaming.size),
  ];
  const clock = new ClockWatch({ cache, logger, required: true });
  const health = new HealthRegistry();
  for (const probe of [readProbe(router), jwksProbe(keys), revocations.probe, clock.probe, cacheProbe(cache)])
    health.add(probe);
  const module = AppModule.with({
    verifier,
    reads,
    pages,
    jobs,
    waiter,
    streams,
    cursorKeys: config.signingKeys.cursor,
  });
  const { shortcut } = new PagesAtHand({ pages, reads, verifier });
  const app = await createHttpApp(module, { logger, limits: config, shortcut });
  installHttpCaching(app.getHttpAdapter().getInstance());
  const admin = await startAdminServer({
    host: config.adminHost,
    port: config.adminPort,
    health,
    metrics: metricsHandler(),
  });
  await Promise.all([clock.start(), revocations.start()]);
  await listen(app, { host: config.httpHost, port: config.httpPort });
  events.started(`${config.httpHost}:${config.httpPort}`);
  return {
    health,
    async stop(step) {
      step('finishing the requests under way');
      for (const held of [waiting, streaming]) held.stop();
      await app.close();
      step('closing the database pools');
      for (const stopGauge of stopGauges) stopGauge();
      waits.close();
      await clock.stop();
      await revocations.stop();
      await router.close();
      await cache.close();
      await admin.close();
    },
  };
}
