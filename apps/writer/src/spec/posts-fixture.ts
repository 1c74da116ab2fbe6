import { randomUUID } from 'node:crypto';
import type { Command, CreatePost } from '@spillway/contracts';
import type { Router } from '@spillway/database';
import type { BatchEntry } from '@spillway/messaging';
import type { BatchWriter } from '../posts/batch-writer.js';
import { creation } from './commands.js';
import { batchOfCommands, entriesOf, shown, writerFixture, type WriterFixture } from './writer-fixture.js';

/** A writer, posts to write with it, and what is stored of them. */
export interface PostsFixture extends WriterFixture {
  readonly router: Router;
  readonly writer: BatchWriter;
  readonly tenant: string;
  readonly create: (
    fields?: Partial<Omit<CreatePost, 'post'>>,
    post?: Partial<CreatePost['post']>,
  ) => CreatePost;
  /** Writes a batch in which each command is a message of its own. @returns the outcomes in words. */
  readonly write: (commands: readonly Command[], by?: BatchWriter) => Promise<string[]>;
  /** The rows of these posts by their id. */
  readonly posts: (ids: readonly string[]) => Promise<ReadonlyMap<string, StoredRow>>;
  readonly outcomeRow: (commandId: string) => Promise<OutcomeRow | undefined>;
  /** The dead letters of a message, or with this payload. */
  readonly letterOf: (messageId: string | undefined, payload?: Buffer) => Promise<LetterRow[]>;
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

export interface LetterRow {
  readonly reason: string;
  readonly attempts: number;
  readonly payload: Buffer;
  readonly command_id: string | null;
}

export async function postsFixture(name: string): Promise<PostsFixture> {
  const fixture = await writerFixture(name);
  const { database } = fixture;
  const router = await fixture.openRouter();
  const writer = fixture.writerOn(router);
  const tenant = `spec-${randomUUID()}`;
  return {
    ...{ ...fixture, router, writer, tenant },
    create: (fields = {}, post = {}) => creation(tenant, post, fields),
    write: async (commands, by = writer) => (await by.write(batchOfCommands(commands))).map(shown),
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
    letterOf: (messageId, payload) =>
      database.query<LetterRow>(
        'SELECT reason, attempts, payload, command_id FROM dead_letters WHERE message_id::text = $1 OR payload = $2',
        [messageId, payload ?? null],
      ),
  };
}

/** The one entry of a message with this body. */
export function entryOf(body: Buffer): BatchEntry {
  const [entry] = entriesOf(body);
  if (!entry) throw new Error('the message holds nothing');
  return entry;
}
