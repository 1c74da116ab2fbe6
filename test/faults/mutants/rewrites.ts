import type { Rewrite } from './rewrite.js';

const RUNNER = 'libs/messaging/dist/batch-runner.js';
const PUBLISHER = 'libs/messaging/dist/publisher.js';

/**
 * Marks, in the code of the writer, the two moments at which F12 kills it. `spillwayFaultPoint` is put
 * there by kill-around-commit.
 */
export const FAULT_POINTS: readonly Rewrite[] = [
  {
    file: 'libs/database/dist/scope.js',
    find: `const closing = await script(...end(value));`,
    put: `globalThis.spillwayFaultPoint('before-commit'); const closing = await script(...end(value));`,
  },
  {
    file: RUNNER,
    find: `const settlement = settle(await this.work.handle(batch), entries.length);`,
    put: `globalThis.spillwayFaultPoint('batch');
        const outcomes = await this.work.handle(batch);
        globalThis.spillwayFaultPoint('after-commit', outcomes);
        const settlement = settle(outcomes, entries.length);`,
  },
];

/** The deliberately broken build: a batch is acked as soon as it is taken, and not after its commit. */
export const ACK_BEFORE_COMMIT: readonly Rewrite[] = [
  {
    file: RUNNER,
    find: `async settle(by, parts, trigger, attempt) {`,
    put: `async settle(by, parts, trigger, attempt) {
        if (attempt === 1) by.channel.ack(parts.at(-1).delivery.message, true);`,
  },
  {
    file: RUNNER,
    find: `by.channel.ack(last.message, true);`,
    put: `void last;`,
  },
];

/** For F15: `spillwayKiller` is put there by killer-command. */
export const KILLER_COMMAND: readonly Rewrite[] = [
  {
    file: 'apps/writer/dist/posts/create-post.handler.js',
    find: `const holders = await claimKeys(scope, commands);`,
    put: `globalThis.spillwayKiller(commands); const holders = await claimKeys(scope, commands);`,
  },
];

/** For F11: `spillwayForeignUser` is put there by channel-error. */
export const CHANNEL_ERROR: readonly Rewrite[] = [
  { file: PUBLISHER, find: `mandatory: true,`, put: `mandatory: true, ...globalThis.spillwayForeignUser(),` },
];

/** A deliberately broken build: the broker drops what it cannot route, and confirms it. */
export const WITHOUT_MANDATORY: readonly Rewrite[] = [
  { file: PUBLISHER, find: `mandatory: true,`, put: `mandatory: false,` },
];

/**
 * A deliberately broken build: what was refused without a connection is kept, and sent after all. The gate is
 * asked before a request is read, before its command enters a message and before that is published, so it is broken in
 * all three places.
 */
export const BUFFER_WHILE_DISCONNECTED: readonly Rewrite[] = [
  {
    file: 'apps/gateway/dist/posts/refuse-while-closed.js',
    find: `const { publishes } = request.routeOptions.config;`,
    put: `const publishes = false;`,
  },
  {
    file: 'libs/messaging/dist/shared-messages.js',
    find: `throw new PublishError(refusal);`,
    put: `{
                if (refusal.failure === 'unavailable') globalThis.spillwayKeep(() => this.send(command, to));
                throw new PublishError(refusal);
            }`,
  },
  {
    file: PUBLISHER,
    find: `throw new PublishError(refusal);`,
    put: `{
                if (refusal.failure === 'unavailable') globalThis.spillwayKeep(() => this.publish(message));
                throw new PublishError(refusal);
            }`,
  },
  {
    file: PUBLISHER,
    find: `this.ready = true;`,
    put: `this.ready = true; setImmediate(globalThis.spillwaySendKept);`,
  },
];

/** A deliberately broken build: nothing in the transaction that stores a post knows its Idempotency-Key. */
export const KEY_ONLY_IN_REDIS: readonly Rewrite[] = [
  {
    file: 'apps/writer/dist/posts/create-post.handler.js',
    find: `await claimKeys(scope, commands)`,
    put: `new Map()`,
  },
];

/** For F26: a writer of a later version, which knows version 2 of the envelope. */
export const NEWER_WRITER: readonly Rewrite[] = [
  {
    file: 'libs/contracts/dist/envelope.js',
    find: `parsed['v'] !== ENVELOPE_VERSION`,
    put: `parsed['v'] !== ENVELOPE_VERSION && parsed['v'] !== 2`,
  },
];
