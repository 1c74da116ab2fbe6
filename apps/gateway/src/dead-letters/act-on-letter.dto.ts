import { REASON_MAX_CODE_POINTS } from '@spillway/contracts';
import { Storable, TextLength } from '@spillway/http';

/** The body of a replay or a discard. */
export class ActOnLetterDto {
  @Storable()
  @TextLength(1, REASON_MAX_CODE_POINTS)
  why!: string;
}
