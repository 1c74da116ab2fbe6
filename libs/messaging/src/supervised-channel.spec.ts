import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Channel, ChannelModel } from 'amqplib';
import {
  createVirtualHost,
  eventually,
  type LeakCheck,
  quietLogger,
  type VirtualHost,
  watchLeaks,
} from '@spillway/testing';
import { BrokerConnection } from './broker-connection.js';
import { SupervisedChannel } from './supervised-channel.js';

describe('a supervised channel', () => {
  let leaks: LeakCheck;
  let host: VirtualHost;
  let connection: BrokerConnection;
  let supervisor: SupervisedChannel<Channel>;
  let opened: Channel[];
  let closed: Channel[];
  let prepared: Channel[];
  /** Openings and preparations wait for these. */
  let openGate: Promise<void>;
  let setupGate: Promise<void>;

  beforeAll(async () => {
    leaks = watchLeaks();
    host = await createVirtualHost(`spec-channel-${randomBytes(4).toString('hex')}`);
  });
  afterAll(async () => {
    await host.remove();
    await leaks.expectNoLeaks();
  });
  beforeEach(() => {
    [opened, closed, prepared] = [[], [], []];
    openGate = setupGate = Promise.resolve();
    connection = open();
  });
  afterEach(async () => {
    await supervisor.close();
    await connection.close();
  });

  const open = (): BrokerConnection =>
    BrokerConnection.open({ urls: [host.url], name: 'a spec', logger: quietLogger });
  const supervised = (): SupervisedChannel<Channel> =>
    (supervisor = new SupervisedChannel({
      ...{ connection, logger: quietLogger, lost: () => undefined },
      open: async (model: ChannelModel) => {
        const channel = await model.createChannel();
        channel.on('close', () => closed.push(channel));
        opened.push(channel);
        await openGate;
        return channel;
      },
      setup: async (channel) => {
        prepared.push(channel);
        await setupGate;
        await channel.prefetch(1);
      },
    }));

  it('is opened again when the broker has closed it', async () => {
    const channel = supervised();
    const first = await eventually('it is open', () => channel.current);
    await expect(first.checkQueue('spec-no-such-queue')).rejects.toThrow('404');
    await eventually('another is open', () => channel.current !== undefined && channel.current !== first);
    await channel.close();
    expect(closed).toEqual(opened);
  });

  it('is closed at once, and not prepared, when it was being opened while it was closed', async () => {
    const held = Promise.withResolvers<void>();
    openGate = held.promise;
    const channel = supervised();
    await eventually('one is being opened', () => opened.length === 1);
    await channel.close();
    held.resolve();
    await eventually('it is closed', () => closed.length === 1);
    expect([prepared, closed, channel.current]).toEqual([[], opened, undefined]);
  });

  it('is not opened again when it was being prepared while it was closed', async () => {
    const channel = supervised();
    const first = await eventually('it is open', () => channel.current);
    await eventually('it is prepared', () => prepared.length === 1);
    const held = Promise.withResolvers<void>();
    setupGate = held.promise;
    channel.replace('a test', 0);
    await eventually('another is being prepared', () => prepared.length === 2);
    await channel.close();
    held.resolve();
    await eventually('it is closed', () => closed.length === 2);
    expect([opened.length, channel.current]).toEqual([2, undefined]);
    expect(closed[0]).toBe(first);
  });

  it('is given up with a connection that was closed under it', async () => {
    await connection.close();
    const own = watchLeaks();
    connection = open();
    const channel = supervised();
    await eventually('it is open', () => channel.current);
    await connection.close();
    await own.expectNoLeaks();
    expect([opened.length, channel.current]).toEqual([1, undefined]);
  });
});
