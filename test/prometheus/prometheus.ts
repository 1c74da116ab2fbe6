interface Answer<T> {
  readonly status: 'success' | 'error';
  readonly error?: string;
  readonly data?: T;
}

/** @throws Error with what Prometheus says against the question. */
async function ask<T>(prometheus: string, path: string, form?: Readonly<Record<string, string>>): Promise<T> {
  const response = await fetch(prometheus + path, {
    ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    signal: AbortSignal.timeout(10_000),
  });
  const { status, error, data } = (await response.json()) as Answer<T>;
  if (status !== 'success' || data === undefined)
    throw new Error(`${form?.['query'] ?? path}: ${error ?? response.status}`);
  return data;
}

/**
 * The values an expression has now, those that are no number (NaN) left out.
 * @throws Error with what Prometheus says when it does not understand the expression.
 */
export async function evaluate(prometheus: string, expr: string): Promise<readonly number[]> {
  const { result } = await ask<{ readonly result: readonly { readonly value: readonly [number, string] }[] }>(
    prometheus,
    '/api/v1/query',
    { query: expr },
  );
  return result.map(({ value }) => Number(value[1])).filter((value) => !Number.isNaN(value));
}

/** An alert whose expression holds; `firing` after it has held for the rule's `for`. */
export interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

export const activeAlerts = async (prometheus: string): Promise<readonly ActiveAlert[]> =>
  (await ask<{ readonly alerts: readonly ActiveAlert[] }>(prometheus, '/api/v1/alerts')).alerts;

interface Target {
  readonly labels: { readonly job: string; readonly instance: string };
  readonly health: string;
  readonly lastScrape: string;
}

/** The targets that were not scraped since a moment (ms), or not with success. */
export async function scrapedBefore(prometheus: string, since: number): Promise<readonly string[]> {
  const { activeTargets } = await ask<{ readonly activeTargets: readonly Target[] }>(
    prometheus,
    '/api/v1/targets?state=active',
  );
  return activeTargets
    .filter(({ health, lastScrape }) => health !== 'up' || Date.parse(lastScrape) < since)
    .map(({ labels, health }) => `${labels.job} ${labels.instance} ${health}`);
}

/** Every rule that Prometheus has loaded, as `name health`: `ok`, `unknown` before its first evaluation, or `err`. */
export async function ruleHealth(prometheus: string): Promise<readonly string[]> {
  const { groups } = await ask<{
    readonly groups: readonly {
      readonly rules: readonly { readonly name: string; readonly health: string }[];
    }[];
  }>(prometheus, '/api/v1/rules');
  return groups.flatMap(({ rules }) => rules.map(({ name, health }) => `${name} ${health}`));
}
