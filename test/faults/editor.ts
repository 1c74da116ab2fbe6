import { uuidV7 } from '@spillway/contracts';
import type { Change, ChangedRow } from './edit-checker.js';
import type { Answer } from './history.js';
import { write } from './http.js';
import type { Primary } from './primary.js';
import type { Random } from './random.js';

const ATTEMPTS_MAX = 20;
const RETRY_MS = 100;

export interface EditorOptions {
  /** Gateways, asked at random. */
  readonly urls: readonly string[];
  readonly token: string;
  readonly random: Random;
}

/** A post under an id of the client's. */
export interface EditedPost {
  readonly id: string;
  readonly content: string;
  readonly tags: readonly string[];
}

/** An author who changes posts through whichever gateway is asked, and remembers what was accepted. */
export class Editor {
  readonly changes: Change[] = [];
  /** Answers that were neither 202 nor unknown. */
  readonly refusals: string[] = [];
  private count = 0;

  constructor(private readonly options: EditorOptions) {}

  /** A post that is not created yet. */
  begin(n: number): EditedPost {
    return { id: uuidV7(), content: `post ${n} as it began`, tags: ['begun'] };
  }

  async create({ id, content, tags }: EditedPost): Promise<void> {
    await this.send('PUT', id, 'create', { content, tags });
  }

  async edit({ id }: EditedPost, what: 'content' | 'tags' | 'both'): Promise<void> {
    const n = ++this.count;
    await this.send('PATCH', id, 'edit', {
      ...(what === 'tags' ? {} : { content: `edit ${n}` }),
      ...(what === 'content' ? {} : { tags: [`edit-${n}`] }),
    });
  }

  async delete({ id }: EditedPost): Promise<void> {
    await this.send('DELETE', id, 'delete');
  }

  /** What the primary holds of the tenant. */
  async rows(primary: Primary, tenant: string): Promise<readonly ChangedRow[]> {
    return primary.with(async (client) => {
      const { rows } = await client.query<ChangedRow>(
        `SELECT id, content, content_version AS "contentVersion", tags, tags_version AS "tagsVersion",
                deleted_by AS "deletedBy" FROM posts WHERE tenant_id = $1`,
        [tenant],
      );
      return rows;
    });
  }

  /** What was refused with 503 has no effect, so it may be sent again. */
  private async untilTaken(send: () => Promise<Answer>): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const answer = await send();
      if (answer.kind !== 'refused' || answer.status !== 503 || attempt === ATTEMPTS_MAX) return answer;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS * attempt));
    }
  }

  private async send(
    method: 'PUT' | 'PATCH' | 'DELETE',
    postId: string,
    kind: Change['kind'],
    body?: { readonly content?: string; readonly tags?: readonly string[] },
  ): Promise<void> {
    const { urls, token, random } = this.options;
    const url = `${urls[random.below(urls.length)] ?? ''}/v1/posts/${postId}`;
    const answer = await this.untilTaken(() => write({ method, url, token, body }));
    if (answer.kind === 'refused') {
      this.refusals.push(`${kind}: ${answer.status} ${answer.code}`);
      return;
    }
    // Of a creation the post's own id is the first version of its fields.
    const commandId = answer.kind === 'unknown' ? null : kind === 'create' ? postId : answer.commandId;
    this.changes.push({ postId, kind, commandId, ...body });
  }
}
