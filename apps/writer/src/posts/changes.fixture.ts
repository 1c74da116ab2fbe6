import type { Command, CreatePost } from '@spillway/contracts';
import { earlierCreation } from '../spec/commands.js';
import { postsFixture, type PostsFixture } from '../spec/posts-fixture.js';
import type { BatchWriter } from './batch-writer.js';

/** Two writers, posts to change with them, and what becomes of those. */
export interface ChangesFixture extends Pick<
  PostsFixture,
  'database' | 'results' | 'tenant' | 'write' | 'close'
> {
  readonly other: BatchWriter;
  /** A post of some seconds ago, so that every edit is later. */
  readonly create: (post?: Partial<CreatePost['post']>) => CreatePost;
  /** The same, or the one given, written. */
  readonly stored: (post?: CreatePost) => Promise<CreatePost>;
  readonly rowOf: (of: Pick<Command, 'postId'>) => Promise<ChangedRow | undefined>;
  /** How a command ended and with which code, or undefined when nothing is recorded of it. */
  readonly recorded: (of: Pick<Command, 'commandId'>) => Promise<string | undefined>;
}

export interface ChangedRow {
  readonly content: string;
  readonly content_version: string;
  readonly tags: string[];
  readonly tags_version: string;
  readonly deleted_by: string | null;
  readonly command_id: string;
  /** The table of tags. */
  readonly tagged: string[];
}

export async function changesFixture(name: string): Promise<ChangesFixture> {
  const fixture = await postsFixture(name);
  const { database, tenant, write } = fixture;
  const create: ChangesFixture['create'] = (post) => earlierCreation(tenant, { tags: ['a', 'b'], ...post });
  return {
    ...fixture,
    other: fixture.writerOn(await fixture.openRouter()),
    create,
    async stored(post = create()) {
      const [said] = await write([post]);
      if (said !== 'committed') throw new Error(`the post is not stored, but ${said}`);
      return post;
    },
    async rowOf({ postId }) {
      const rows = await database.query<ChangedRow>(
        `SELECT content, content_version, tags, tags_version, deleted_by, command_id,
                ARRAY(SELECT tag FROM post_tags t WHERE t.tenant_id = p.tenant_id AND t.post_id = p.id ORDER BY tag) AS tagged
         FROM posts p WHERE tenant_id = $1 AND id = $2`,
        [tenant, postId],
      );
      return rows[0];
    },
    async recorded({ commandId }) {
      const rows = await database.query<{ said: string }>(
        `SELECT concat_ws(' ', outcome, code) AS said FROM command_outcomes WHERE tenant_id = $1 AND command_id = $2`,
        [tenant, commandId],
      );
      return rows[0]?.said;
    },
  };
}
