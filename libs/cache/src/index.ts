export { CacheConnection, type CacheAnswer, type CacheConnectionOptions } from './cache-connection.js';
export { cacheConfig } from './config.js';
export { clockOffsetMs } from './clock-offset.js';
export { IdempotencyKeys, type BoundRequest, type KeyRef, type KeyState } from './idempotency-keys.js';
export { cacheProbe } from './probe.js';
export { WriterBeats } from './writer-beats.js';
export { Listening, ResultWaits, type News, type ResultWaitsOptions } from './result-waits.js';
export { Results, type BatchResults, type Result, type ResultEntry } from './results.js';
