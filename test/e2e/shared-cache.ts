import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePort } from '@spillway/testing';

export interface SharedCache {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * A cache that callers share, in front of `origin` (nginx). It keeps what it may; the headers named in
 * `deafTo` it disregards, and then keeps every answer for a minute.
 */
export async function startSharedCache(origin: string, deafTo: readonly string[] = []): Promise<SharedCache> {
  const dir = mkdtempSync(join(tmpdir(), 'spec-cache-'));
  const port = await freePort();
  const deaf =
    deafTo.length === 0 ? '' : `proxy_ignore_headers ${deafTo.join(' ')}; proxy_cache_valid any 1m;`;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${dir}/${name};`)
    .join('\n');
  writeFileSync(
    join(dir, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${dir}/pid; error_log stderr crit;
     ${process.getuid?.() === 0 ? 'user root;' : ''}
     events { worker_connections 256; }
     http {
       access_log off; ${temporary}
       proxy_cache_path ${dir}/kept keys_zone=kept:1m;
       server {
         listen 127.0.0.1:${port};
         location / {
           proxy_cache kept; proxy_cache_key $request_uri; ${deaf}
           add_header X-Cache $upstream_cache_status always;
           proxy_http_version 1.1; proxy_set_header Connection "";
           proxy_pass ${origin};
         }
       }
     }`,
  );
  const cache = spawn('nginx', ['-c', join(dir, 'nginx.conf'), '-e', 'stderr'], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  await eventually('the cache answers', async () => (await fetch(`${url}/health/live`)).ok);
  return {
    url,
    async close() {
      cache.kill('SIGTERM');
      await once(cache, 'exit');
      rmSync(dir, { recursive: true });
    },
  };
}
