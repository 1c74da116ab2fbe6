/**
 * Preload for a gateway: its next publish claims to be of another user, once, when the file `channel-error` in
 * SPILLWAY_FAULTS_DIR names this gateway. The broker answers 406 and closes the channel.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rewriteOnLoad } from './rewrite.js';
import { CHANNEL_ERROR } from './rewrites.js';

const mark = join(process.env['SPILLWAY_FAULTS_DIR'] ?? '', 'channel-error');
const own = process.env['SERVICE_INSTANCE'];

function foreignUser(): { readonly userId?: string } {
  try {
    if (readFileSync(mark, 'utf8') !== own) return {};
    rmSync(mark);
    return { userId: 'somebody-else' };
  } catch {
    return {};
  }
}

Object.assign(globalThis, { spillwayForeignUser: foreignUser });
rewriteOnLoad(CHANNEL_ERROR);
