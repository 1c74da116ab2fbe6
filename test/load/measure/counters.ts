import { eventually, notYet, type Stack } from '@spillway/testing';
import { feedFollowed } from './feed.js';

const SCRAPE_DEADLINE_MS = 5_000;

/** The sum of a counter's series in Prometheus' text format; 0 when it has none. */
export function sumOf(text: string, counter: string): number {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${counter}{`) || line.startsWith(`${counter} `))
    .reduce((sum, line) => sum + Number(/\} ([^ ]+)|^[^{ ]+ ([^ ]+)/.exec(line)?.slice(1).find(Boolean)), 0);
}

/** Posts that the apps themselves counted. */
export class Counters {
  private base = { accepted: 0, committed: 0 };

  constructor(private readonly stack: Stack) {}

  /** Posts that the broker confirmed, since `rebase`. */
  async accepted(): Promise<number> {
    return (await this.acceptedSoFar()) - this.base.accepted;
  }

  /** Posts that were committed, since `rebase`. */
  async committed(): Promise<number> {
    return (await this.sum('writer', 'posts_committed_total')) - this.base.committed;
  }

  async backlog(): Promise<number> {
    return (await this.accepted()) - (await this.committed());
  }

  /** Counts anew from here. To be called while nothing is on its way. */
  async rebase(): Promise<void> {
    this.base = { accepted: 0, committed: 0 };
    this.base = { accepted: await this.accepted(), committed: await this.committed() };
  }

  /** Waits until all that was accepted is committed, and derived from. */
  async drained(deadlineMs = 180_000): Promise<void> {
    const look = async (): Promise<true | ReturnType<typeof notYet>> => {
      const backlog = await this.backlog();
      return backlog <= 0 || notYet({ backlog });
    };
    await eventually('all accepted posts are committed', look, { deadlineMs, everyMs: 250 });
    await feedFollowed(this.stack.urlOf('postgres-primary'), deadlineMs);
  }

  protected acceptedSoFar(): Promise<number> {
    return this.sum('gateway', 'posts_accepted_total');
  }

  private async sum(role: 'gateway' | 'writer', counter: string): Promise<number> {
    const running = this.stack.ofRole(role).filter(({ pid }) => pid > 1);
    const texts = await Promise.all(running.map(({ adminUrl }) => scrape(`${adminUrl ?? ''}/metrics`)));
    return texts.reduce((total, text) => total + sumOf(text, counter), 0);
  }
}

/** For gateways that may have no metrics: accepted is what the load was answered 202. */
export class TalliedCounters extends Counters {
  private tallied = 0;

  tell(accepted: number): void {
    this.tallied += accepted;
  }

  protected override acceptedSoFar(): Promise<number> {
    return Promise.resolve(this.tallied);
  }
}

async function scrape(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(SCRAPE_DEADLINE_MS) });
  if (!answer.ok) throw new Error(`${answer.status} instead of metrics`);
  return answer.text();
}
