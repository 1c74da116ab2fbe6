import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { ENVELOPE_TYPE } from '@spillway/contracts/server';
import type { Batch, Outcome } from '@spillway/messaging';
import { BatchWriter } from './batch-writer.js';

@Controller()
export class CommandsController {
  constructor(private readonly writer: BatchWriter) {}

  @EventPattern<string>(ENVELOPE_TYPE)
  write(@Payload() batch: Batch): Promise<readonly Outcome[]> {
    return this.writer.write(batch);
  }
}
