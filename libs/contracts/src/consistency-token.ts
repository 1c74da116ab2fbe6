import type { Position } from './position.js';
import type { SigningKeys } from './signing-keys.js';

/** After this a replica that is still behind is out of rotation anyway. */
export const CONSISTENCY_TOKEN_VALID_MS = 24 * 3600 * 1000;

const FORM =
  /^c1\.([a-z0-9])\.([a-z0-9-]{1,16})\.([0-9a-f]{1,8})\.([0-9a-f]{16})\.([0-9a-z]{1,10})\.([A-Za-z0-9_-]{22})$/;

/**
 * A commit position that a client hands back to read its own write: `c1.key.shard.timeline.lsn.expiry.mac`.
 * Signed, so that nobody can send every read to the primary with an invented position.
 */
export function issueConsistencyToken(keys: SigningKeys, position: Position, now: number): string {
  const expiry = Math.floor((now + CONSISTENCY_TOKEN_VALID_MS) / 1000).toString(36);
  const body = `c1.${keys.current}.${position.shard}.${position.timeline.toString(16)}.${position.lsn}.${expiry}`;
  const mac = keys.mac(keys.current, body);
  if (!mac) throw new Error('the signing key vanished');
  return `${body}.${mac.toString('base64url')}`;
}

/** The position, or null when the token is forged or expired: the read then states no wish. */
export function readConsistencyToken(keys: SigningKeys, token: string, now: number): Position | null {
  const match = FORM.exec(token);
  if (!match) return null;
  const [, keyId = '', shard = '', timeline = '', lsn = '', expiry = '', mac = ''] = match;
  const body = token.slice(0, token.length - mac.length - 1);
  if (!keys.verify(keyId, Buffer.from(mac, 'base64url'), body)) return null;
  if (Number.parseInt(expiry, 36) * 1000 < now) return null;
  return { shard, timeline: Number.parseInt(timeline, 16), lsn };
}
