import { uuidToBytes } from '@spillway/contracts';

const ID_BYTES = 16;

/** The ids of commands that ended, 16 bytes each: what is published of a batch. */
export function encodeNews(commandIds: Iterable<string>): Buffer {
  return Buffer.concat([...commandIds].map(uuidToBytes));
}

/** How a command is looked up by its id within published news. */
export const newsKey = (commandId: string): string => Buffer.from(uuidToBytes(commandId)).toString('latin1');

/** The keys of the commands that published news name; none when the bytes are not news. */
export function* keysOfNews(news: Buffer): Generator<string, void, undefined> {
  if (news.length % ID_BYTES !== 0) return;
  for (let at = 0; at < news.length; at += ID_BYTES) yield news.toString('latin1', at, at + ID_BYTES);
}
