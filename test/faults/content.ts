import type { Random } from './random.js';

/** Texts that have hurt somebody: many scripts, combining marks, direction marks, quoting, line ends. */
const SAMPLES = [
  'The quick brown fox jumps over the lazy dog.',
  'Съешь же ещё этих мягких французских булок, да выпей чаю.',
  'نص حكيم له سر قاطع وذو شأن عظيم مكتوب على ثوب أخضر',
  'דג סקרן שט בים מאוכזב ולפתע מצא לו חברה',
  '視野無限廣，窗外有藍天。いろはにほへと ちりぬるを',
  'ऋषियों को सताने वाले दुष्ट राक्षसों के राजा रावण का',
  'เป็นมนุษย์สุดประเสริฐเลิศคุณค่า กว่าบรรดาฝูงสัตว์เดรัจฉาน',
  '다람쥐 헌 쳇바퀴에 타고파',
  'Ξεσκεπάζω τὴν ψυχοφθόρα βδελυγμία. Příliš žluťoučký kůň.',
  '👩🏽‍🚀 👨‍👩‍👧‍👦 ❤️ ❤︎ 🏴󠁧󠁢󠁳󠁣󠁴󠁿 Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!',
  `'; DROP TABLE posts; -- "{}" \\N \\. $$ \${jndi} %s {{x}} <script>`,
  ' leading, trailing and\ttabs \r\nwindows\nunix\u2028line\u2029paragraph\u0085next ',
  '{"v":1,"commands":[]} \u200f\u202eright to left\u202c \ufeff\u200b\u00a0',
] as const;

const TAGS = ['news', 'release', 'ötükten', '日本', 'a b', '🎉'] as const;

/** What one post of the load says. */
export interface Draft {
  /** Occurs in this content and in no other. */
  readonly marker: string;
  readonly content: string;
  readonly channelId: string | null;
  readonly tags: readonly string[];
}

const MARKER = /⟦[A-Za-z0-9-]+⟧/;

/** The marker inside a stored content, however the rest was changed. */
export const markerOf = (content: string): string | null => MARKER.exec(content)?.[0] ?? null;

export function draft(op: string, random: Random): Draft {
  const marker = `⟦${op}⟧`;
  const sample = random.pick(SAMPLES);
  const times = random.below(20) === 0 ? 1 + random.below(40) : 1;
  const text = sample.repeat(times);
  const content = random.below(2) === 0 ? `${marker} ${text}` : `${text} ${marker}`;
  const channelId = random.below(3) === 0 ? null : `channel-${random.below(5)}`;
  const tags = random.below(2) === 0 ? [] : [random.pick(TAGS), `n${random.below(9)}`];
  return { marker, content, channelId, tags };
}

const UNIFORM_LENGTH = 120;

/** A post as long as every other, so that what a narrow link carries in bytes is a number of posts. */
export function uniformDraft(op: string): Draft {
  const marker = `⟦${op}⟧`;
  return { marker, content: marker.padEnd(UNIFORM_LENGTH, '.'), channelId: 'channel-0', tags: [] };
}
