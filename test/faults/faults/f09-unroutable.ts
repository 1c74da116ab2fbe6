import type { Binding } from '../broker.js';
import type { Fault, FaultContext } from '../fault.js';

const UNBOUND_MS = 5_000;
let unbound: readonly Binding[] = [];

/** The broker confirms what it cannot route: a gateway that believes the confirm loses the post. */
export const unroutable: Fault = {
  id: 'F9',
  title: 'unroutable',
  how: 'unbind the queue',
  async run({ broker, history, injected, healed, hold, expect }) {
    const bindings = await broker.bindingsOf('posts');
    expect(bindings.length > 0, 'the exchange posts had bindings');
    injected();
    unbound = bindings;
    await broker.with(async (channel) => {
      for (const b of bindings) await channel.unbindQueue(b.destination, b.source, b.routing_key);
    });
    const from = Date.now();
    await hold(UNBOUND_MS);
    const to = Date.now();
    await bindAgain(broker);
    healed();
    const meanwhile = history.sentBetween(from, to);
    const accepted = meanwhile.filter((r) => r.answer.kind === 'accepted').length;
    const refused = meanwhile.filter((r) => r.answer.kind === 'refused' && r.answer.status === 503).length;
    expect(meanwhile.length > 0, 'requests were sent while the queue was unbound');
    expect(accepted === 0, `never 202 (${accepted} were)`);
    expect(refused === meanwhile.length, `always 503 (${refused} of ${meanwhile.length})`);
  },
  cleanUp: ({ broker }) => bindAgain(broker),
};

async function bindAgain(broker: FaultContext['broker']): Promise<void> {
  if (unbound.length === 0) return;
  await broker.with(async (channel) => {
    for (const b of unbound) await channel.bindQueue(b.destination, b.source, b.routing_key);
  });
  unbound = [];
}
