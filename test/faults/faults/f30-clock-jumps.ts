import { eventually, mintToken, notYet } from '@spillway/testing';
import type { Fault, FaultContext } from '../fault.js';
import type { Answer } from '../history.js';
import { write } from '../http.js';
import { WallClocks } from '../wall-clocks.js';

const TEN_MINUTES_MS = 600_000;
const JUMPED_MS = 4_000;
const STARTED_WITHIN_MS = 60_000;
/** Ids of posts tell the time; so long may a post take until it is stored here. */
const STORED_WITHIN_MS = 60_000;
const ROLES = ['gateway', 'writer', 'reader'] as const;
let clocks: WallClocks | undefined;

/**
 * Every app's clock is set ten minutes ahead and back while it runs, all at once and one gateway alone: nobody
 * may notice. Then a gateway starts with a clock that is wrong: it must refuse until that is mended.
 */
export const clockJumps: Fault = {
  id: 'F30',
  title: 'clock jumps ±10 min',
  how: 'Date of single processes set while they run',
  async prepare({ stack, components }) {
    clocks = new WallClocks(
      stack.dir,
      ROLES.flatMap((role) => stack.ofRole(role).map(({ name }) => name)),
    );
    for (const role of ROLES) await components.bounceAll(role);
  },
  async run(context) {
    const { stack, injected, healed, hold, history, expect, note } = context;
    const wallClocks = clocks ?? fail();
    // With less than ten minutes left: a clock that jumped ahead would take it for expired.
    const token = await mintToken(stack.dir, {
      tenant: tenantOf(context),
      sub: 'ada',
      ttlSeconds: 300,
    });
    const [gateway = fail()] = stack.ofRole('gateway').map(({ name }) => name);
    injected();
    const from = Date.now();
    const jumps: readonly (() => void)[] = [
      () => wallClocks.setAll(TEN_MINUTES_MS),
      () => wallClocks.setAll(-TEN_MINUTES_MS),
      () => wallClocks.setAll(0),
      () => wallClocks.set(gateway, TEN_MINUTES_MS),
      () => wallClocks.set(gateway, -TEN_MINUTES_MS),
    ];
    for (const jump of jumps) {
      jump();
      await hold(JUMPED_MS / 2);
      const page = await pageStatus(stack.baseUrl, token);
      expect(page === 200, `a token with minutes left reads (${page})`);
      const sent = await post(stack.urlOf(gateway), token);
      expect(sent.kind === 'accepted', `a token with minutes left posts at ${gateway} (${told(sent)})`);
      await hold(JUMPED_MS / 2);
    }
    wallClocks.setAll(0);
    const during = history.sentBetween(from, Date.now());
    const refused = during.filter(({ answer }) => answer.kind === 'refused' && answer.code === 'clock_skew');
    note(`${during.length} requests were sent while clocks jumped, ${refused.length} refused for it`);
    expect(refused.length === 0, 'nobody is refused for a clock that jumps while a gateway runs');
    await startsWrong(context, wallClocks, gateway, token);
    healed();
  },
  async after(context) {
    const { primary, run, expect, note } = context;
    const found = await Promise.all([primary.read(`faults-${run}`), primary.read(tenantOf(context))]);
    const rows = found.flatMap((of) => of.rows);
    const deadLetters = found.flatMap((of) => of.deadLetters);
    const off = Math.max(...rows.map(({ id, storedAt }) => Math.abs(storedAt - timeOf(id))));
    note(`of ${rows.length} posts the furthest id is ${Math.round(off)} ms off its commit`);
    expect(off < STORED_WITHIN_MS, `no id carries a wrong time (${Math.round(off)} ms)`);
    expect(deadLetters.length === 0, `nothing was parked (${deadLetters.length})`);
  },
  async cleanUp({ components }) {
    if (!clocks) return;
    clocks.setAll(0);
    clocks.restore();
    clocks = undefined;
    for (const role of ROLES) await components.bounceAll(role);
  },
};

/** A gateway that starts with a wrong clock refuses until its clock is right, and needs no restart then. */
async function startsWrong(
  { stack, components, expect, note }: FaultContext,
  wallClocks: WallClocks,
  gateway: string,
  token: string,
): Promise<void> {
  for (const aheadMs of [TEN_MINUTES_MS, -TEN_MINUTES_MS]) {
    wallClocks.set(gateway, aheadMs);
    await components.restarted(components.signal(gateway, 'SIGTERM'));
    const first = await eventually(
      `${gateway} listens`,
      async () => {
        const answer = await post(stack.urlOf(gateway), token);
        return answer.kind === 'unknown' ? notYet(answer) : answer;
      },
      { deadlineMs: STARTED_WITHIN_MS },
    );
    expect(
      first.kind === 'refused' && first.code === 'clock_skew' && first.retryAfter !== undefined,
      `${gateway} refuses with a clock ${aheadMs} ms off (${told(first)})`,
    );
    const ready = await fetch(`${stack.one(gateway).adminUrl ?? ''}/health/ready`);
    await ready.text();
    expect(ready.status === 503, `${gateway} is not ready with a wrong clock (${ready.status})`);
    wallClocks.set(gateway, 0);
    const from = Date.now();
    await eventually(
      `${gateway} accepts again`,
      async () => {
        const answer = await post(stack.urlOf(gateway), token);
        return answer.kind === 'accepted' || notYet(answer);
      },
      { deadlineMs: 20_000, everyMs: 200 },
    );
    await components.ready(gateway);
    note(`${gateway} accepted ${Date.now() - from} ms after its clock was mended`);
  }
}

/** Outside of what the checker of the load looks at. */
const tenantOf = ({ run }: FaultContext): string => `clocks-${run}`;

const post = (baseUrl: string, token: string): Promise<Answer> =>
  write({ method: 'POST', url: `${baseUrl}/v1/posts`, token, body: { content: 'What time is it?' } });

const told = (answer: Answer): string =>
  answer.kind === 'refused' ? `${answer.status} ${answer.code}` : answer.kind;

async function pageStatus(baseUrl: string, token: string): Promise<number> {
  const answer = await fetch(`${baseUrl}/v1/posts?limit=5`, {
    headers: { authorization: `Bearer ${token}` },
  });
  await answer.text();
  return answer.status;
}

/** Unix milliseconds of a UUIDv7. */
const timeOf = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

function fail(): never {
  throw new Error('the fault was not prepared, or the stack has no gateway');
}
