/**
 * An event listener of supervisord (http://supervisord.org/events.html): keeps `stack.json` current, counts
 * unexpected exits, and ends what a killed process left behind in its group, such as the workers of nginx,
 * which would hold its port.
 */
import { openLayout } from './layout.js';
import { readExits, writeExits, writeStackFile } from './stack-file.js';
import { processStates } from './supervisor.js';

const REFRESH_MS = 400;

const layout = openLayout();
let input = Buffer.alloc(0);
let handled = Promise.resolve();

process.stdin.on('data', (chunk: Buffer) => {
  input = Buffer.concat([input, chunk]);
  for (let event = nextEvent(); event !== null; event = nextEvent()) {
    const { name, payload } = event;
    handled = handled.then(() => handle(name, payload)).catch((error: unknown) => console.error(error));
    handled = handled.then(() => void process.stdout.write('RESULT 2\nOKREADY\n'));
  }
});
process.stdout.write('READY\n');
setInterval(() => void refresh().catch((error: unknown) => console.error(error)), REFRESH_MS);

function nextEvent(): { name: string; payload: Map<string, string> } | null {
  const end = input.indexOf('\n');
  if (end < 0) return null;
  const header = fields(input.subarray(0, end).toString());
  const length = Number(header.get('len'));
  if (input.length < end + 1 + length) return null;
  const payload = fields(input.subarray(end + 1, end + 1 + length).toString());
  input = input.subarray(end + 1 + length);
  return { name: header.get('eventname') ?? '', payload };
}

function fields(line: string): Map<string, string> {
  return new Map(
    line
      .trim()
      .split(/\s+/)
      .map((pair): [string, string] => [pair.slice(0, pair.indexOf(':')), pair.slice(pair.indexOf(':') + 1)]),
  );
}

async function handle(event: string, payload: Map<string, string>): Promise<void> {
  if (event === 'PROCESS_STATE_EXITED') {
    const name = payload.get('processname') ?? '';
    killGroup(Number(payload.get('pid')));
    const exits = readExits(layout);
    writeExits(layout, { ...exits, [name]: (exits[name] ?? 0) + 1 });
  }
  await refresh();
}

/** Each call also wakes supervisord, which otherwise may notice a death up to a second late, and restart a second later. */
async function refresh(): Promise<void> {
  const states = await processStates(layout);
  if (states !== null) writeStackFile(layout, states);
}

/** Each program leads a process group of its own. */
function killGroup(leader: number): void {
  if (!(leader > 1)) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Nobody is left in the group: the usual case.
  }
}
