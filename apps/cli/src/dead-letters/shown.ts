import { replayableEnvelope } from '@spillway/contracts/server';
import type { Letter, RecordedAction } from './letters.js';
import { pendingOf, type ActionRequest, type ActionTally } from './run-action.js';

/** For a terminal: nothing in it can move the cursor or change colours. */
export const printable = (text: string): string =>
  [...text].map((char) => (isControl(char) ? escaped(char) : char)).join('');

const isControl = (char: string): boolean => {
  const code = char.codePointAt(0) ?? 0;
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x202a && code <= 0x202e);
};
const escaped = (char: string): string => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;

/** A line of the list, without content. */
export const shownLetter = (letter: Letter): string =>
  [
    letter.id,
    letter.at.toISOString(),
    letter.state.padEnd(9),
    printable(letter.reason).padEnd(14),
    (letter.kind ?? '-').padEnd(12),
    letter.tenantId ?? '(cannot be read)',
  ].join('  ');

/** Everything that is known of a letter but its content. */
export function shownDetail(letter: Letter, actions: readonly RecordedAction[]): string {
  const lines = [
    ['id', letter.id],
    ['state', letter.state],
    ['reason', printable(letter.reason)],
    ['attempts', String(letter.attempts)],
    ['tenant', letter.tenantId ?? '(cannot be read)'],
    ['kind', letter.kind ?? '-'],
    ['command', letter.commandId ?? '-'],
    ['post', letter.postId ?? '-'],
    ['put aside', letter.at.toISOString()],
    ['resolved', letter.resolvedAt?.toISOString() ?? '-'],
    ['message', `${letter.messageId}, place ${letter.ordinal}, ${letter.bytes} bytes`],
  ].map(([name = '', value = '']) => `${name.padEnd(10)} ${value}`);
  const done = actions.map(
    ({ at, action, who, via, why, result, detail }) =>
      `${at.toISOString()}  ${action} by ${who} (${via}): ${result}${detail ? `, ${printable(detail)}` : ''}; why: ${printable(why)}`,
  );
  return [...lines, ...(done.length > 0 ? ['actions', ...done.map((line) => `  ${line}`)] : [])].join('\n');
}

/** The command itself, as text; of a message that cannot be read, all of it in base64. */
export function shownContent(payload: Buffer, ordinal: number): string {
  const command = replayableEnvelope(payload, ordinal);
  return command
    ? printable(command.toString('utf8'))
    : `(not readable, base64) ${payload.toString('base64')}`;
}

/** What came of a replay or a discard. */
export function shownTally(action: ActionRequest['action'], tally: ActionTally, dryRun: boolean): string {
  const { matched, asked, done, unchanged, refused, stopped, refusals } = tally;
  if (dryRun) return `would ${action} ${matched} dead letters; nothing was changed`;
  const words = [
    `${done} ${action === 'replay' ? 'replayed' : 'discarded'}`,
    `${unchanged} were so before`,
    `${refused} refused`,
    `${pendingOf(tally)} not carried out yet`,
  ];
  return [
    `${words.join(' · ')} (asked for ${asked} of ${matched} found)`,
    ...refusals.map(({ id, detail }) => `  refused ${id}: ${printable(detail)}`),
    ...(stopped ? [`stopped early: ${stopped}. Run it again: what is done is not done twice.`] : []),
    ...(pendingOf(tally) > 0
      ? ['what is not carried out yet waits in the queue for a writer; show tells when it is done']
      : []),
  ].join('\n');
}
