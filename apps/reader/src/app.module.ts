import { Module, type DynamicModule } from '@nestjs/common';
import { AuthModule, type TokenVerifier } from '@spillway/auth';
import type { SigningKeys } from '@spillway/contracts/server';
import { DeadLettersController } from './dead-letters/dead-letters.controller.js';
import { GetJobController } from './jobs/get-job.controller.js';
import { JobReader } from './jobs/job-reader.js';
import { GetPostController } from './posts/get-post.controller.js';
import { CURSOR_KEYS, ListPostsController } from './posts/list-posts.controller.js';
import { TenantReads } from './tenant-reads.js';

export interface ReaderParts {
  readonly verifier: TokenVerifier;
  readonly reads: TenantReads;
  readonly jobs: JobReader;
  readonly cursorKeys: SigningKeys;
}

@Module({})
export class AppModule {
  static with({ verifier, reads, jobs, cursorKeys }: ReaderParts): DynamicModule {
    return {
      module: AppModule,
      imports: [AuthModule.register(verifier)],
      controllers: [ListPostsController, GetPostController, GetJobController, DeadLettersController],
      providers: [
        { provide: TenantReads, useValue: reads },
        { provide: JobReader, useValue: jobs },
        { provide: CURSOR_KEYS, useValue: cursorKeys },
      ],
    };
  }
}
