import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Command, CreatePost } from '@spillway/contracts';
import { postsFixture, type PostsFixture } from '../spec/posts-fixture.js';
import type { BatchWriter } from './batch-writer.js';

describe('idempotency keys', () => {
  let fixture: PostsFixture;
  let results: PostsFixture['results'];
  let write: PostsFixture['write'];
  let tenant: string;
  let other: BatchWriter;

  beforeAll(async () => {
    fixture = await postsFixture('keys');
    ({ results, tenant, write } = fixture);
    await fixture.database.query(`ALTER TABLE posts ADD CONSTRAINT posts_spec CHECK (content <> 'poison')`);
    other = fixture.writerOn(await fixture.openRouter());
  });
  afterAll(() => fixture.close());

  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  const create = (
    key: string,
    content = 'once',
    fields: Parameters<PostsFixture['create']>[0] = {},
  ): CreatePost =>
    fixture.create(
      { idempotency: { keyHash: sha256(key), bodyHash: sha256(content) }, ...fields },
      { content, tags: ['k'] },
    );
  const storedOf = async (commands: readonly CreatePost[]): Promise<string[]> => {
    const rows = await fixture.database.query<{ id: string }>(
      'SELECT id FROM posts WHERE tenant_id = $1 AND id = ANY($2) ORDER BY id',
      [tenant, commands.map(({ postId }) => postId)],
    );
    return rows.map(({ id }) => id);
  };
  const outcomeOf = async ({ commandId }: Command) => {
    const rows = await fixture.database.query(
      'SELECT outcome, code, post_id FROM command_outcomes WHERE tenant_id = $1 AND command_id = $2',
      [tenant, commandId],
    );
    return rows[0] as unknown;
  };

  it('make a second command with the same body the alias of the first', async () => {
    const key = randomUUID();
    const [first, second] = [create(key), create(key)];
    expect(await write([first])).toEqual(['committed']);
    expect(await write([second])).toEqual([`alias ${first.postId}`]);
    expect(await storedOf([first, second])).toEqual([first.postId]);
    expect(await outcomeOf(first)).toBeUndefined();
    expect(await outcomeOf(second)).toEqual({ outcome: 'alias', code: null, post_id: first.postId });
    expect(await results.get(tenant, second.commandId)).toMatchObject({
      ended: 'completed',
      postId: first.postId,
    });
    expect(await write([second, first])).toEqual([`alias ${first.postId}`, 'duplicate']);
  });

  it('do so within one batch too, the first one winning', async () => {
    const key = randomUUID();
    const [first, second, third] = [create(key), create(key), create(key, 'another')];
    expect(await write([first, second, third, first])).toEqual([
      'committed',
      `alias ${first.postId}`,
      'rejected idempotency_key_reused',
      'duplicate',
    ]);
    expect(await storedOf([first, second, third])).toEqual([first.postId]);
  });

  it('refuse a second command with another body', async () => {
    const key = randomUUID();
    const [first, second] = [create(key), create(key, 'another')];
    await write([first]);
    expect(await write([second])).toEqual(['rejected idempotency_key_reused']);
    expect(await storedOf([first, second])).toEqual([first.postId]);
    expect(await outcomeOf(second)).toMatchObject({ outcome: 'rejected', code: 'idempotency_key_reused' });
    expect(await results.get(tenant, second.commandId)).toMatchObject({ code: 'idempotency_key_reused' });
  });

  it('change nothing for the same command delivered again', async () => {
    const command = create(randomUUID());
    expect(await write([command, command])).toEqual(['committed', 'duplicate']);
    expect(await write([command])).toEqual(['duplicate']);
    expect(await outcomeOf(command)).toBeUndefined();
  });

  it('belong to their author and tenant', async () => {
    const key = randomUUID();
    const commands = [
      create(key),
      create(key, 'once', { actor: { sub: 'bob', moderator: false } }),
      create(key, 'once', { tenantId: `${tenant}-other` }),
    ];
    expect(await write(commands)).toEqual(['committed', 'committed', 'committed']);
  });

  it('bind nothing when the post of the first command is refused by the database', async () => {
    const key = randomUUID();
    expect(await write([create(key, 'poison'), create(randomUUID())])).toEqual([
      'rejected data_rejected',
      'committed',
    ]);
    expect(await write([create(key, 'right')])).toEqual(['committed']);
  });

  it('used by two writers at once make one post each, without a deadlock', async () => {
    for (let round = 0; round < 8; round++) {
      const keys = Array.from({ length: 100 }, () => randomUUID());
      const [one, two] = [keys.map((key) => create(key)), keys.map((key) => create(key)).reverse()];
      const [byOne, byTwo] = await Promise.all([write(one), write(two, other)]);
      const said = [...byOne, ...byTwo];
      expect(said.filter((outcome) => outcome === 'committed')).toHaveLength(100);
      const stored = await storedOf([...one, ...two]);
      expect(stored).toHaveLength(100);
      const aliases = said.filter((outcome) => outcome !== 'committed');
      expect(aliases.sort()).toEqual(stored.map((id) => `alias ${id}`));
    }
  });
});
