import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { Batch, Outcome } from '@spillway/messaging';
import { DeadLetterLanding } from './land-dead-letters.js';

export const DEAD_LETTERS_PATTERN = 'posts.dead';

@Controller()
export class DeadLettersController {
  constructor(private readonly landing: DeadLetterLanding) {}

  @EventPattern<string>(DEAD_LETTERS_PATTERN)
  land(@Payload() batch: Batch): Promise<readonly Outcome[]> {
    return this.landing.land(batch);
  }
}
