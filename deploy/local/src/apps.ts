import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launched, STANDS_BACK } from './as-user.js';
import { type Component, TIER } from './component.js';
import { appEnvironment, cliEnvironment, type AppName } from './env-files.js';
import { REPO } from './layout.js';
import { numbers, type Plan } from './plan.js';

/**
 * Megabytes of half the young generation, from the start: V8 would begin with one, and grow only as more survives.
 * A gateway's is larger, since requests that wait for a confirm are copied at each collection.
 */
const SEMI_SPACE_MB: Readonly<Record<AppName, number>> = { gateway: 64, reader: 32, writer: 32 };

/**
 * V8 allocates literals in the old generation when most of the first hundred of their place have survived a collection, as
 * those of requests that wait. What they point to then survives too, until the next full collection: up to two fifths of
 * what a reader allocates, and a fifth of its processor time.
 */
const KEEPS_YOUNG = '--no-allocation-site-pretenuring';

const instances = (plan: Plan): [AppName, number][] => [
  ...numbers(plan.counts.writers).map((n): [AppName, number] => ['writer', n]),
  ...numbers(plan.counts.readers).map((n): [AppName, number] => ['reader', n]),
  ...numbers(plan.counts.gateways).map((n): [AppName, number] => ['gateway', n]),
];

export const appComponents = (plan: Plan): Component[] =>
  instances(plan).map(([app, n]) => {
    const adminUrl = `http://127.0.0.1:${plan.ports.admin(app, n)}`;
    return {
      name: `${app}-${n}`,
      role: app,
      tier: TIER.app,
      argv: launched(
        [
          plan.layout.node,
          `--env-file=${plan.layout.path('env', `${app}-${n}.env`)}`,
          `--min-semi-space-size=${SEMI_SPACE_MB[app]}`,
          `--max-semi-space-size=${SEMI_SPACE_MB[app]}`,
          KEEPS_YOUNG,
          '--import',
          join(REPO, 'libs/telemetry/dist/register.js'),
          join(REPO, `apps/${app}/dist/main.js`),
        ],
        { niceness: app === 'writer' ? STANDS_BACK.toCommit : 0 },
      ),
      port: app === 'writer' ? plan.ports.admin(app, n) : plan.ports.http(app, n),
      url: app === 'writer' ? adminUrl : `http://127.0.0.1:${plan.ports.http(app, n)}`,
      adminUrl,
      stopWaitSeconds: 25,
    };
  });

/** One file per process, and the one of the cli. */
export function writeEnvFiles(plan: Plan): void {
  for (const [app, n] of instances(plan)) writeEnvFile(plan, `${app}-${n}`, appEnvironment(plan, app, n));
  writeEnvFile(plan, 'cli', cliEnvironment(plan));
}

function writeEnvFile(plan: Plan, name: string, values: Readonly<Record<string, string>>): void {
  const text = Object.entries(values).map(([key, value]) => `${key}='${value}'\n`);
  writeFileSync(plan.layout.path('env', `${name}.env`), text.join(''), { mode: 0o600 });
}
