import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { eventLoopRow, machineRow, processesRow } from './fleet.js';
import { panel, type Row, rowBuilder } from './panels.js';
import { poolsRow } from './pools.js';
import { acceptRow } from './posts-accept.js';
import { backlogRow } from './posts-backlog.js';
import { commitRow } from './posts-commit.js';
import { ledgerRow } from './posts-ledger.js';
import { postgresRow } from './postgres.js';
import { rabbitmqRow } from './rabbitmq.js';
import { cacheRow, latencyRow, replicasRow } from './reads.js';
import { redisRow } from './redis.js';
import { telemetryRow } from './telemetry.js';

const ROWS: Readonly<Record<string, readonly Row[]>> = {
  Posts: [acceptRow, commitRow, ledgerRow, backlogRow],
  Reads: [latencyRow, replicasRow, cacheRow],
  Dependencies: [rabbitmqRow, postgresRow, poolsRow, redisRow],
  Fleet: [processesRow, eventLoopRow, machineRow, telemetryRow],
};

/** Every dashboard, by the name of its file. */
export const dashboards = (): ReadonlyMap<string, Dashboard> =>
  new Map(Object.entries(ROWS).map(([title, rows]) => [title.toLowerCase(), dashboard(title, rows)]));

function dashboard(title: string, rows: readonly Row[]): Dashboard {
  const built = new DashboardBuilder(title)
    .uid(`spillway-${title.toLowerCase()}`)
    .tags(['spillway'])
    .readonly()
    .timezone('utc')
    .refresh('10s')
    .time({ from: 'now-30m', to: 'now' })
    .tooltip(DashboardCursorSync.Crosshair);
  let id = 0;
  for (const row of rows) {
    built.withRow(rowBuilder(row).id(++id));
    for (const chart of row.charts) built.withPanel(panel(chart, ++id));
  }
  return built.build();
}
