import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { busyPorts, freeOffset, portsFor, portTable } from './ports.js';

const COUNTS = { gateways: 3, writers: 3, readers: 3, replicas: 2 };

describe('the port table', () => {
  it('gives every purpose a port of its own, at every offset', () => {
    for (const offset of [0, 5_000, 5_500, 38_000]) {
      const ports = portsFor(offset);
      const table = portTable(ports, COUNTS);
      expect(table.size).toBe(13 + 2 * 3 + 2 * 3 + 3 + 3 * 3);
      expect(Math.max(...table.keys())).toBeLessThan(65_536);
    }
  });

  it('gives the nodes of a Redis Cluster ports of their own', () => {
    const single = portTable(portsFor(5_000), COUNTS);
    const table = portTable(portsFor(5_000), { ...COUNTS, redisNodes: 3 });
    expect(table.size).toBe(single.size - 1 + 3 * 2);
    expect(single.get(portsFor(5_000).redis(0))).toBe('Redis');
    const other = portTable(portsFor(5_500), { ...COUNTS, redisNodes: 3 });
    expect([...table.keys()].filter((port) => other.has(port))).toEqual([]);
  });

  it('moves all ports but a public one that was chosen by hand', () => {
    expect(portsFor(0).edge).toBe(3000);
    expect(portsFor(5_000).edge).toBe(8000);
    expect(portsFor(5_000, 3000).edge).toBe(3000);
    expect(portsFor(5_000, 3000).amqp).toBe(portsFor(0).amqp + 5_000);
  });

  it('keeps neighbouring stacks apart', () => {
    const one = portTable(portsFor(5_000), COUNTS);
    const other = portTable(portsFor(5_500), COUNTS);
    expect([...one.keys()].filter((port) => other.has(port))).toEqual([]);
  });
});

describe('a busy port', () => {
  let server: Server | undefined;
  afterEach(() => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())));

  it('is told with its purpose and with the process that holds it', async () => {
    const held = createServer();
    server = held;
    const port = await new Promise<number>((resolve) =>
      held.listen(0, '127.0.0.1', () => resolve((held.address() as { port: number }).port)),
    );
    const [line] = await busyPorts(new Map([[port, 'edge']]));
    expect(line).toContain(`port ${port} (edge) is held by`);
    expect(line).toContain(`pid ${process.pid}`);
  });

  it('is avoided by taking another range', async () => {
    const offset = await freeOffset(COUNTS);
    expect(offset % 500).toBe(0);
    expect(await busyPorts(portTable(portsFor(offset), COUNTS))).toEqual([]);
  });
});
