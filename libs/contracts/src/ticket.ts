import { uuidFromBytes } from './ids.js';
import { MAC_BYTES, type SigningKeys } from './signing-keys.js';

/** How long a ticket is honoured. Outcomes are kept longer. */
export const TICKET_VALID_MS = 7 * 24 * 3600 * 1000;

const VERSION = 1;
/** Kept in a ticket as a place in this list: only ever append. */
const KINDS = ['create', 'edit', 'delete', 'replay', 'discard', 'revoke'] as const;
const BODY_BYTES = 3 + 6 + 16 + 16;

/** What a job id says. */
export interface Ticket {
  readonly kind: (typeof KINDS)[number];
  /** Unix milliseconds. */
  readonly issuedAt: number;
  readonly commandId: string;
  readonly postId: string;
}

/**
 * A job id: everything needed to follow a command, signed for its tenant, so that accepting a post
 * writes to the broker and nowhere else. 76 URL-safe characters:
 * version, key id, kind, time of issue (48 bits), command id, post id, 128-bit MAC over all and the tenant.
 */
export function issueTicket(keys: SigningKeys, tenantId: string, ticket: Ticket): string {
  const bytes = Buffer.alloc(BODY_BYTES + MAC_BYTES);
  const body = bytes.subarray(0, BODY_BYTES);
  body[0] = VERSION;
  body[1] = keys.current.charCodeAt(0);
  body[2] = KINDS.indexOf(ticket.kind);
  body.writeUIntBE(ticket.issuedAt, 3, 6);
  body.write(ticket.commandId.replaceAll('-', ''), 9, 'hex');
  if (ticket.postId === ticket.commandId) body.copyWithin(25, 9, 25);
  else body.write(ticket.postId.replaceAll('-', ''), 25, 'hex');
  const mac = keys.mac(keys.current, body, tenantId);
  if (!mac) throw new Error('the signing key vanished');
  bytes.set(mac, BODY_BYTES);
  return bytes.toString('base64url');
}

/**
 * The ticket, or null when it is forged, foreign or expired. One from the future is genuine as well: clocks
 * differ, and what was accepted must be found.
 */
export function readTicket(keys: SigningKeys, tenantId: string, jobId: string, now: number): Ticket | null {
  if (!/^[A-Za-z0-9_-]{76}$/.test(jobId)) return null;
  const bytes = Buffer.from(jobId, 'base64url');
  if (bytes.length !== BODY_BYTES + MAC_BYTES || bytes[0] !== VERSION) return null;
  const body = bytes.subarray(0, BODY_BYTES);
  const kind = KINDS[body[2] ?? -1];
  if (!kind || !keys.verify(String.fromCharCode(body[1] ?? 0), bytes.subarray(BODY_BYTES), body, tenantId))
    return null;
  const issuedAt = body.readUIntBE(3, 6);
  if (now - issuedAt > TICKET_VALID_MS) return null;
  return {
    kind,
    issuedAt,
    commandId: uuidFromBytes(body.subarray(9, 25)),
    postId: uuidFromBytes(body.subarray(25, 41)),
  };
}
