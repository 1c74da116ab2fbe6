import { eventually, mintToken, notYet } from '@spillway/testing';
import { changeEnvironment } from '../environment.js';
import type { Fault, FaultContext } from '../fault.js';
import { write } from '../http.js';
import { PageReaders, readPercentile, type PageRead } from '../page-readers.js';
import { withRedis } from '../redis.js';

const HANG_MS = 10_000;
const FULL_MS = 4_000;
const SAMPLE = 10;
/** What a read may cost more while Redis fails: its deadline of 100 ms, and what comes of it. */
const ADDED_MS = 150;
/** What a machine that is busy may add to a p99 by itself. */
const SHARE_OF_P99 = 2;
const QUOTA = 20;
const WINDOW_MS = 10_000;
let restore: (() => void) | undefined;
let readers: PageReaders | undefined;

/** Redis may vanish at any time, in every way it can. */
export const redisFails: Fault = {
  id: 'F21',
  title: 'Redis dies, hangs, is flushed, is full',
  how: 'kill, SIGSTOP, FLUSHALL',
  async prepare(context) {
    const { stack, components, callers } = context;
    const names = stack.ofRole('gateway').map((p) => p.name);
    restore = changeEnvironment(stack.dir, names, () => ({
      THROTTLE_TTL: String(WINDOW_MS),
      QUOTAS: `${quotaTenant(context)}=${QUOTA}/${QUOTA}`,
    }));
    await components.bounceAll('gateway');
    readers = new PageReaders(stack.baseUrl, callers.slice(0, 5));
  },
  async run(context) {
    const { components, injected, healed, hold } = context;
    readers?.start();
    await hold(3_000);
    const usual = readers?.between(Date.now() - 2_000, Date.now()) ?? [];
    injected();
    await during(context, 'dead', usual, async () => {
      await components.restarted(components.signal('redis', 'SIGKILL'));
      await hold(1_000);
    });
    await during(context, 'hanging', usual, async () => {
      components.signal('redis', 'SIGSTOP');
      await Promise.all([hold(HANG_MS), keepsQuota(context)]);
      components.signal('redis', 'SIGCONT');
    });
    await hold(1_000);
    await during(context, 'flushed', usual, async () => {
      await withRedis(context.stack, (redis) => redis.flushall());
      await hold(2_000);
    });
    await during(context, 'full', usual, async () => {
      await withRedis(context.stack, async (redis) => {
        const [, before = '0'] = (await redis.config('GET', 'maxmemory')) as string[];
        await redis.config('SET', 'maxmemory', '1mb');
        await hold(FULL_MS);
        await redis.config('SET', 'maxmemory', before);
      });
    });
    healed();
    await cachedAgain(context);
    await readers?.stop();
  },
  async cleanUp({ components }) {
    await readers?.stop();
    readers = undefined;
    if (components.runs('redis')) components.signal('redis', 'SIGCONT');
    if (!restore) return;
    restore();
    restore = undefined;
    await components.bounceAll('gateway');
  },
};

/** Outside of the tenants whose rows are compared. */
const quotaTenant = ({ run }: FaultContext): string => `quota-${run}`;

/** One kind of failure: clients go on as if nothing were. What else must hold meanwhile is asserted here. */
async function during(
  context: FaultContext,
  how: string,
  usual: readonly PageRead[],
  breakIt: () => Promise<void>,
): Promise<void> {
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
  readsGoOn(context, how, usual, readers?.between(from, Date.now() - 500) ?? []);
}

function readsGoOn(
  { expect, note }: FaultContext,
  how: string,
  usual: readonly PageRead[],
  reads: readonly PageRead[],
): void {
  const answered = reads.filter(({ status }) => status === 200);
  const cached = answered.filter(({ servedBy }) => servedBy === 'cache').length;
  const [before, now] = [readPercentile(usual, 0.99), readPercentile(reads, 0.99)];
  note(
    `${how}: ${answered.length} of ${reads.length} pages answered, ${cached} from the cache; p99 ${now} ms, ${before} ms before`,
  );
  expect(
    reads.length > 0 && answered.length === reads.length,
    `${how}: every page is answered (${answered.length} of ${reads.length})`,
  );
  expect(
    now <= Math.max(before * SHARE_OF_P99, before + ADDED_MS),
    `${how}: the p99 of pages grows by at most ${ADDED_MS} ms (${now} ms, ${before} ms before)`,
  );
}

/** Without Redis each gateway goes on with the share of the quota that it had. */
async function keepsQuota(context: FaultContext): Promise<void> {
  const { stack, expect, note } = context;
  const who = { tenant: quotaTenant(context), sub: 'quinn' };
  const token = await mintToken(stack.dir, { ...who, roles: ['author'] });
  const from = Date.now();
  const url = `${stack.baseUrl}/v1/posts`;
  const kinds: string[] = [];
  for (let n = 0; n < 3 * QUOTA; n++) {
    const answer = await write({ method: 'POST', url, token, body: { content: `quota ${n}` } });
    kinds.push(answer.kind === 'refused' ? String(answer.status) : answer.kind);
  }
  const windows = Math.floor((Date.now() - from) / WINDOW_MS) + 2;
  const [accepted, refused] = ['accepted', '429'].map((kind) => kinds.filter((one) => one === kind).length);
  note(
    `hanging: of ${kinds.length} posts against a quota of ${QUOTA}, ${accepted} accepted, ${refused} refused`,
  );
  expect(
    (accepted ?? 0) > 0 && (accepted ?? 0) <= windows * QUOTA && (refused ?? 0) > 0,
    `hanging: quotas hold by the last share (${accepted} accepted in ${windows} windows of ${QUOTA}, ${refused} refused)`,
  );
}

/** The breakers close: pages come from the cache again. */
async function cachedAgain({ stack, callers: [caller], expect }: FaultContext): Promise<void> {
  const back = await eventually(
    'a page comes from the cache',
    async () => {
      const answer = await fetch(`${stack.baseUrl}/v1/posts`, {
        headers: { authorization: `Bearer ${caller.token}` },
      });
      await answer.text();
      const servedBy = answer.headers.get('served-by');
      return servedBy === 'cache' || notYet(servedBy);
    },
    { deadlineMs: 10_000 },
  ).catch(() => false);
  expect(back === true, 'healed: pages come from the cache again within 10 s');
}
