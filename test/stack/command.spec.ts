import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const COMMAND = join(import.meta.dirname, 'command.ts');
const ENDS_WITHIN_MS = 30_000;

/** A process that runs a command with one option, `--help`, and `body` for what it does. */
function runs(body: string, ...argv: readonly string[]) {
  const program = `
    const { runCommand, endProcess, log } = await import(${JSON.stringify(COMMAND)});
    const readOptions = (argv) => {
      if (argv.includes('--wrong')) throw new Error('there is no --wrong');
      return { help: argv.includes('--help') };
    };
    const run = async (options, signal) => { ${body} };
    endProcess(await runCommand({ usage: 'how to', readOptions, whenInterrupted: 'ending', run }, process.argv.slice(1)));`;
  const args = ['--experimental-strip-types', '--input-type=module', '-e', program, '--', ...argv];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, {
    ...{ encoding: 'utf8', timeout: ENDS_WITHIN_MS, killSignal: 'SIGKILL' },
  });
  return { status, signal, stdout, stderr };
}

describe('a command', () => {
  it('ends with what its run says', () => {
    expect(runs(`log('done'); return 3;`)).toMatchObject({ status: 3, stdout: 'done\n' });
  });

  it('tells how it is used, and runs nothing', () => {
    expect(runs(`log('ran');`, '--help')).toMatchObject({ status: 0, stdout: 'how to\n' });
    const misused = runs(`log('ran');`, '--wrong');
    expect(misused).toMatchObject({ status: 2, stdout: '' });
    expect(misused.stderr).toContain('there is no --wrong\n\nhow to');
  });

  it('ends although a timer goes on, and says so', () => {
    const { status, stderr } = runs('setInterval(() => {}, 1_000); return 0;');
    expect(status).toBe(0);
    expect(stderr).toContain('Still open at the end: 1 × Timeout');
  });

  it('ends although a loop of promises never lets the event loop turn', () => {
    const spin = '(async () => { for (;;) await null; })();';
    expect(runs(`${spin} log('done'); return 0;`)).toMatchObject({
      status: 0,
      signal: null,
      stdout: 'done\n',
    });
  });

  it('is told of an interruption, and goes on to its end', () => {
    const body = `process.kill(process.pid, 'SIGTERM');
      await new Promise((resolve) => signal.addEventListener('abort', resolve)); return 130;`;
    // The listener alone holds no process open.
    expect(runs(`const hold = setInterval(() => {}, 1_000); ${body}`)).toMatchObject({
      ...{ status: 130, stdout: 'SIGTERM: ending\n' },
    });
  });
});
