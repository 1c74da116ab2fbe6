import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Span } from '@opentelemetry/api';
import { Injectable } from '@nestjs/common';
import type { Principal } from '@spillway/auth';
import type { Command } from '@spillway/contracts';
import { encodeEnvelopes, type EncodedEnvelope, processClock } from '@spillway/contracts/server';
import { ProblemError, type BodyItems } from '@spillway/http';
import { CommandAcceptor } from '../posts/accept-command.js';
import { BatchResults } from './batch-results.js';
import { commandOfItem } from './item-command.js';

export interface BatchRequest {
  readonly principal: Principal;
  readonly items: BodyItems;
  readonly requestId: string;
  readonly span: Span | undefined;
}

/** Messages of one request that wait for their confirm at once. */
const MESSAGES_AT_ONCE = 4;
/** Items that are read without letting other requests have a turn: about half a millisecond. */
const ITEMS_A_TURN = 64;

/** Takes many posts of one request to the bulk lane, where they never stand before a single post. */
@Injectable()
export class BatchAcceptor {
  constructor(private readonly acceptor: CommandAcceptor) {}

  /**
   * Resolves when for every item it is known what became of it.
   * @throws ProblemError 503 while the gate is closed.
   */
  async accept({ principal, items, requestId, span }: BatchRequest): Promise<BatchResults> {
    this.acceptor.requireOpen(items.length);
    span?.setAttributes({ 'app.tenant': principal.tenant, 'app.batch_posts': items.length });
    const results = new BatchResults(requestId);
    const places = new Map<Command, number>();
    const now = processClock.now();
    for (let place = 0; place < items.length; place++) {
      if (place > 0 && place % ITEMS_A_TURN === 0) await nextTurn();
      try {
        places.set(commandOfItem(items.read(place), principal, now), place);
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        results.fault(place, error);
      }
    }
    await this.publish(encodeEnvelopes([...places.keys()]), places, results);
    return results;
  }

  private async publish(
    envelopes: readonly EncodedEnvelope[],
    places: ReadonlyMap<Command, number>,
    results: BatchResults,
  ): Promise<void> {
    const waiting = envelopes.values();
    const publishAll = async (): Promise<void> => {
      for (const envelope of waiting) await this.publishOne(envelope, places, results);
    };
    await Promise.all(Array.from({ length: MESSAGES_AT_ONCE }, publishAll));
  }

  private async publishOne(
    envelope: EncodedEnvelope,
    places: ReadonlyMap<Command, number>,
    results: BatchResults,
  ): Promise<void> {
    const placeOf = (command: Command): number => places.get(command) ?? -1;
    try {
      await this.acceptor.publish(envelope, 'bulk');
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      return results.refuse(envelope.commands.map(placeOf), error);
    }
    for (const command of envelope.commands)
      results.accept(placeOf(command), this.acceptor.jobOf(command).jobId);
  }
}
