import type { Fault } from '../fault.js';

/** Each gateway in turn; what it had in hand is repeated by the load under the same id (checked as I7). */
export const gatewayDies: Fault = {
  id: 'F1',
  title: 'gateway dies',
  how: 'kill -9',
  async run({ stack, components, history, injected, healed, hold, expect }) {
    for (const { name } of stack.ofRole('gateway')) {
      injected();
      const killedAt = Date.now();
      const before = components.signal(name, 'SIGKILL');
      await components.restarted(before);
      healed();
      await components.ready(name);
      const backAt = Date.now();
      const meanwhile = history.sentBetween(killedAt + 200, backAt);
      const accepted = meanwhile.filter((r) => r.answer.kind === 'accepted').length;
      expect(accepted > meanwhile.length / 2, `while ${name} was away the other accepted most posts`);
      await hold(2_000);
    }
    const again = history.requests.filter((r) => r.attempt > 1 && r.answer.kind === 'accepted');
    expect(again.length > 0, 'a request that was cut off was repeated and accepted');
  },
};
