import type { FastifyReply, FastifyRequest } from 'fastify';
import { holdTime } from './hold-time.js';

export interface HeldRequestsOptions {
  /** In this process. */
  readonly max: number;
  readonly maxPerTenant: number;
}

/** Whose limit is reached, or that the process stops. */
export type HoldRefusal = 'process' | 'tenant' | 'stopping';

/** A request that is kept open on purpose. */
export interface Held {
  /** Aborts when the client is gone or the process stops. */
  readonly signal: AbortSignal;
  /** To be called once it is answered; more calls do nothing. */
  release(): void;
}

/**
 * The requests that are kept open on purpose, to wait for something: a bounded number, of which each
 * ends when its client goes away, and all at once when the process stops.
 */
export class HeldRequests {
  private readonly held = new Set<AbortController>();
  private readonly byTenant = new Map<string, number>();
  private stopping = false;

  constructor(private readonly options: HeldRequestsOptions) {}

  get size(): number {
    return this.held.size;
  }

  hold(tenant: string, request: FastifyRequest, reply: FastifyReply): Held | HoldRefusal {
    if (this.stopping) return 'stopping';
    if (this.held.size >= this.options.max) return 'process';
    const ofTenant = this.byTenant.get(tenant) ?? 0;
    if (ofTenant >= this.options.maxPerTenant) return 'tenant';
    this.byTenant.set(tenant, ofTenant + 1);
    const controller = new AbortController();
    this.held.add(controller);
    const goOn = holdTime(request);
    const gone = (): void => controller.abort();
    reply.raw.once('close', gone);
    if (reply.raw.destroyed) gone();
    return {
      signal: controller.signal,
      release: () => {
        if (!this.held.delete(controller)) return;
        reply.raw.off('close', gone);
        goOn();
        this.leave(tenant);
      },
    };
  }

  /** Lets go of all that are held, and holds no more. */
  stop(): void {
    this.stopping = true;
    for (const controller of this.held) controller.abort();
  }

  private leave(tenant: string): void {
    const left = (this.byTenant.get(tenant) ?? 1) - 1;
    if (left > 0) this.byTenant.set(tenant, left);
    else this.byTenant.delete(tenant);
  }
}
