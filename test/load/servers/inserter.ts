import { Pool } from 'pg';

const BATCH_MS = 2;
const BATCH_MAX = 500;
/** Batches on their way at once; posts that come meanwhile gather. */
const CONNECTIONS = 4;

export interface NewPost {
  readonly tenant: string;
  readonly id: string;
  readonly author: string;
  readonly content: string;
  readonly channelId?: string;
}

interface Waiting {
  readonly post: NewPost;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A table like `posts`, so that the product's own is not filled beside its writer. */
const CREATE = `
  DROP TABLE IF EXISTS bench_posts;
  CREATE TABLE bench_posts (LIKE posts INCLUDING ALL)`;
const INSERT = `
  INSERT INTO bench_posts (tenant_id, id, author_id, channel_id, content, content_version, tags_version, command_id)
  SELECT tenant_id, id, author_id, channel_id, content, id, id, id
  FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[]) AS g(tenant_id, id, author_id, channel_id, content)
  ON CONFLICT DO NOTHING`;

/** Gathers posts into batches; each batch is one statement and one commit on the primary. */
export class Inserter {
  private waiting: Waiting[] = [];
  private timer: NodeJS.Timeout | undefined;
  private running = 0;

  private constructor(private readonly pool: Pool) {}

  static async open(url: string): Promise<Inserter> {
    const pool = new Pool({ connectionString: url, max: CONNECTIONS });
    await pool.query(CREATE);
    return new Inserter(pool);
  }

  /** Resolves when the post is committed. @throws whatever the database answers. */
  insert(post: NewPost): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ post, resolve, reject });
      if (this.waiting.length >= BATCH_MAX) this.flush();
      else
        this.timer ??= setTimeout(() => {
          this.flush();
        }, BATCH_MS);
    });
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.running >= CONNECTIONS || this.waiting.length === 0) return;
    const batch = this.waiting.splice(0, BATCH_MAX);
    this.running++;
    void this.write(batch.map(({ post }) => post))
      .then(
        () => {
          for (const { resolve } of batch) resolve();
        },
        (error: unknown) => {
          for (const { reject } of batch) reject(error);
        },
      )
      .finally(() => {
        this.running--;
        this.flush();
      });
  }

  private async write(posts: readonly NewPost[]): Promise<void> {
    await this.pool.query({
      name: 'insert',
      text: INSERT,
      values: [
        posts.map((p) => p.tenant),
        posts.map((p) => p.id),
        posts.map((p) => p.author),
        posts.map((p) => p.channelId ?? null),
        posts.map((p) => p.content),
      ],
    });
  }
}
