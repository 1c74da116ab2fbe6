import type { DeadLetterState } from '@spillway/contracts';
import { loadConfig } from '@spillway/config';
import { shardNodes } from '@spillway/database';
import { brokerConfig } from '@spillway/messaging';
import { Command } from 'commander';
import { withPublisher } from './connections.js';
import { withLetters } from './dead-letters/with-letters.js';
import {
  age,
  isNarrowed,
  letterId,
  state,
  wholeUpTo,
  withFilter,
  type LetterFilter,
} from './dead-letters/filter.js';
import {
  meant,
  newTally,
  pendingOf,
  runAction,
  type ActionRequest,
  type ActionTally,
} from './dead-letters/run-action.js';
import { shownContent, shownDetail, shownLetter, shownTally } from './dead-letters/shown.js';
import { defaultWho, who, why } from './for-the-record.js';
import { durationMs } from './load/duration.js';
import { Pace } from './load/pace.js';
import { startProgress } from './load/progress.js';

const readConfig = {
  nodes: shardNodes('OPERATOR_NODES', 'Every Postgres node with the role operator: shard=url|url;shard=url'),
};
const actConfig = { ...readConfig, ...brokerConfig };

const LIST_DEFAULT = 50;
const ACT_DEFAULT = 10_000;
const LIMIT_MAX = 1_000_000;
const EXIT_INTERRUPTED = 130;

/** `dead-letters`: what could not be carried out, and what to do about it. */
export const deadLettersCommand = (): Command =>
  new Command('dead-letters')
    .description('look at commands that could not be carried out, replay or discard them')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(actCommand('replay', 'put them on their queue once more; repeating is harmless'))
    .addCommand(actCommand('discard', 'give them up: their jobs fail; repeating is harmless'));

const listCommand = (): Command =>
  withFilter(new Command('list').description('the newest first, without content'))
    .option('--state <state>', 'open, replaying, replayed or discarded', state, 'open')
    .option('--limit <count>', 'at most this many', wholeUpTo(LIMIT_MAX), LIST_DEFAULT)
    .option('--json', 'one JSON object a line')
    .action(async (options: LetterFilter & { state: DeadLetterState; limit: number; json?: boolean }) => {
      const { nodes } = loadConfig(readConfig);
      const wanted = options.id ? undefined : options.state;
      const found = await withLetters(nodes, async (shards) =>
        (await Promise.all(shards.map((letters) => letters.newest(options, wanted, options.limit))))
          .flat()
          .sort((a, b) => (a.id > b.id ? -1 : 1))
          .slice(0, options.limit),
      );
      for (const letter of found) console.log(options.json ? JSON.stringify(letter) : shownLetter(letter));
      if (!options.json) console.error(`${found.length} dead letters`);
    });

const showCommand = (): Command =>
  new Command('show')
    .description('one of them with everything that was done about it')
    .argument('<id>', 'its id, as list shows it', letterId)
    .option('--content', 'print the command too, which holds what people wrote')
    .option('--json', 'as JSON')
    .action(async (id: string, options: { content?: boolean; json?: boolean }) => {
      const { nodes } = loadConfig(readConfig);
      await withLetters(nodes, async (shards) => {
        for (const letters of shards) {
          const [letter] = await letters.newest({ id: [id] }, undefined, 1);
          if (!letter) continue;
          const actions = await letters.actionsOf(id);
          const payload = options.content ? await letters.payloadOf(id) : undefined;
          const content = payload && shownContent(payload, letter.ordinal);
          if (options.json)
            console.log(JSON.stringify({ ...letter, actions, ...(content ? { content } : {}) }));
          else console.log(`${shownDetail(letter, actions)}${content ? `\ncontent    ${content}` : ''}`);
          return;
        }
        throw new Error(`There is no dead letter ${id}.`);
      });
    });

interface ActOptions extends LetterFilter {
  readonly why: string;
  readonly who: string;
  readonly all?: boolean;
  readonly limit: number;
  readonly rate?: number;
  readonly wait: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const actCommand = (action: ActionRequest['action'], description: string): Command =>
  withFilter(new Command(action).description(description))
    .requiredOption('--why <text>', 'the reason, for the record', why)
    .option('--who <name>', 'who decides it, for the record', who, defaultWho())
    .option('--all', 'every open one; needed when nothing narrows it down')
    .option('--limit <count>', 'at most this many, the oldest first', wholeUpTo(LIMIT_MAX), ACT_DEFAULT)
    .option('--rate <count>', 'at most this many a second', wholeUpTo(100_000))
    .option('--wait <duration>', 'how long to wait for the writers', age, durationMs('60s'))
    .option('--dry-run', 'say what would be done, and change nothing')
    .option('--json', 'the summary as JSON')
    .action((options: ActOptions) => act(action, options));

async function act(action: ActionRequest['action'], options: ActOptions): Promise<void> {
  const { nodes, amqpUrls } = loadConfig(actConfig);
  if (!isNarrowed(options) && !options.all)
    throw new Error('Nothing was done: say which ones by --tenant, --reason, --id or an age, or say --all.');
  const tally = newTally();
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort(new Error('interrupted'));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const { limit, who, why, wait: waitMs, rate, dryRun = false } = options;
  const { signal } = interrupted;
  const request = { action, filter: options, limit, who, why, waitMs, pace: new Pace(rate), signal };
  try {
    await withLetters(nodes, async (shards) => {
      if (dryRun) {
        for await (const { letter } of meant(shards, request)) {
          tally.matched++;
          if (!options.json) console.log(shownLetter(letter));
        }
        return;
      }
      await withPublisher('dead-letters', amqpUrls, async (publisher) => {
        const endProgress = startProgress(() => progressOf(tally), process.stderr);
        try {
          await runAction(shards, publisher, request, tally);
        } finally {
          endProgress();
        }
      });
    });
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
  const pending = pendingOf(tally);
  console.log(
    options.json ? JSON.stringify({ action, dryRun, ...tally, pending }) : shownTally(action, tally, dryRun),
  );
  if (signal.aborted) process.exitCode = EXIT_INTERRUPTED;
  else if (!isComplete(tally, pending, options)) process.exitCode = 1;
}

/** Ids that were given and are not there count as not done. */
const isComplete = (tally: ActionTally, pending: number, { id }: ActOptions): boolean =>
  tally.refused === 0 &&
  pending === 0 &&
  tally.stopped === undefined &&
  tally.matched >= new Set(id ?? []).size;

const progressOf = (tally: ActionTally): string =>
  `asked for ${tally.asked} · done ${tally.done} · unchanged ${tally.unchanged} · refused ${tally.refused}`;
