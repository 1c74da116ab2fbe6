import type { Fault, FaultContext } from '../fault.js';
import { withRedis } from '../redis.js';

const HANG_MS = 10_000;
const FULL_MS = 4_000;
const SAMPLE = 10;

/** Redis may vanish at any time, in every way it can. */
export const redisFails: Fault = {
  id: 'F21',
  title: 'Redis dies, hangs, is flushed, is full',
  how: 'kill, SIGSTOP, FLUSHALL',
  async run(context) {
    const { components, injected, healed, hold } = context;
    injected();
    await during(context, 'dead', async () => {
      await components.restarted(components.signal('redis', 'SIGKILL'));
      await hold(1_000);
    });
    await during(context, 'hanging', async () => {
      components.signal('redis', 'SIGSTOP');
      await hold(HANG_MS);
      components.signal('redis', 'SIGCONT');
    });
    await hold(1_000);
    await during(context, 'flushed', async () => {
      await withRedis(context.stack, (redis) => redis.flushall());
      await hold(2_000);
    });
    await during(context, 'full', async () => {
      await withRedis(context.stack, async (redis) => {
        const [, before = '0'] = (await redis.config('GET', 'maxmemory')) as string[];
        await redis.config('SET', 'maxmemory', '1mb');
        await hold(FULL_MS);
        await redis.config('SET', 'maxmemory', before);
      });
    });
    healed();
  },
  async cleanUp({ components }) {
    if (components.runs('redis')) components.signal('redis', 'SIGCONT');
    return Promise.resolve();
  },
};

/** One kind of failure: posts are accepted, and jobs answered from Postgres, as if nothing were. */
async function during(context: FaultContext, how: string, breakIt: () => Promise<void>): Promise<void> {
  const { history, followers, expect, hold } = context;
  const from = Date.now();
  const before = history.requests
    .filter((r) => r.answer.kind === 'accepted' && r.t1 < from - 1_000)
    .slice(-SAMPLE);
  const broken = breakIt();
  await hold(1_500);
  const looks = await Promise.all(before.map((r) => followers.look(r)));
  const known = looks.filter((l) => l.status === 'completed').length;
  expect(
    known === before.length,
    `${how}: ended jobs are answered from Postgres (${known} of ${before.length})`,
  );
  await broken;
  const meanwhile = history.sentBetween(from, Date.now() - 500);
  const accepted = meanwhile.filter((r) => r.answer.kind === 'accepted').length;
  expect(accepted === meanwhile.length, `${how}: posts are accepted (${accepted} of ${meanwhile.length})`);
}
