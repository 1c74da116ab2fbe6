import { Random } from '../../faults/random.js';

export interface SyntheticOptions {
  readonly tenant: string;
  readonly posts: number;
  /** Unix milliseconds between which they were written, evenly. */
  readonly from: number;
  readonly to: number;
  readonly seed: number;
}

/** One post as lines of COPY's text format. */
export interface SyntheticPost {
  readonly post: string;
  readonly tags: readonly string[];
}

const AUTHORS = 10_000;
const CHANNELS = 200;
const TAGS = 1_000;
/** Of ten posts, so many have a channel, a tag, and answer another. */
const WITH_CHANNEL = 9;
const WITH_TAG = 4;
const WITH_REPLY = 2;
/** Answers are to one of so many posts before. */
const RECENT = 1_000;
const TEXTS = 64;
const WORDS = 'water letter engine winter table stone river morning number queue answer people light'.split(
  ' ',
);

/** Columns in the order of the lines. */
export const POST_COLUMNS =
  'tenant_id, id, author_id, channel_id, reply_to, content, content_version, tags, tags_version, command_id';
export const TAG_COLUMNS = 'tenant_id, tag, post_id';

/** Few names are used much and many little, as by Zipf's law: the first gets about a tenth of everything. */
const skewed = (random: Random, count: number): number =>
  Math.floor(count ** (random.below(1_000_000) / 1_000_000)) - 1;

/** Posts with ascending ids, the same for the same seed. */
export function* syntheticPosts({
  tenant,
  posts,
  from,
  to,
  seed,
}: SyntheticOptions): Generator<SyntheticPost> {
  const random = new Random(seed);
  const texts = Array.from({ length: TEXTS }, () => sentence(random));
  const recent: string[] = [];
  for (let n = 0; n < posts; n++) {
    const id = idAt(from + ((to - from) * n) / posts, random);
    const channel = random.below(10) < WITH_CHANNEL ? `channel-${skewed(random, CHANNELS)}` : '\\N';
    const parent = random.below(10) < WITH_REPLY ? (recent[random.below(RECENT)] ?? '\\N') : '\\N';
    const tags = random.below(10) < WITH_TAG ? [`tag-${skewed(random, TAGS)}`] : [];
    const author = `author-${skewed(random, AUTHORS)}`;
    const cells = [tenant, id, author, channel, parent, texts[n % TEXTS], id, `{${tags.join(',')}}`, id, id];
    recent[n % RECENT] = id;
    yield { post: `${cells.join('\t')}\n`, tags: tags.map((tag) => `${tenant}\t${tag}\t${id}\n`) };
  }
}

function idAt(timeMs: number, random: Random): string {
  const time = Math.floor(timeMs).toString(16).padStart(12, '0');
  const bits = (digits: number): string =>
    random
      .below(16 ** digits)
      .toString(16)
      .padStart(digits, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${bits(3)}-8${bits(3)}-${bits(6)}${bits(6)}`;
}

function sentence(random: Random): string {
  let text = '';
  while (text.length < 200) text += `${WORDS[random.below(WORDS.length)] ?? ''} `;
  return text.trim();
}
