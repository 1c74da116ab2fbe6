import { parsed, type Field } from '@spillway/config';

/** Addresses of every Postgres node, by shard. Which of them is the primary is discovered, not configured. */
export type ShardNodes = ReadonlyMap<string, readonly string[]>;

/** `shard=url|url;shard=url`: every node of every shard, each through its own pooler. */
export const shardNodes = (name: string, about: string): Field<ShardNodes> =>
  parsed(name, { about, secret: true }, (text) => {
    const nodes = new Map<string, readonly string[]>();
    for (const part of text.split(';')) {
      const at = part.indexOf('=');
      const shard = part.slice(0, at).trim();
      const urls = part
        .slice(at + 1)
        .split('|')
        .map((url) => url.trim());
      if (at < 1 || !urls.every((url) => URL.canParse(url) && /^postgres(ql)?:/.test(url))) {
        throw new Error('must be shard=postgres://…|postgres://…[;shard=…]');
      }
      nodes.set(shard, urls);
    }
    return nodes;
  });
