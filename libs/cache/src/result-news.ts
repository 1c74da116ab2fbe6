const ID_LENGTH = 36;

/** The ids of commands that ended, one behind the other: what is published of a batch. */
export const encodeNews = (commandIds: Iterable<string>): string => [...commandIds].join('');

/** The ids that published news name; none when the text is not news. */
export function* idsOfNews(news: string): Generator<string, void, undefined> {
  if (news.length % ID_LENGTH !== 0) return;
  for (let at = 0; at < news.length; at += ID_LENGTH) yield news.slice(at, at + ID_LENGTH);
}
