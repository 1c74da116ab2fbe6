import { isRecord } from './envelope.js';

/**
 * A message body with only the command at `ordinal`, as it was sent and without its count of attempts,
 * so that the rest of a message is not carried out again. Kinds and versions that are not known here
 * pass through. A body of one command is of that, whichever place it once had. Null when there is no such command.
 */
export function replayableEnvelope(body: Uint8Array, ordinal: number): Buffer | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return null;
  }
  if (!isRecord(parsed) || !Array.isArray(parsed['commands'])) return null;
  const commands: readonly unknown[] = parsed['commands'];
  const command = commands.length === 1 ? commands[0] : commands[ordinal];
  if (!isRecord(command)) return null;
  // Untouched where possible: numbers of a newer version may not survive being read here.
  if (commands.length === 1 && command['attempt'] === undefined) return Buffer.from(body);
  const { attempt: _attempt, ...again } = command;
  return Buffer.from(JSON.stringify({ ...parsed, commands: [again] }));
}
