import type { Fault, FaultContext } from '../fault.js';

const IN_HAND = 40;

/** Each gateway in turn. What it had in hand is repeated under the same id and must be the same command. */
export const gatewayDies: Fault = {
  id: 'F1',
  title: 'gateway dies',
  how: 'kill -9',
  async run(context) {
    for (const { name } of context.stack.ofRole('gateway')) await killOne(context, name);
  },
};

async function killOne(context: FaultContext, name: string): Promise<void> {
  const { stack, components, load, history, injected, healed, hold, expect, note } = context;
  const url = stack.urlOf(name);
  // Open connections first, so that the requests are in its hand when it dies.
  await Promise.all(Array.from({ length: IN_HAND }, () => load.sendTo(url)));
  const inHand = Array.from({ length: IN_HAND }, () => load.sendTo(url, 'PUT'));
  await hold(15);
  injected();
  const killedAt = Date.now();
  const before = components.signal(name, 'SIGKILL');
  const first = await Promise.all(inHand);
  const cut = first.filter((r) => r.answer.kind === 'unknown');
  const again = await Promise.all(first.map((r) => load.repeat(r)));
  const accepted = again.filter((r) => r.answer.kind === 'accepted').length;
  note(`${cut.length} of ${IN_HAND} requests in the hand of ${name} were cut off`);
  expect(cut.length > 0, `${name} had requests in its hand when it died`);
  expect(
    accepted === IN_HAND,
    `repeated at once under the same id all were accepted (${accepted} of ${IN_HAND})`,
  );
  await components.restarted(before);
  healed();
  await components.ready(name);
  const meanwhile = history.sentBetween(killedAt + 200, Date.now());
  const served = meanwhile.filter((r) => r.answer.kind === 'accepted').length;
  expect(served > meanwhile.length / 2, `while ${name} was away the other accepted most posts`);
  await hold(2_000);
}
