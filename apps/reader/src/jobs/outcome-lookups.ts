import type { Ticket } from '@spillway/contracts/server';

/** Looks up many commands of one tenant at once: one answer a ticket, in order. */
export type Look<T> = (tenant: string, tickets: readonly Ticket[]) => Promise<readonly T[]>;

interface Asking<T> {
  readonly ticket: Ticket;
  readonly resolve: (found: T) => void;
  readonly reject: (error: unknown) => void;
}

const TOGETHER_MAX = 200;

/**
 * Asks for all jobs of a tenant that wait at a moment in one look. While a look is under way, whoever
 * comes waits for the next one: an answer is never older than its question, and however many clients
 * poll and wait, a tenant takes one connection.
 */
export class OutcomeLookups<T extends object> {
  private readonly waiting = new Map<string, Asking<T>[]>();
  private readonly underWay = new Set<string>();

  constructor(private readonly look: Look<T>) {}

  find(tenant: string, ticket: Ticket): Promise<T> {
    return new Promise((resolve, reject) => {
      const queue = this.waiting.get(tenant) ?? [];
      queue.push({ ticket, resolve, reject });
      this.waiting.set(tenant, queue);
      if (!this.underWay.has(tenant)) void this.work(tenant);
    });
  }

  private async work(tenant: string): Promise<void> {
    this.underWay.add(tenant);
    for (let queue = this.waiting.get(tenant); queue?.length; queue = this.waiting.get(tenant)) {
      await this.answer(tenant, queue.splice(0, TOGETHER_MAX));
    }
    this.waiting.delete(tenant);
    this.underWay.delete(tenant);
  }

  private async answer(tenant: string, asking: readonly Asking<T>[]): Promise<void> {
    try {
      const found = await this.look(
        tenant,
        asking.map(({ ticket }) => ticket),
      );
      asking.forEach(({ resolve, reject }, place) => {
        const answer = found[place];
        if (answer) resolve(answer);
        else reject(new Error('a look left a ticket without an answer'));
      });
    } catch (error) {
      for (const { reject } of asking) reject(error);
    }
  }
}
