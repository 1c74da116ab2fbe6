import type { Ticket } from '@spillway/contracts/server';
import type { KnownOutcome } from './find-outcomes.js';

/** Looks up many commands of one tenant at once: one outcome a ticket, in order. */
export type Look = (tenant: string, tickets: readonly Ticket[]) => Promise<readonly KnownOutcome[]>;

interface Asking {
  readonly ticket: Ticket;
  readonly resolve: (outcome: KnownOutcome) => void;
  readonly reject: (error: unknown) => void;
}

const TOGETHER_MAX = 200;

/**
 * Asks for all jobs of a tenant that wait at a moment in one look. While a look is under way, whoever
 * comes waits for the next one: an answer is never older than its question, and however many clients
 * poll, a tenant takes one place of the primary's budget.
 */
export class OutcomeLookups {
  private readonly waiting = new Map<string, Asking[]>();
  private readonly underWay = new Set<string>();

  constructor(private readonly look: Look) {}

  find(tenant: string, ticket: Ticket): Promise<KnownOutcome> {
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

  private async answer(tenant: string, asking: readonly Asking[]): Promise<void> {
    try {
      const outcomes = await this.look(
        tenant,
        asking.map(({ ticket }) => ticket),
      );
      asking.forEach(({ resolve, reject }, place) => {
        const outcome = outcomes[place];
        if (outcome) resolve(outcome);
        else reject(new Error('a look left a ticket without an outcome'));
      });
    } catch (error) {
      for (const { reject } of asking) reject(error);
    }
  }
}
