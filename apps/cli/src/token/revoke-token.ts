import { setTimeout as delay } from 'node:timers/promises';
import { REVOCATION_MAX_SECONDS, uuidV7, type RevokeToken } from '@spillway/contracts';
import { encodeEnvelope, ENVELOPE_TYPE } from '@spillway/contracts/server';
import type { Router } from '@spillway/database';
import { writeQueue, type Publisher } from '@spillway/messaging';

export interface RevocationRequest {
  readonly shard: string;
  readonly tenant: string;
  readonly jti: string;
  /** Unix seconds; without it the furthest there is. */
  readonly exp?: number;
  readonly who: string;
  readonly why: string;
  /** How long to wait for a writer. */
  readonly waitMs: number;
}

/** `known`: it had been revoked before. `waiting`: no writer has carried it out yet. */
export type Revoked =
  | { readonly state: 'revoked' | 'known'; readonly until: Date; readonly who: string }
  | { readonly state: 'waiting' };

interface Row {
  readonly id: string;
  readonly exp: Date;
  readonly actor: string;
}

const LOOK_MS = 100;

/** Asks the writers, and waits until the database says that the token is revoked for as long as was asked. */
export async function revokeToken(
  router: Router,
  publisher: Publisher,
  request: RevocationRequest,
): Promise<Revoked> {
  const { shard, tenant, jti, who, why, waitMs } = request;
  const now = Date.now();
  const exp = request.exp ?? Math.floor(now / 1_000) + REVOCATION_MAX_SECONDS;
  const commandId = uuidV7(now);
  const command: RevokeToken = {
    kind: 'token.revoke',
    commandId,
    postId: commandId,
    tenantId: tenant,
    actor: { sub: who, moderator: false },
    acceptedAt: now,
    jti,
    exp,
    why,
    via: 'cli',
  };
  await publisher.publish({
    messageId: commandId,
    type: ENVELOPE_TYPE,
    routingKey: writeQueue(shard),
    body: encodeEnvelope([command]),
    posts: 0,
    timestamp: now,
  });
  for (const end = Date.now() + waitMs; Date.now() < end; await delay(LOOK_MS)) {
    const [row] = await router.onPrimary(shard, (scope) =>
      scope.query<Row>('SELECT id, exp, actor FROM revoked_tokens WHERE tenant_id = $1 AND jti = $2', [
        tenant,
        jti,
      ]),
    );
    if (row && row.exp.getTime() >= exp * 1_000)
      return { state: row.id === commandId ? 'revoked' : 'known', until: row.exp, who: row.actor };
  }
  return { state: 'waiting' };
}
