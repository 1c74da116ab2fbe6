import { ArrayMaxSize, IsArray } from 'class-validator';
import {
  CHANNEL_ID,
  CONTENT_MAX_CODE_POINTS,
  PRINCIPAL_ID,
  TAG_MAX_CODE_POINTS,
  TAGS_MAX,
} from '@spillway/contracts';
import { IsUuidText, MayBeAbsent, Storable, TextForm, TextLength } from '@spillway/http';

export class CreatePostDto {
  @Storable()
  @TextLength(1, CONTENT_MAX_CODE_POINTS)
  content!: string;

  @MayBeAbsent()
  @TextForm(CHANNEL_ID, '1 to 64 of A-Z a-z 0-9 _ -')
  channelId?: string;

  @MayBeAbsent()
  @IsUuidText()
  replyTo?: string;

  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(TAGS_MAX)
  @Storable({ each: true })
  @TextLength(1, TAG_MAX_CODE_POINTS, { each: true })
  tags?: string[];
}

export class PutPostDto extends CreatePostDto {
  /** Only with the role `importer`. */
  @MayBeAbsent()
  @TextForm(PRINCIPAL_ID, '1 to 64 of A-Z a-z 0-9 _ . : @ -')
  authorId?: string;
}
