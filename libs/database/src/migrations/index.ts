import { Schema1763700000000 } from './1763700000000-schema.js';
import { PurgeIdempotency1763800000000 } from './1763800000000-purge-idempotency.js';

export const MIGRATIONS = [Schema1763700000000, PurgeIdempotency1763800000000];
