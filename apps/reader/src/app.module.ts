import { Module, type DynamicModule } from '@nestjs/common';
import { AuthModule, type TokenVerifier } from '@spillway/auth';
import type { SigningKeys } from '@spillway/contracts/server';
import { ChangesController } from './changes/changes.controller.js';
import { DeadLettersController } from './dead-letters/dead-letters.controller.js';
import { GetJobController } from './jobs/get-job.controller.js';
import { JobEventsController } from './jobs/job-events.controller.js';
import { JobReader } from './jobs/job-reader.js';
import { JobStreams } from './jobs/job-streams.js';
import { JobWaiter } from './jobs/job-waiter.js';
import { GetPostController } from './posts/get-post.controller.js';
import { CURSOR_KEYS, ListPostsController } from './posts/list-posts.controller.js';
import { TenantPages } from './pages/tenant-pages.js';
import { RevocationsController } from './revocations/revocations.controller.js';
import { SearchController } from './search/search.controller.js';
import { StatsController } from './stats/stats.controller.js';
import { TagsController } from './tags/tags.controller.js';
import { TenantReads } from './tenant-reads.js';
import { JobTimelineController } from './timeline/job-timeline.controller.js';
import { TopController } from './top/top.controller.js';

export interface ReaderParts {
  readonly verifier: TokenVerifier;
  readonly reads: TenantReads;
  readonly pages: TenantPages;
  readonly jobs: JobReader;
  readonly waiter: JobWaiter;
  readonly streams: JobStreams;
  readonly cursorKeys: SigningKeys;
}

@Module({})
export class AppModule {
  static with({ verifier, reads, pages, jobs, waiter, streams, cursorKeys }: ReaderParts): DynamicModule {
    return {
      module: AppModule,
      imports: [AuthModule.register(verifier)],
      controllers: [
        ListPostsController,
        TopController,
        GetPostController,
        SearchController,
        TagsController,
        StatsController,
        ChangesController,
        GetJobController,
        JobEventsController,
        JobTimelineController,
        DeadLettersController,
        RevocationsController,
      ],
      providers: [
        { provide: TenantReads, useValue: reads },
        { provide: TenantPages, useValue: pages },
        { provide: JobReader, useValue: jobs },
        { provide: JobWaiter, useValue: waiter },
        { provide: JobStreams, useValue: streams },
        { provide: CURSOR_KEYS, useValue: cursorKeys },
      ],
    };
  }
}
