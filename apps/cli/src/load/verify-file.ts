import type { Post } from '@spillway/contracts';
import { ConsistencyTokens, SpillwayError, type SpillwayClient } from '@spillway/client';
import type { ImportPost } from './import-line.js';
import { isInvalid, postsOfFile } from './posts-of-file.js';
import { Mishaps } from './tally.js';

export interface VerifySettings {
  readonly file: string;
  readonly client: Pick<SpillwayClient, 'getPost'>;
  readonly tokens: ConsistencyTokens;
  readonly concurrency: number;
  readonly signal: AbortSignal;
  /** Told after every post that was read back. */
  readonly onChecked?: (checked: number) => void;
}

export interface Verified {
  readonly checked: number;
  readonly mismatches: Mishaps;
}

/**
 * Reads every post of a file back over HTTP, with the newest consistency token, and compares it with its line.
 * @throws the signal's reason when it is aborted, and the file system's errors.
 */
export async function verifyFile(settings: VerifySettings): Promise<Verified> {
  const { client, tokens, signal } = settings;
  const mismatches = new Mishaps();
  let checked = 0;
  const lines = postsOfFile(settings.file);
  const checkAll = async (): Promise<void> => {
    for await (const { line, post } of lines) {
      if (isInvalid(post)) continue;
      const difference = await readBack(client, post, tokens.newest(), signal);
      if (difference !== null) mismatches.add({ line, postId: post.id, ...difference });
      settings.onChecked?.(++checked);
    }
  };
  await Promise.all(Array.from({ length: settings.concurrency }, checkAll));
  return { checked, mismatches };
}

interface Difference {
  readonly code: string;
  readonly detail: string;
}

async function readBack(
  client: VerifySettings['client'],
  wanted: ImportPost,
  consistencyToken: string | undefined,
  signal: AbortSignal,
): Promise<Difference | null> {
  try {
    return differenceBetween(wanted, await client.getPost(wanted.id, { consistencyToken, signal }));
  } catch (error) {
    if (error instanceof SpillwayError) return { code: error.code, detail: error.detail };
    throw error;
  }
}

/** The first property in which a stored post differs from its line, or null. */
export function differenceBetween({ id, createdAtMs, body }: ImportPost, post: Post): Difference | null {
  const createdAt = new Date(createdAtMs).toISOString();
  const compared: [name: string, wanted: unknown, stored: unknown][] = [
    ['id', id, post.id],
    ['content', body.content, post.content],
    ['authorId', body.authorId, post.authorId],
    ['channelId', body.channelId ?? null, post.channelId],
    ['tags', JSON.stringify(body.tags), JSON.stringify(post.tags)],
    ['createdAt', createdAt, post.createdAt],
  ];
  const found = compared.find(([, wanted, stored]) => wanted !== stored);
  if (!found) return null;
  const [name, wanted, stored] = found;
  return { code: `other_${name}`, detail: `${name} is ${shown(stored)}, the line says ${shown(wanted)}` };
}

const shown = (value: unknown): string => JSON.stringify(value).slice(0, 120);
