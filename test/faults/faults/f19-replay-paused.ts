import { eventually } from '@spillway/testing';
import type { Fault } from '../fault.js';
import { longestOutageMs, ReadLoad, tallyReads } from '../read-load.js';
import { pauseReplay, resumeReplay } from '../replica.js';

const PAUSED_MS = 8_000;
const READS_PER_SECOND = 40;
let running: ReadLoad | undefined;
/** `READ_MAX_LAG_MS`, and what lies between two polls and two looks at a clock. */
const LAG_MAX_MS = 2_000 + 500;

/** A replica that receives the log and does not show it: alive, and older every second. */
export const replayPaused: Fault = {
  id: 'F19',
  title: 'replica replay paused',
  how: 'pg_wal_replay_pause',
  async run(context) {
    const { stack, injected, healed, hold, expect, note } = context;
    const reads = (running = new ReadLoad(context, READS_PER_SECOND));
    reads.start();
    await hold(2_000);
    injected();
    await pauseReplay(stack);
    const from = Date.now();
    await hold(PAUSED_MS);
    const to = Date.now();
    await resumeReplay(stack);
    healed();
    await eventually('the replica serves again', () =>
      reads.between(to, Infinity).some(({ servedBy }) => servedBy === 'replica-1'),
    );
    await reads.stop();
    const paused = reads.between(from, to);
    const withToken = paused.filter((r) => r.withToken);
    const others = paused.filter((r) => !r.withToken);
    note(`paused, with a token: ${tallyReads(withToken)}`);
    note(`paused, without: ${tallyReads(others)}`);
    expect(withToken.length > 20, 'there were reads of own writes');
    const right = withToken.filter((r) => r.status === 200).length;
    const refused = withToken.filter((r) => r.status === 503 && r.retryAfter !== null).length;
    expect(
      right + refused === withToken.length,
      `every read with a token is right, or refused with Retry-After`,
    );
    expect(
      right >= withToken.length * 0.9,
      `nearly all reads with a token are answered (${tallyReads(withToken)})`,
    );
    const oldest = Math.max(0, ...paused.filter((r) => r.status === 200 && !r.stale).map((r) => r.lagMs));
    expect(oldest <= LAG_MAX_MS, `what is not marked stale is at most ${LAG_MAX_MS} ms old (${oldest} ms)`);
    expect(
      longestOutageMs(paused) <= 1_000,
      `no time without answers over 1 s (${longestOutageMs(paused)} ms)`,
    );
    expect(
      others.some((r) => r.servedBy === 'primary'),
      'reads without a token left the replica when it was too far behind',
    );
  },
  async cleanUp({ stack }) {
    await running?.stop();
    running = undefined;
    await resumeReplay(stack).catch(() => undefined);
  },
};
