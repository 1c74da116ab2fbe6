import { Schema1763700000000 } from './1763700000000-schema.js';
import { PurgeIdempotency1763800000000 } from './1763800000000-purge-idempotency.js';
import { DeadLetterActions1763900000000 } from './1763900000000-dead-letter-actions.js';
import { ChangeFeed1764000000000 } from './1764000000000-change-feed.js';
import { RevokedTokens1764100000000 } from './1764100000000-revoked-tokens.js';
import { Ledger1764300000000 } from './1764300000000-ledger.js';
import { LedgerSurplus1764600000000 } from './1764600000000-ledger-surplus.js';
import { InsertPosts1764900000000 } from './1764900000000-insert-posts.js';

export const MIGRATIONS = [
  Schema1763700000000,
  PurgeIdempotency1763800000000,
  DeadLetterActions1763900000000,
  ChangeFeed1764000000000,
  RevokedTokens1764100000000,
  Ledger1764300000000,
  LedgerSurplus1764600000000,
  InsertPosts1764900000000,
];
