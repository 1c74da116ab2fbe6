import { randomUUID } from 'node:crypto';
import { uuidV7, type CreatePost } from '@spillway/contracts';
import { encodeEnvelope } from '@spillway/contracts/server';
import type { Router } from '@spillway/database';
import type { BatchEntry } from '@spillway/messaging';
import type { BatchWriter } from '../posts/batch-writer.js';
import { batchOf, entriesOf, shown, writerFixture, type WriterFixture } from './writer-fixture.js';

/** A writer, posts to write with it, and what is stored of them. */
export interface PostsFixture extends WriterFixture {
  readonly router: Router;
  readonly writer: BatchWriter;
  readonly tenant: string;
  readonly create: (fields?: Partial<CreatePost>, post?: Partial<CreatePost['post']>) => CreatePost;
  /** Writes a batch in which each command is a message of its own. @returns the outcomes in words. */
  readonly write: (commands: readonly CreatePost[], by?: BatchWriter) => Promise<string[]>;
  /** The rows of these posts by their id. */
  readonly posts: (ids: readonly string[]) => Promise<ReadonlyMap<string, StoredRow>>;
  readonly outcomeRow: (commandId: string) => Promise<OutcomeRow | undefined>;
}

export interface StoredRow {
  readonly id: string;
  readonly content: string;
  readonly tags: string[];
  readonly command_id: string;
  readonly deleted_by: string | null;
}

export interface OutcomeRow {
  readonly outcome: string;
  readonly code: string | null;
}

export async function postsFixture(name: string): Promise<PostsFixture> {
  const fixture = await writerFixture(name);
  const { database } = fixture;
  const router = await fixture.openRouter();
  const writer = fixture.writerOn(router);
  const tenant = `spec-${randomUUID()}`;
  return {
    ...{ ...fixture, router, writer, tenant },
    create: (fields = {}, post = {}) => {
      const postId = fields.postId ?? uuidV7();
      return {
        kind: 'post.create',
        commandId: postId,
        postId,
        tenantId: tenant,
        actor: { sub: 'alice', moderator: false },
        acceptedAt: Date.now(),
        ...fields,
        post: { authorId: 'alice', content: 'hello', tags: [], ...post },
      };
    },
    write: async (commands, by = writer) =>
      (await by.write(batchOf(commands.map((command) => entryOf(encodeEnvelope([command])))))).map(shown),
    posts: async (ids) => {
      const rows = await database.query<StoredRow>(
        'SELECT id, content, tags, command_id, deleted_by FROM posts WHERE tenant_id = $1 AND id = ANY($2)',
        [tenant, ids],
      );
      return new Map(rows.map((row) => [row.id, row]));
    },
    outcomeRow: async (commandId) => {
      const rows = await database.query<OutcomeRow>(
        'SELECT outcome, code FROM command_outcomes WHERE tenant_id = $1 AND command_id = $2',
        [tenant, commandId],
      );
      return rows[0];
    },
  };
}

/** The one entry of a message with this body. */
export function entryOf(body: Buffer): BatchEntry {
  const [entry] = entriesOf(body);
  if (!entry) throw new Error('the message holds nothing');
  return entry;
}
