import { SetMetadata } from '@nestjs/common';

export const COUNTED_BY_HANDLER = 'spillway:counted-by-handler';

/** The handler counts its posts itself, with `QuotaGuard.count`: a batch is as many as it has items. */
export const CountedByHandler = () => SetMetadata(COUNTED_BY_HANDLER, true);
