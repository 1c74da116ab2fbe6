import { ArrayMaxSize, IsArray } from 'class-validator';
import { CONTENT_MAX_CODE_POINTS, TAG_MAX_CODE_POINTS, TAGS_MAX } from '@spillway/contracts';
import { MayBeAbsent, Storable, TextLength } from '@spillway/http';

/** The body of a PATCH: the new value of each field that changes. */
export class EditPostDto {
  @MayBeAbsent()
  @Storable()
  @TextLength(1, CONTENT_MAX_CODE_POINTS)
  content?: string;

  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(TAGS_MAX)
  @Storable({ each: true })
  @TextLength(1, TAG_MAX_CODE_POINTS, { each: true })
  tags?: string[];
}
