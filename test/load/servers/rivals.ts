/**
 * Ways to read a page that ours is compared with, behind a Fastify without tokens and without row-level security:
 * a page by offset, a filter without an index, and TypeORM's own `replication`.
 */
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { DataSource, EntitySchema, IsNull } from 'typeorm';
import { LISTEN } from './listen.js';

export interface RivalSetup {
  /** Hold credentials: never print them. */
  readonly primary: string;
  readonly replica: string;
  readonly tenants: readonly string[];
  readonly offset: number;
}

interface Row {
  id: string;
  tenantId: string;
  authorId: string;
  channelId: string | null;
  replyTo: string | null;
  content: string;
  tags: string[];
  deletedBy: string | null;
}

const PostRow = new EntitySchema<Row>({
  name: 'posts',
  columns: {
    tenantId: { name: 'tenant_id', type: 'text', primary: true },
    id: { type: 'uuid', primary: true },
    authorId: { name: 'author_id', type: 'text' },
    channelId: { name: 'channel_id', type: 'text', nullable: true },
    replyTo: { name: 'reply_to', type: 'uuid', nullable: true },
    content: { type: 'text' },
    tags: { type: 'text', array: true },
    deletedBy: { name: 'deleted_by', type: 'uuid', nullable: true },
  },
});
const PAGE = 20;

async function serve({ primary, replica, tenants, offset }: RivalSetup): Promise<string> {
  const source = new DataSource({
    type: 'postgres',
    replication: { master: { url: primary }, slaves: [{ url: replica }] },
    entities: [PostRow],
    installExtensions: false,
    poolSize: 10,
  });
  await source.initialize();
  const posts = source.getRepository(PostRow);
  let asked = 0;
  const tenantId = (): string => tenants[asked++ % tenants.length] ?? '';
  const app = Fastify({ logger: false });
  app.get('/typeorm', async () =>
    posts.find({ where: { tenantId: tenantId(), deletedBy: IsNull() }, order: { id: 'DESC' }, take: PAGE }),
  );
  app.get('/offset', async () =>
    posts.find({
      where: { tenantId: tenantId(), deletedBy: IsNull() },
      order: { id: 'DESC' },
      take: PAGE,
      skip: offset,
    }),
  );
  app.get('/unindexed', async () =>
    posts
      .createQueryBuilder('post')
      .where('post.tenantId = :tenantId AND post.content LIKE :text', {
        tenantId: tenantId(),
        text: '%no post says this%',
      })
      .orderBy('post.id', 'DESC')
      .limit(PAGE)
      .getMany(),
  );
  await app.listen(LISTEN);
  const { port } = app.server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

process.on('message', (setup: RivalSetup) => {
  void serve(setup).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
