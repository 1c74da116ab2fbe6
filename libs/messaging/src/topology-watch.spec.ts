import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Channel } from 'amqplib';
import { eventually, notYet, watchLeaks } from '@spillway/testing';
import type { Logger } from '@spillway/telemetry';
import { BrokerConnection } from './broker-connection.js';
import { declareTopology } from './declare-topology.js';
import { openVirtualHost, type OwnVirtualHost } from './spec/open-virtual-host.js';
import { topology, writeQueue } from './topology.js';
import { TopologyWatch } from './topology-watch.js';

const wanted = topology(['s0']);

describe('TopologyWatch', () => {
  let host: OwnVirtualHost;
  let url: string;
  let control: Channel;
  let connection: BrokerConnection;
  const complaints: unknown[] = [];
  const logger: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (fields) => void complaints.push(fields),
    child: () => logger,
  };

  beforeAll(async () => {
    host = await openVirtualHost('watch');
    ({ url, control } = host);
    await declareTopology(url, wanted);
    connection = BrokerConnection.open({ urls: [url], name: 'a spec', logger });
    await eventually('it is connected', () => connection.current !== undefined);
  });
  afterAll(async () => {
    await connection.close();
    await host.close();
  });

  it('is up while everything is there, says what is missing, once, and notices when it is back', async () => {
    const watch = new TopologyWatch(connection, wanted, logger);
    const seen = async (up: boolean) =>
      eventually(
        up ? 'it is up' : 'it is down',
        async () => {
          const result = await watch.probe.check();
          return result.up === up ? result : notYet(result);
        },
        { deadlineMs: 15_000 },
      );
    expect(watch.probe.required).toBe(true);
    await seen(true);
    await control.deleteQueue(writeQueue('s0'));
    expect(await seen(false)).toEqual({
      up: false,
      detail: expect.stringContaining(`queue ${writeQueue('s0')}`),
    });
    expect(complaints).toHaveLength(1);
    await declareTopology(url, wanted);
    await seen(true);
    watch.stop();
  }, 40_000);

  it('leaves nothing running when it is stopped while it looks', async () => {
    const own = watchLeaks();
    const watch = new TopologyWatch(connection, wanted, logger);
    watch.stop();
    await eventually('it has looked', async () => (await watch.probe.check()).up);
    await own.expectNoLeaks({ deadlineMs: 1_000 });
  });
});
