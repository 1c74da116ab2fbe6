import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of the generated dashboards. */
export const DASHBOARDS = join(import.meta.dirname, '../../deploy/observability/dashboards');

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly targets?: readonly { readonly expr: string }[];
}

export interface DashboardFile {
  readonly file: string;
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** Every dashboard as Grafana reads it. */
export const readDashboards = (folder = DASHBOARDS): readonly DashboardFile[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.json') && file !== 'tsconfig.json')
    .sort()
    .map((file) => ({
      ...(JSON.parse(readFileSync(join(folder, file), 'utf8')) as Omit<DashboardFile, 'file'>),
      file,
    }));

/** Every expression of a dashboard, with the panel it is in. */
export const expressionsOf = ({ title, panels }: DashboardFile): readonly (readonly [string, string])[] =>
  panels.flatMap((panel) =>
    (panel.targets ?? []).map(({ expr }) => [`${title}: ${panel.title}`, expr] as const),
  );
