import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stack } from '@spillway/testing';
import type { Secrets } from './stack-secrets.js';

/** A text that people and programs may see, by where. */
type Shown = readonly [where: string, text: Buffer];

const APPS: readonly string[] = ['gateway', 'writer', 'reader'];

const filesIn = (dir: string): Shown[] =>
  readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => [name, readFileSync(join(dir, name))]);

/** Every log file of every process, with the older ones. */
export const logsOf = ({ dir }: Stack): readonly Shown[] => filesIn(join(dir, 'log'));

/** Every span as it was received, with its events and the words of its status. */
export const spansOf = ({ dir }: Stack): readonly Shown[] => filesIn(join(dir, 'data', 'traces'));

/** What each app and exporter answers to a scrape, and the labels of every series that Prometheus has: the broker's too. */
export async function metricsOf(stack: Stack): Promise<readonly Shown[]> {
  const scrapes = stack.processes().flatMap(({ name, role, url, adminUrl }): [string, string][] => {
    if (role === 'exporter') return [[name, url ?? '']];
    return APPS.includes(role) ? [[name, `${adminUrl ?? ''}/metrics`]] : [];
  });
  const series = new URL('/api/v1/series', stack.urlOf('prometheus'));
  series.searchParams.set('match[]', '{__name__!=""}');
  return Promise.all(
    [...scrapes, ['prometheus', series.href] as const].map(async ([name, url]): Promise<Shown> => {
      const answer = await fetch(url, { signal: AbortSignal.timeout(20_000) });
      return [`metrics of ${name}`, Buffer.from(await answer.arrayBuffer())];
    }),
  );
}

/** The command line of each process, which every user of the machine sees. */
export const commandsOf = (stack: Stack): readonly Shown[] =>
  stack
    .processes()
    .filter(({ pid }) => pid > 1)
    .map(({ name, pid }) => [`command line of ${name}`, readFileSync(`/proc/${pid}/cmdline`)]);

/** Which secret is shown where; never the secret itself. */
export const leaksIn = (shown: readonly Shown[], secrets: Secrets): string[] =>
  shown.flatMap(([where, text]) =>
    [...secrets].flatMap(([name, secret]) => (text.includes(secret) ? [`${name} in ${where}`] : [])),
  );
