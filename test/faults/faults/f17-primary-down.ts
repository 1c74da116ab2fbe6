import type { Fault } from '../fault.js';
import { endedBefore, expectAccepted, expectHonestJobs } from '../job-answers.js';

const DOWN_MS = 20_000;
const DOWN_LONG_MS = 60_000;

export const primaryDown: Fault = {
  id: 'F17',
  title: 'primary down 60 s, restarted',
  how: 'pg_ctl immediate',
  async run(context) {
    const { stack, components, primary, injected, healed, hold, note, long } = context;
    const [node] = stack.ofRole('postgres-primary');
    if (!node) throw new Error('the stack has no primary');
    const ended = endedBefore(context);
    injected();
    const downAt = Date.now();
    // SIGQUIT is what `pg_ctl stop -m immediate` sends; the supervisor is told to leave it down.
    components.signal(node.name, 'SIGQUIT');
    await components.supervisor('stop', node.name);
    await hold((long ? DOWN_LONG_MS : DOWN_MS) / 2);
    await expectHonestJobs(context, ended);
    await hold(Math.max(0, downAt + (long ? DOWN_LONG_MS : DOWN_MS) - Date.now()));
    const upAt = Date.now();
    const accepted = expectAccepted(context, downAt, upAt - 1_000);
    await components.supervisor('start', node.name);
    await primary.up();
    healed();
    note(
      `the primary was down for ${((upAt - downAt) / 1000).toFixed(0)} s; ${accepted} posts were accepted meanwhile`,
    );
  },
  async cleanUp({ stack, components }) {
    for (const { name, pid } of stack.ofRole('postgres-primary')) {
      if (pid === 0) await components.supervisor('start', name);
    }
  },
};
