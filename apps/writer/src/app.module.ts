import { Module, type DynamicModule } from '@nestjs/common';
import { DeadLettersController } from './dead-letters/dead-letters.controller.js';
import { DeadLetterLanding } from './dead-letters/land-dead-letters.js';
import { BatchWriter } from './posts/batch-writer.js';
import { CommandsController } from './posts/commands.controller.js';

/** What the controllers need, made before Nest because the transport needs it too. */
export interface WriterParts {
  readonly batchWriter: BatchWriter;
  readonly deadLetters: DeadLetterLanding;
}

@Module({})
export class AppModule {
  static with({ batchWriter, deadLetters }: WriterParts): DynamicModule {
    return {
      module: AppModule,
      controllers: [CommandsController, DeadLettersController],
      providers: [
        { provide: BatchWriter, useValue: batchWriter },
        { provide: DeadLetterLanding, useValue: deadLetters },
      ],
    };
  }
}
