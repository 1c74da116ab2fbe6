import { DiscardLetterHandler } from './dead-letters/discard-letter.handler.js';
import { ReplayLetterHandler } from './dead-letters/replay-letter.handler.js';
import type { CommandHandlers } from './posts/command-handler.js';
import { CreatePostHandler } from './posts/create-post.handler.js';
import { DeletePostHandler } from './posts/delete-post.handler.js';
import { EditPostHandler } from './posts/edit-post.handler.js';
import { RevokeTokenHandler } from './revocations/revoke-token.handler.js';

/** A handler for every kind of command. */
export const commandHandlers = (): CommandHandlers => ({
  'post.create': new CreatePostHandler(),
  'post.edit': new EditPostHandler(),
  'post.delete': new DeletePostHandler(),
  'dead_letter.replay': new ReplayLetterHandler(),
  'dead_letter.discard': new DiscardLetterHandler(),
  'token.revoke': new RevokeTokenHandler(),
});
