import { mintToken } from '@spillway/testing';
import { Random } from '../faults/random.js';

const SEED = 7;
const BODIES = 64;
const WORDS =
  'the of post queue write when many answer after river stone letter winter engine table morning number'.split(
    ' ',
  );

/** Bodies of posts whose content has this many bytes: words in an order of their own each, so that they pack like text. */
export function makeBodies(contentBytes: number): readonly string[] {
  const random = new Random(SEED);
  return Array.from({ length: BODIES }, (_, n) => {
    let content = `${n}:`;
    while (content.length < contentBytes) content += ` ${WORDS[random.below(WORDS.length)] ?? ''}`;
    return JSON.stringify({ content: content.slice(0, contentBytes), channelId: `channel-${n % 8}` });
  });
}

/** Tokens of this many authors, ten to a tenant, in the order in which they are used. */
export async function makeTokens(stackDir: string, count: number, run: string): Promise<readonly string[]> {
  const tokens: string[] = [];
  for (let n = 0; n < count; n++)
    tokens.push(
      await mintToken(stackDir, { tenant: `bench-${run}-${Math.floor(n / 10)}`, sub: `author-${n}` }),
    );
  return tokens;
}
