/** Small pictures as SVG text: stacked bars and lines, with axes. */
const WIDTH = 900;
const HEIGHT = 340;
const MARGIN = { left: 70, right: 190, top: 40, bottom: 50 } as const;
const INNER = {
  width: WIDTH - MARGIN.left - MARGIN.right,
  height: HEIGHT - MARGIN.top - MARGIN.bottom,
} as const;
const COLORS = [
  '#4269d0',
  '#efb118',
  '#ff725c',
  '#6cc5b0',
  '#3ca951',
  '#ff8ab7',
  '#a463f2',
  '#97bbf5',
] as const;

export interface Bars {
  readonly title: string;
  readonly yTitle: string;
  /** What is stacked, from below. */
  readonly parts: readonly string[];
  readonly bars: readonly { readonly label: string; readonly values: readonly number[] }[];
}

export interface Lines {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly lines: readonly {
    readonly label: string;
    readonly points: readonly (readonly [x: number, y: number])[];
  }[];
}

/** One picture with panels below each other. */
export function svgPage(panels: readonly string[]): string {
  const groups = panels.map((panel, n) => `<g transform="translate(0 ${n * HEIGHT})">${panel}</g>`);
  const height = panels.length * HEIGHT;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">
<rect width="${WIDTH}" height="${height}" fill="white"/>
${groups.join('\n')}
</svg>
`;
}

export function barPanel({ title, yTitle, parts, bars }: Bars): string {
  const finite = (value: number): number => (Number.isFinite(value) ? value : 0);
  const top = niceTop(Math.max(...bars.map(({ values }) => values.reduce((a, b) => a + finite(b), 0)), 0));
  const slot = INNER.width / Math.max(bars.length, 1);
  const drawn = bars.map(({ label, values }, n) => {
    const x = MARGIN.left + n * slot + slot * 0.15;
    let below = 0;
    const rects = values.map((value, part) => {
      const height = (finite(value) / top) * INNER.height;
      below += height;
      const y = MARGIN.top + INNER.height - below;
      return `<rect x="${r(x)}" y="${r(y)}" width="${r(slot * 0.7)}" height="${r(height)}" fill="${color(part)}"/>`;
    });
    return rects.join('') + text(x + slot * 0.35, HEIGHT - MARGIN.bottom + 18, label, 'middle');
  });
  return frame(title, yTitle, '', top) + drawn.join('') + legend(parts);
}

export function linePanel({ title, xTitle, yTitle, lines }: Lines): string {
  const all = lines.flatMap(({ points }) => points).filter(([x, y]) => Number.isFinite(x + y));
  const right = niceTop(Math.max(...all.map(([x]) => x), 0));
  const top = niceTop(Math.max(...all.map(([, y]) => y), 0));
  const drawn = lines.map(({ points }, n) => {
    const path = points
      .filter(([x, y]) => Number.isFinite(x + y))
      .map(([x, y]) => {
        const px = MARGIN.left + (x / right) * INNER.width;
        return `${r(px)},${r(MARGIN.top + INNER.height - (y / top) * INNER.height)}`;
      });
    return `<polyline points="${path.join(' ')}" fill="none" stroke="${color(n)}" stroke-width="2"/>`;
  });
  const ticks = [0, 0.5, 1].map((part) =>
    text(MARGIN.left + part * INNER.width, HEIGHT - MARGIN.bottom + 18, short(part * right), 'middle'),
  );
  return (
    frame(title, yTitle, xTitle, top) + ticks.join('') + drawn.join('') + legend(lines.map((l) => l.label))
  );
}

/** The least of 1, 2, 2.5, 5 and 10 times a power of ten that is not below the value. */
export function niceTop(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 2.5, 5].find((step) => step * power >= value) ?? 10) * power;
}

function frame(title: string, yTitle: string, xTitle: string, top: number): string {
  const grid = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const y = MARGIN.top + INNER.height * (1 - part);
    const line = `<line x1="${MARGIN.left}" x2="${MARGIN.left + INNER.width}" y1="${r(y)}" y2="${r(y)}" stroke="#ddd"/>`;
    return line + text(MARGIN.left - 8, y + 4, short(part * top), 'end');
  });
  const middle = MARGIN.left + INNER.width / 2;
  return (
    grid.join('') +
    text(MARGIN.left, 22, title, 'start', 15) +
    text(MARGIN.left, 36, yTitle, 'start', 11) +
    text(middle, HEIGHT - 12, xTitle, 'middle', 11)
  );
}

const legend = (labels: readonly string[]): string =>
  labels
    .map((label, n) => {
      const y = MARGIN.top + 10 + n * 18;
      const x = WIDTH - MARGIN.right + 16;
      return `<rect x="${x}" y="${y - 10}" width="12" height="12" fill="${color(n)}"/>${text(x + 18, y, label, 'start')}`;
    })
    .join('');

const text = (x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end', size = 12): string =>
  `<text x="${r(x)}" y="${r(y)}" text-anchor="${anchor}" font-size="${size}">${escaped(content)}</text>`;

const escaped = (content: string): string =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const color = (n: number): string => COLORS[n % COLORS.length] ?? 'black';
const r = (value: number): string => value.toFixed(1);
const short = (value: number): string => Number(value.toPrecision(3)).toString();
