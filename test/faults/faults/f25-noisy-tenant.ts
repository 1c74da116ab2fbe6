import { mintToken } from '@spillway/testing';
import type { Caller } from '../callers.js';
import { byAnswer, percentile, summary } from '../durations.js';
import { changeEnvironment } from '../environment.js';
import type { Fault, FaultContext } from '../fault.js';
import type { RequestRecord } from '../history.js';
import { Load } from '../load.js';
import { Random } from '../random.js';

const WINDOW_MS = 10_000;
const LIMIT = 20;
const TIMES = 20;
const WINDOWS = 2;
const SHARE_OF_P99 = 1.5;
/** What a machine that is busy with others may add to a p99 by itself. */
const NOISE_MS = 150;
let restore: (() => void) | undefined;
let running: Load | undefined;

/** One tenant asks for twenty times its quota. It is told so, and nobody else notices. */
export const noisyTenant: Fault = {
  id: 'F25',
  title: 'a noisy tenant at 20× its quota',
  how: 'quota of 20 in 10 s; open-loop load',
  async prepare(context) {
    const { stack, components } = context;
    const names = stack.ofRole('gateway').map((p) => p.name);
    restore = changeEnvironment(stack.dir, names, () => ({
      THROTTLE_TTL: String(WINDOW_MS),
      QUOTAS: `${tenantOf(context)}=${LIMIT}/${LIMIT}`,
    }));
    await components.bounceAll('gateway');
  },
  async run(context) {
    const { history, injected, healed, hold, expect, note } = context;
    const usual = byAnswer(history.requests.slice(-500)).accepted;
    const noisy = (running = await makeNoise(context));
    injected();
    const from = Date.now();
    noisy.start();
    await hold(WINDOWS * WINDOW_MS);
    await noisy.stop();
    const to = Date.now();
    healed();
    const isNoisy = ({ tenant }: RequestRecord): boolean => tenant === tenantOf(context);
    const sent = history.sentBetween(from, to);
    const [loud, others] = [sent.filter(isNoisy), sent.filter((r) => !isNoisy(r))];
    note(`the noisy tenant: ${summary(loud)}`);
    const told = loud.filter(({ answer }) => answer.kind === 'refused' && answer.status === 429);
    expect(told.length > loud.length / 2, `it was refused with 429 (${told.length} of ${loud.length})`);
    expect(
      told.every(({ answer }) => answer.kind === 'refused' && answer.retryAfter !== undefined),
      'with Retry-After',
    );
    // So long a time touches at most one window more than it lasts.
    const allowed = (WINDOWS + 1) * LIMIT;
    const got = byAnswer(loud).accepted.length;
    expect(got > 0 && got <= allowed, `it got no more than its quota (${got} of ${allowed})`);
    const disturbed = others.filter(({ answer }) => answer.kind === 'refused' && answer.status === 429);
    expect(disturbed.length === 0, `nobody else got 429 (${disturbed.length} did)`);
    const [before, during] = [percentile(usual, 0.99), percentile(byAnswer(others).accepted, 0.99)];
    note(`p99 of the others: ${during} ms, ${before} ms before; ${summary(others)}`);
    expect(
      during <= Math.max(SHARE_OF_P99 * before, before + NOISE_MS),
      `p99 of the others stayed within ${SHARE_OF_P99} times what it was (${during} ms, ${before} ms before)`,
    );
  },
  async cleanUp({ components }) {
    await running?.stop();
    running = undefined;
    if (!restore) return;
    restore();
    restore = undefined;
    await components.bounceAll('gateway');
  },
};

const tenantOf = ({ run }: FaultContext): string => `faults-${run}-noisy`;

async function makeNoise(context: FaultContext): Promise<Load> {
  const { stack, run, seed, history, followers } = context;
  const who = { tenant: tenantOf(context), sub: 'nora' };
  const caller: Caller = { ...who, token: await mintToken(stack.dir, { ...who, roles: ['author'] }) };
  followers.know(caller);
  const rate = (TIMES * LIMIT * 1000) / WINDOW_MS;
  return new Load({
    ...{ baseUrl: stack.baseUrl, run: `${run}-noisy`, rate, history },
    ...{ callers: [caller], random: new Random(seed + 25) },
  });
}
