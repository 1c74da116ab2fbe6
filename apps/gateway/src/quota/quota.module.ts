import { Module, type DynamicModule } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { QuotaGuard } from './quota.guard.js';
import { Quota } from './quota.js';

/** Puts the quota before every route. It must be imported after `AuthModule`: guards run in that order. */
@Module({})
export class QuotaModule {
  static register(quota: Quota): DynamicModule {
    return {
      module: QuotaModule,
      providers: [
        { provide: Quota, useValue: quota },
        QuotaGuard,
        { provide: APP_GUARD, useExisting: QuotaGuard },
      ],
      exports: [Quota, QuotaGuard],
    };
  }
}
