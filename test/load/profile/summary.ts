/** A CPU profile as V8's inspector gives it (Chrome DevTools Protocol, `Profiler.Profile`). */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples?: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas?: readonly number[];
}

export interface SelfTime {
  readonly name: string;
  /** Part of the time that was not idle, 0 to 1. */
  readonly part: number;
}

export interface ProfileSummary {
  /** Seconds in which the thread was not idle. */
  readonly busySeconds: number;
  readonly packages: readonly SelfTime[];
  readonly functions: readonly SelfTime[];
}

/** Which package's code a frame is; Node's own modules are one, what is native another. */
export function packageOf(url: string, functionName: string): string {
  const installed = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (installed !== undefined) return installed;
  const ours = /\/((?:apps|libs)\/[^/]+)\//.exec(url)?.[1];
  if (ours !== undefined) return ours;
  if (url.startsWith('node:')) return 'node';
  return functionName.startsWith('(') ? functionName : 'native';
}

/** Where the time went, by self time, most first. */
export function summarize(profile: CpuProfile): ProfileSummary {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
  const packages = new Map<string, number>();
  const functions = new Map<string, number>();
  let busy = 0;
  profile.samples?.forEach((id, n) => {
    const frame = nodes.get(id);
    const micros = profile.timeDeltas?.[n] ?? 0;
    if (!frame || frame.functionName === '(idle)') return;
    busy += micros;
    const owner = packageOf(frame.url, frame.functionName);
    const place = frame.url === '' ? '' : ` ${shortened(frame.url)}:${frame.lineNumber + 1}`;
    add(packages, owner, micros);
    add(functions, `${frame.functionName || '(anonymous)'}${place}`, micros);
  });
  const parts = (sums: ReadonlyMap<string, number>): SelfTime[] =>
    [...sums].map(([name, micros]) => ({ name, part: micros / busy })).sort((a, b) => b.part - a.part);
  return { busySeconds: busy / 1e6, packages: parts(packages), functions: parts(functions) };
}

const add = (sums: Map<string, number>, name: string, micros: number): void => {
  sums.set(name, (sums.get(name) ?? 0) + micros);
};

const shortened = (url: string): string =>
  url.replace(/^.*\/node_modules\//, '').replace(/^file:\/\/.*?\/(apps|libs)\//, '$1/');
