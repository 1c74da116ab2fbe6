import { gatewayUrl, orderOf, type Bench } from './bench.js';

/** A rate is sustained when, at its end, no more posts wait than arrive in this time. */
const BACKLOG_MS = 200;
const BACKLOG_MIN = 300;
const TRIALS = 5;

/** The greatest rate, in posts a second, that is also committed: searched once in a run. */
export class Sustained {
  private found: number | null = null;

  async rate(bench: Bench): Promise<number> {
    this.found ??= await search(bench);
    return this.found;
  }
}

async function search(bench: Bench): Promise<number> {
  const { client, counters, log } = bench;
  const url = gatewayUrl(bench);
  const committedBefore = await counters.committed();
  const flat = await client.run(orderOf(bench, url));
  const committed = (await counters.committed()) - committedBefore;
  await counters.drained();
  let good = ((committed * 1000) / flat.elapsedMs) * 0.7;
  let bad = (flat.acceptedInTime * 1000) / flat.elapsedMs;
  for (let trial = 0; trial < TRIALS && bad - good > bad * 0.05; trial++) {
    const rate = (good + bad) / 2;
    if (await holds(bench, rate)) good = rate;
    else bad = rate;
  }
  log(`  sustained: ${Math.round(good)} posts/s`);
  return good;
}

async function holds(bench: Bench, rate: number): Promise<boolean> {
  const { client, counters } = bench;
  const result = await client.run(orderOf(bench, gatewayUrl(bench), { rate }));
  const backlog = await counters.backlog();
  await counters.drained();
  return (
    result.accepted.count >= result.due * 0.98 && backlog <= Math.max(BACKLOG_MIN, (rate * BACKLOG_MS) / 1000)
  );
}
