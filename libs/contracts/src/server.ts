export { putCommandId } from './command-id.js';
export {
  CONSISTENCY_TOKEN_VALID_MS,
  issueConsistencyToken,
  readConsistencyToken,
} from './consistency-token.js';
export {
  decodeEnvelope,
  encodeEnvelope,
  encodeEnvelopes,
  ENVELOPE_MAX_BYTES,
  ENVELOPE_MAX_COMMANDS,
  ENVELOPE_TYPE,
  ENVELOPE_VERSION,
  frameEnvelope,
  splitEnvelope,
  type Decoded,
  type EncodedEnvelope,
  type Envelope,
} from './envelope.js';
export { ledgerGap, type LedgerFigures } from './ledger.js';
export { BUCKETS, SHARD_MAP, ShardDirectory, tenantBucket } from './placement.js';
export { endedJob, jobFrame, type CommandResult } from './ended-job.js';
export { etagOf, presentPost, type StoredPost } from './present-post.js';
export { replayableEnvelope } from './replayable-envelope.js';
export { MAC_BYTES, SigningKeys, type SigningPurpose } from './signing-keys.js';
export { processClock, SteadyClock, type TimeSources } from './steady-clock.js';
export { issueTicket, readTicket, TICKET_VALID_MS, type Ticket } from './ticket.js';
