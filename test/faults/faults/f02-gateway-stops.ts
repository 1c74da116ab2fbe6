import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@spillway/testing';
import type { Fault } from '../fault.js';
import type { RequestRecord } from '../history.js';

const GRACE_MS = 15_000;
const IN_HAND = 60;
let cutAtEdge: readonly RequestRecord[] = [];

export const gatewayStops: Fault = {
  id: 'F2',
  title: 'gateway stops under load',
  how: 'SIGTERM',
  async run({ stack, components, load, history, injected, healed, hold, expect, note }) {
    const name = stack.ofRole('gateway')[0]?.name ?? '';
    const url = stack.urlOf(name);
    // Open connections first: a connection that is not yet accepted when listening ends has started nothing.
    await Promise.all(Array.from({ length: IN_HAND }, () => load.sendTo(url)));
    // Posts that shared a message are answered together, and the client learns only then which are free again.
    await hold(200);
    const exitsBefore = exits(stack.dir, name).length;
    const inHand = Array.from({ length: IN_HAND }, () => load.sendTo(url));
    await hold(15);
    injected();
    const stoppedAt = Date.now();
    const before = components.signal(name, 'SIGTERM');
    const answers = await Promise.all(inHand);
    const cut = answers.filter((r) => r.answer.kind === 'unknown');
    expect(cut.length === 0, `each of ${IN_HAND} requests in its hand was answered (${cut.length} were not)`);
    await components.gone(before, GRACE_MS + 1_000);
    const goneAt = Date.now();
    expect(goneAt - stoppedAt <= GRACE_MS, `it ended within the grace time (after ${goneAt - stoppedAt} ms)`);
    const [last] = await eventually('the supervisor says how it ended', () => {
      const seen = exits(stack.dir, name);
      return seen.length > exitsBefore ? seen.slice(-1) : null;
    });
    expect(last === '0', `it ended with exit status 0 (it was ${last ?? 'unknown'})`);
    await components.restarted(before);
    healed();
    await components.ready(name);
    cutAtEdge = history
      .sentBetween(stoppedAt - 1_000, goneAt)
      .filter((r) => r.method === 'POST' && !answers.includes(r) && r.answer.kind === 'unknown');
    note(`${cutAtEdge.length} POSTs through the edge were cut off`);
  },
  // A connection that lies in the kernel's queue when listening ends is reset; its request was never begun.
  async after({ primary, expect }) {
    const markers = cutAtEdge.map((r) => r.marker);
    const stored = await primary.storedWith(markers);
    expect(stored === 0, `a request that was cut off at the edge had not been begun (${stored} were stored)`);
  },
};

/** How this process ended, each time, as supervisord wrote it down. */
function exits(stackDir: string, name: string): readonly string[] {
  const log = readFileSync(join(stackDir, 'log', 'supervisord.log'), 'utf8');
  return [...log.matchAll(/exited: (\S+) \((?:exit status (\d+)|terminated by (\w+))/g)]
    .filter(([, who]) => who === name)
    .map(([, , status, signal]) => status ?? signal ?? '');
}
