/** One thing that an expression asks for, such as `up{job="x"}`. */
export interface Selector {
  readonly metric: string;
  /** As they stand: `queue=~"posts[.].*"`. */
  readonly matchers: readonly string[];
}

/** What may stand before something other than a bracket and is no metric. */
const WORDS = new Set([
  ...['and', 'or', 'unless', 'by', 'without', 'on', 'ignoring'],
  ...['sum', 'min', 'max', 'avg', 'count'],
]);
const NAME = /([a-zA-Z_:][\w:]*)\s*(\(|\{)?/g;
/** Label sets (whose strings may hold brackets), ranges and groupings: what is in them is no metric. */
const NOT_SELECTED = /\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\}|\[[^\]]*\]|\bby\s*\([^)]*\)/g;
const SET = /^\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\}/;
const MATCHER = /\w+\s*(?:=~|!~|!=|=)\s*"(?:[^"\\]|\\.)*"/g;

/** Every selector of an expression, in its order. Labels of `by (…)`, functions and words are none. */
export function selectorsIn(expr: string): readonly Selector[] {
  const found: Selector[] = [];
  const spans = [...expr.matchAll(NOT_SELECTED)].map(({ index, 0: text }) => [index, index + text.length]);
  const inside = (at: number): boolean => spans.some(([from = 0, to = 0]) => at >= from && at < to);
  for (const { index, 1: metric = '', 2: next } of expr.matchAll(NAME)) {
    if (inside(index) || next === '(' || WORDS.has(metric)) continue;
    const set = next === '{' ? (SET.exec(expr.slice(expr.indexOf('{', index)))?.[0] ?? '') : '';
    found.push({ metric, matchers: set.match(MATCHER) ?? [] });
  }
  return found;
}

/** The labels by which an expression groups. */
export const groupedBy = (expr: string): readonly string[] => [
  ...new Set(
    [...expr.matchAll(/\bby\s*\(([^)]*)\)/g)].flatMap(([, names = '']) =>
      names.split(',').map((n) => n.trim()),
    ),
  ),
];
