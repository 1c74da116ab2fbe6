import { MayBeAbsent } from '@spillway/http';
import { TimeText } from '../query-time.js';

/** The query of `GET /v1/stats`; anything else in it is refused. */
export class StatsDto {
  /** Inclusive. */
  @MayBeAbsent()
  @TimeText()
  since?: string;

  /** Exclusive. */
  @MayBeAbsent()
  @TimeText()
  until?: string;
}
