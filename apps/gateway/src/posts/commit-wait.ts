import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Result, Results, ResultWaits } from '@spillway/cache';
import type { Command } from '@spillway/contracts';
import type { HeldRequests } from '@spillway/http';

export interface CommitWaitParts {
  readonly results: Results;
  readonly waits: ResultWaits;
  readonly held: HeldRequests;
}

/** One look may fail under load; so many in a row, and Redis is away. */
const FAILED_LOOKS_MAX = 3;
const LOOK_AGAIN_MS = 250;

/** Waits for accepted commands to be carried out, as Redis tells it: the gateway has no database. */
export class CommitWait {
  constructor(private readonly parts: CommitWaitParts) {}

  /** Whether Redis answers that it has no result of the command. */
  async isNew({ tenantId, commandId }: Command): Promise<boolean> {
    const found = await this.parts.results.find(tenantId, commandId);
    return found.ok && found.value === null;
  }

  /**
   * How the command ended, or null: not within the time, too many wait here already, the client is gone,
   * Redis is away, or all that it says is that the command ended. Never throws.
   */
  async resultOf(
    command: Command,
    seconds: number,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<Result | null> {
    const held = this.parts.held.hold(command.tenantId, request, reply);
    if (typeof held === 'string') return null;
    const until = performance.now() + seconds * 1_000;
    const listening = this.parts.waits.listen(command.commandId);
    try {
      let ended = false;
      for (let failed = 0; ;) {
        const found = await this.parts.results.find(command.tenantId, command.commandId);
        failed = found.ok ? 0 : failed + 1;
        const leftMs = until - performance.now();
        const known = found.ok && (ended || found.value !== null);
        if (known || failed >= FAILED_LOOKS_MAX || leftMs <= 0 || held.signal.aborted)
          return found.ok ? found.value : null;
        const news = await listening.next(found.ok ? leftMs : Math.min(leftMs, LOOK_AGAIN_MS), held.signal);
        ended ||= news === 'ended';
      }
    } finally {
      listening.end();
      held.release();
    }
  }
}
