/** An answer as text, to be given again. */
export interface RecordedAnswer {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Headers that a server sets by itself, and those that belong to one connection. */
const OWN = new Set(['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding']);

export interface Look extends RecordedAnswer {
  readonly status: number;
  readonly servedBy: string | null;
}

/** Asks once. @throws Error when the answer is no success. */
export async function look(
  url: string,
  token: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Look> {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}`, ...headers } });
  const body = await answer.text();
  if (!answer.ok && answer.status !== 304) throw new Error(`${url} answered ${answer.status}: ${body}`);
  return {
    status: answer.status,
    servedBy: answer.headers.get('served-by'),
    body,
    headers: Object.fromEntries([...answer.headers].filter(([name]) => !OWN.has(name))),
  };
}
