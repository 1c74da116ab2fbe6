import { MayBeAbsent, TextForm } from '@spillway/http';
import { PutPostDto } from '../posts/post.dto.js';

export class BatchItemDto extends PutPostDto {
  /** Minted by the client: the item is then what a `PUT` under this id is. Its time is checked later. */
  @MayBeAbsent()
  @TextForm(/^[0-9A-Fa-f-]{36}$/, 'a UUIDv7')
  id?: string;
}
