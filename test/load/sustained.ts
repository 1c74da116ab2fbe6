import { gatewayUrl, orderOf, type Bench } from './bench.js';

/** A rate is sustained when, at its end, no more posts wait than arrive in this time. */
const BACKLOG_MS = 200;
const BACKLOG_MIN = 300;
const TRIALS = 5;

interface Found {
  readonly peak: number;
  readonly sustained: number;
}

/** What the system can do at most, in posts a second: searched once in a run, when it is first needed. */
export class Sustained {
  private found: Found | null = null;
  /** What the last block of the gateway alone accepted, in posts a second. */
  private lately = Infinity;

  /** The greatest rate that is also committed. */
  async rate(bench: Bench): Promise<number> {
    this.found ??= await search(bench);
    return this.found.sustained;
  }

  /** What one gateway accepts while writers work, whatever waits meanwhile. */
  async peak(bench: Bench): Promise<number> {
    this.found ??= await search(bench);
    return this.found.peak;
  }

  /** A block has shown what one gateway accepts at most now: this machine changes within a run. */
  sawPeak(acceptedPerSecond: number): void {
    this.lately = acceptedPerSecond;
  }

  /** The greatest rate that is also committed and not above what the gateway accepted lately. */
  async rateNow(bench: Bench): Promise<number> {
    return Math.min(await this.rate(bench), this.lately);
  }
}

async function search(bench: Bench): Promise<Found> {
  const { client, counters, log } = bench;
  const committedBefore = await counters.committed();
  const flat = await client.run(orderOf(bench, gatewayUrl(bench)));
  const committed = (await counters.committed()) - committedBefore;
  await counters.drained();
  const peak = (flat.acceptedInTime * 1000) / flat.elapsedMs;
  let good = ((committed * 1000) / flat.elapsedMs) * 0.7;
  let bad = peak;
  for (let trial = 0; trial < TRIALS && bad - good > bad * 0.05; trial++) {
    const rate = (good + bad) / 2;
    if (await holds(bench, rate)) good = rate;
    else bad = rate;
  }
  log(`  peak ${Math.round(peak)} accepted/s; sustained ${Math.round(good)} posts/s`);
  return { peak, sustained: good };
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
