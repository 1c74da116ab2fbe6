import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { VizLegendOptionsBuilder } from '@grafana/grafana-foundation-sdk/common';
import { type Panel, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/** The data source that provisioning/datasources makes. */
export const DATA_SOURCE = { type: 'prometheus', uid: 'prometheus' };
/** Grafana's: long enough for four scrapes, and for the width of a pixel. */
export const WINDOW = '$__rate_interval';
const WIDTH = 8;
const HEIGHT = 7;

/** Grafana's name of the unit of a panel's numbers. */
export type Unit = 's' | 'bytes' | 'Bps' | 'short' | 'percentunit' | 'ops' | 'bool_on_off';

/** One line of a panel, or one for each of the labels that `legend` names as `{{label}}`. */
export interface Line {
  readonly expr: string;
  readonly legend: string;
}

export interface Chart {
  readonly title: string;
  /** What a reader should see in it, and from when on it is bad. */
  readonly about: string;
  readonly unit: Unit;
  readonly lines: readonly Line[];
}

/** A row of a dashboard: a heading and the charts below it. */
export interface Row {
  readonly title: string;
  readonly charts: readonly Chart[];
}

export const line = (expr: string, legend: string): Line => ({ expr, legend });

/** Events a second, as a sum or by labels. */
export const perSecond = (selector: string, by = ''): string =>
  `sum ${by === '' ? '' : `by (${by}) `}(rate(${selector}[${WINDOW}]))`;

/** The median and the 99th percentile of a histogram, by its name without `_bucket`. */
export const quantiles = (histogram: string, labels = ''): Line[] =>
  [0.5, 0.99].map((q) =>
    line(
      `histogram_quantile(${q}, sum by (le) (rate(${histogram}_bucket{${labels}}[${WINDOW}])))`,
      `p${q * 100}`,
    ),
  );

export const rowBuilder = ({ title }: Row): RowBuilder => new RowBuilder(title);

/** The panel of one chart, three beside one another. */
export function panel(chart: Chart, id: number): Builder<Panel> {
  const built = new TimeseriesBuilder()
    .id(id)
    .title(chart.title)
    .description(chart.about)
    .unit(chart.unit)
    .min(0)
    .span(WIDTH)
    .height(HEIGHT)
    .fillOpacity(8)
    .datasource(DATA_SOURCE)
    .legend(new VizLegendOptionsBuilder().showLegend(true));
  chart.lines.forEach(({ expr, legend }, i) => {
    const refId = String.fromCharCode('A'.charCodeAt(0) + i);
    built.withTarget(
      new DataqueryBuilder().datasource(DATA_SOURCE).expr(expr).legendFormat(legend).refId(refId).range(),
    );
  });
  return built;
}
