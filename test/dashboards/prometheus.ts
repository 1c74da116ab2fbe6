interface Answer {
  readonly status: 'success' | 'error';
  readonly error?: string;
  readonly data?: { readonly result: readonly { readonly value: readonly [number, string] }[] };
}

/**
 * The values an expression has now, those that are no number (NaN) left out.
 * @throws Error with what Prometheus says when it does not understand the expression.
 */
export async function evaluate(prometheus: string, expr: string): Promise<readonly number[]> {
  const response = await fetch(`${prometheus}/api/v1/query`, {
    method: 'POST',
    body: new URLSearchParams({ query: expr }),
    signal: AbortSignal.timeout(10_000),
  });
  const { status, error, data } = (await response.json()) as Answer;
  if (status !== 'success' || !data) throw new Error(`${expr}: ${error ?? response.status}`);
  return data.result.map(({ value }) => Number(value[1])).filter((value) => !Number.isNaN(value));
}

interface Target {
  readonly labels: { readonly job: string; readonly instance: string };
  readonly health: string;
  readonly lastScrape: string;
}

/** The targets that were not scraped since a moment (ms), or not with success. */
export async function scrapedBefore(prometheus: string, since: number): Promise<readonly string[]> {
  const response = await fetch(`${prometheus}/api/v1/targets?state=active`, {
    signal: AbortSignal.timeout(10_000),
  });
  const { data } = (await response.json()) as {
    readonly data: { readonly activeTargets: readonly Target[] };
  };
  return data.activeTargets
    .filter(({ health, lastScrape }) => health !== 'up' || Date.parse(lastScrape) < since)
    .map(({ labels, health }) => `${labels.job} ${labels.instance} ${health}`);
}
