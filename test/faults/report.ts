import { createWriteStream, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Evidence } from './history.js';
import type { FaultResult } from './result.js';

/** Where histories and results of a run are kept. */
export class Report {
  constructor(private readonly dir: string) {
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { recursive: true });
  }

  /** Requests and looks at jobs by time, one JSON line each; then what the primary held. */
  async history(id: string, { requests, jobs, rows, outcomes, deadLetters }: Evidence): Promise<void> {
    const file = createWriteStream(join(this.dir, `${id}.history.jsonl`));
    const lines = [
      ...requests.map((r) => ({ at: r.t1, what: 'request', ...r })),
      ...jobs.map((j) => ({ what: 'job', ...j })),
    ].sort((a, b) => a.at - b.at);
    const stored = [
      ...rows.map((r) => ({ what: 'row', ...r })),
      ...outcomes.map((o) => ({ what: 'outcome', ...o })),
      ...deadLetters.map((d) => ({ what: 'dead letter', ...d })),
    ];
    for (const line of [...lines, ...stored]) file.write(`${JSON.stringify(line)}\n`);
    file.end();
    await finished(file);
  }

  results(about: Readonly<Record<string, unknown>>, results: readonly FaultResult[]): void {
    writeFileSync(join(this.dir, 'result.json'), JSON.stringify({ ...about, results }, null, 2));
  }
}
