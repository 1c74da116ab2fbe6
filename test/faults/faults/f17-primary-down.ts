import type { Fault } from '../fault.js';
import type { RequestRecord } from '../history.js';

const DOWN_MS = 20_000;
const DOWN_LONG_MS = 60_000;
const SAMPLE = 20;

export const primaryDown: Fault = {
  id: 'F17',
  title: 'primary down 60 s, restarted',
  how: 'pg_ctl immediate',
  async run(context) {
    const { stack, components, primary, followers, history, injected, healed, hold, expect, note, long } =
      context;
    const [node] = stack.ofRole('postgres-primary');
    if (!node) throw new Error('the stack has no primary');
    const known = history.requests
      .filter((r) => r.answer.kind === 'accepted' && r.t1 < Date.now() - 1_500)
      .slice(-SAMPLE);
    injected();
    const downAt = Date.now();
    // SIGQUIT is what `pg_ctl stop -m immediate` sends; the supervisor is told to leave it down.
    components.signal(node.name, 'SIGQUIT');
    await components.supervisor('stop', node.name);
    await hold((long ? DOWN_LONG_MS : DOWN_MS) / 2);
    const fresh = history
      .sentBetween(Date.now() - 3_000, Date.now() - 1_000)
      .filter((r) => r.answer.kind === 'accepted');
    const open = await statusesOf(fresh.slice(-SAMPLE));
    expect(open.length > 0, 'there were posts accepted while the primary was down');
    expect(
      open.every((o) => o === '503 database_unavailable'),
      `jobs without a known outcome answer 503 database_unavailable (${summary(open)})`,
    );
    const before = await statusesOf(known);
    expect(
      before.every((o) => o === '200 completed'),
      `jobs that had ended are still known (${summary(before)})`,
    );
    await hold(Math.max(0, downAt + (long ? DOWN_LONG_MS : DOWN_MS) - Date.now()));
    const upAt = Date.now();
    const meanwhile = history.sentBetween(downAt, upAt - 1_000);
    const accepted = meanwhile.filter((r) => r.answer.kind === 'accepted').length;
    expect(accepted === meanwhile.length, `202 went on all the time (${accepted} of ${meanwhile.length})`);
    await components.supervisor('start', node.name);
    await primary.up();
    healed();
    note(
      `the primary was down for ${((upAt - downAt) / 1000).toFixed(0)} s; ${accepted} posts were accepted meanwhile`,
    );

    async function statusesOf(requests: readonly RequestRecord[]): Promise<readonly string[]> {
      const looks = await Promise.all(requests.map((r) => followers.look(r)));
      return looks.map(
        (l) => `${l.httpStatus ?? 'none'} ${l.status === 'unavailable' ? (l.code ?? '') : l.status}`,
      );
    }
  },
  async cleanUp({ stack, components }) {
    for (const { name, pid } of stack.ofRole('postgres-primary')) {
      if (pid === 0) await components.supervisor('start', name);
    }
  },
};

/** How often each answer occurred. */
function summary(answers: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  return [...counts].map(([answer, n]) => `${n} × ${answer}`).join(', ');
}
