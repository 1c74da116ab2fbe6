import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { POST_COLUMNS, syntheticPosts, TAG_COLUMNS, type SyntheticOptions } from './generate.js';

const CHUNK_BYTES = 256 * 1024;
const PROGRESS_EVERY = 500_000;

/**
 * Loads synthetic posts by COPY, past the product: no search, no counts, no change feed.
 * @param url of a superuser of the primary. Holds credentials: never print it.
 * @throws Error with what psql said.
 */
export async function copyPosts(
  url: string,
  options: SyntheticOptions,
  log: (line: string) => void,
): Promise<void> {
  const posts = copy(url, `COPY posts (${POST_COLUMNS}) FROM STDIN`);
  const tags = copy(url, `COPY post_tags (${TAG_COLUMNS}) FROM STDIN`);
  let count = 0;
  try {
    for (const row of syntheticPosts(options)) {
      await posts.write(row.post);
      for (const tag of row.tags) await tags.write(tag);
      if (++count % PROGRESS_EVERY === 0) log(`  ${count / 1e6} of ${options.posts / 1e6} million posts`);
    }
  } finally {
    await Promise.all([posts.end(), tags.end()]);
  }
}

interface Copy {
  write(line: string): Promise<void>;
  end(): Promise<void>;
}

function copy(url: string, command: string): Copy {
  const { hostname, port, username, password, pathname } = new URL(url);
  const where = ['-h', hostname, '-p', port, '-U', decodeURIComponent(username), '-d', pathname.slice(1)];
  const child = spawn('psql', [...where, '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-c', command], {
    env: { ...process.env, PGPASSWORD: decodeURIComponent(password) },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  // What went wrong is told by its exit.
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close') as Promise<[number | null]>;
  let held = '';
  return {
    async write(line) {
      held += line;
      if (held.length < CHUNK_BYTES) return;
      const chunk = held;
      held = '';
      if (!child.stdin.write(chunk)) await Promise.race([once(child.stdin, 'drain'), ended]);
    },
    async end() {
      child.stdin.end(held);
      const [code] = await ended;
      if (code !== 0) throw new Error(`psql ended with ${code}: ${said.trim()}`);
    },
  };
}
