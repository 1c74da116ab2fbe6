import type { Fault } from '../fault.js';

export const brokerDies: Fault = {
  id: 'F4',
  title: 'broker dies, returns',
  how: 'kill -9',
  recoverWithinMs: 30_000,
  async run({ components, broker, history, injected, healed, expect, note }) {
    injected();
    const killedAt = Date.now();
    const before = components.signal('rabbitmq', 'SIGKILL');
    await components.restarted(before);
    await broker.up();
    healed();
    note(`the broker was away for ${((Date.now() - killedAt) / 1000).toFixed(1)} s`);
    await components.allReady();
    // The first second holds what was in flight; until the first 202 nobody can accept anything.
    const back = history.requests.find((r) => r.t0 > killedAt + 1_000 && r.answer.kind === 'accepted')?.t0;
    const meanwhile = history.sentBetween(killedAt + 1_000, (back ?? Date.now()) - 500);
    const refused = meanwhile.filter((r) => r.answer.kind === 'refused' && r.answer.status === 503);
    expect(meanwhile.length > 0, 'requests were sent while the broker was away');
    expect(
      refused.length === meanwhile.length,
      `new requests were refused with 503 (${refused.length} of ${meanwhile.length})`,
    );
    const slow = refused.filter((r) => r.t1 - r.t0 > 1_000);
    expect(slow.length === 0, `at once (${slow.length} took more than a second)`);
  },
};
