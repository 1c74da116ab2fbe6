/** Writes every dashboard as JSON into the folder it is given, by default the one that Grafana reads. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dashboards } from './dashboards.js';

const [folder = join(import.meta.dirname, '..')] = process.argv.slice(2);
for (const [name, dashboard] of dashboards())
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(dashboard, null, 2)}\n`);
