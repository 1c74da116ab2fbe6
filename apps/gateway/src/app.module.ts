import { Module, type DynamicModule } from '@nestjs/common';
import { AuthModule, type TokenVerifier } from '@spillway/auth';
import { RevokedTokens } from '@spillway/cache';
import { HealthRegistry } from '@spillway/health';
import { BatchAcceptor } from './batch/accept-batch.js';
import { BatchPostsController } from './batch/batch-posts.controller.js';
import { ActOnLetterController } from './dead-letters/act-on-letter.controller.js';
import { HealthController } from './health/health.controller.js';
import { QueueFiguresReader } from './health/queue-figures.js';
import { ApiPages } from './openapi/api-pages.js';
import { DocumentsController } from './openapi/documents.controller.js';
import { CommandAcceptor } from './posts/accept-command.js';
import { WriteAnswers } from './posts/answer-after-wait.js';
import { ChangePostController } from './posts/change-post.controller.js';
import { CreateOnce } from './posts/create-once.js';
import { CreatePostController } from './posts/create-post.controller.js';
import { PutPostController } from './posts/put-post.controller.js';
import type { Quota } from './quota/quota.js';
import { QuotaModule } from './quota/quota.module.js';
import { RevokeTokenController } from './revocations/revoke-token.controller.js';

export interface GatewayParts {
  readonly verifier: TokenVerifier;
  readonly revokedTokens: RevokedTokens;
  readonly quota: Quota;
  readonly acceptor: CommandAcceptor;
  readonly once: CreateOnce;
  readonly answers: WriteAnswers;
  readonly health: HealthRegistry;
  readonly queue: QueueFiguresReader;
}

@Module({})
export class AppModule {
  static with({
    verifier,
    revokedTokens,
    quota,
    acceptor,
    once,
    answers,
    health,
    queue,
  }: GatewayParts): DynamicModule {
    return {
      module: AppModule,
      imports: [AuthModule.register(verifier), QuotaModule.register(quota)],
      controllers: [
        CreatePostController,
        BatchPostsController,
        PutPostController,
        ChangePostController,
        ActOnLetterController,
        RevokeTokenController,
        HealthController,
        DocumentsController,
      ],
      providers: [
        BatchAcceptor,
        { provide: ApiPages, useFactory: () => ApiPages.load() },
        { provide: RevokedTokens, useValue: revokedTokens },
        { provide: CommandAcceptor, useValue: acceptor },
        { provide: CreateOnce, useValue: once },
        { provide: WriteAnswers, useValue: answers },
        { provide: HealthRegistry, useValue: health },
        { provide: QueueFiguresReader, useValue: queue },
      ],
    };
  }
}
