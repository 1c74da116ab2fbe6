export { CacheConnection, type CacheAnswer, type CacheConnectionOptions } from './cache-connection.js';
export { cacheConfig } from './config.js';
export { clockOffsetMs } from './clock-offset.js';
export { ClockWatch, type ClockWatchOptions } from './clock-watch.js';
export { IdempotencyKeys, type BoundRequest, type KeyRef, type KeyState } from './idempotency-keys.js';
export { cacheProbe } from './probe.js';
export { LedgerMirror, type ToldAccepted } from './ledger-mirror.js';
export { QuotaGateways } from './quota-gateways.js';
export { QuotaLeases, type Lease, type LeaseRequest } from './quota-leases.js';
export { RevocationList, type RevocationListOptions } from './revocation-list.js';
export { RevokedTokens, type RevokedToken } from './revoked-tokens.js';
export { WriterBeats } from './writer-beats.js';
export { Listening, ResultWaits, type News, type ResultWaitsOptions } from './result-waits.js';
export { Results, type BatchResults, type Result, type ResultEntry } from './results.js';
export { GenerationRaiser, type TouchedPost } from './generation-raiser.js';
export { Generations, type OutdatedBy, type Touched } from './generations.js';
export {
  PageCache,
  type DatabaseView,
  type LoadedPage,
  type LoadPage,
  type Page,
  type PageCacheOptions,
} from './page-cache.js';
export { ageSecondsOf, type PageEntry } from './page-entry.js';
export type { PageRef } from './page-store.js';
