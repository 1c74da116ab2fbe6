import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startAdminServer, type AdminServer } from './admin-server.js';
import { HealthRegistry } from './health-registry.js';

describe('startAdminServer', () => {
  const health = new HealthRegistry();
  let up = true;
  health.add({ name: 'broker', required: true, check: () => ({ up, detail: 'amqp://10.0.0.1' }) });
  let admin: AdminServer;
  beforeAll(async () => {
    admin = await startAdminServer({
      host: '127.0.0.1',
      port: 0,
      health,
      metrics: (_request, response) => response.end('m 1\n'),
    });
  });
  afterAll(() => admin.close());
  const get = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${admin.port}${path}`, { method });

  it.each([
    ['GET', '/metrics', 200],
    ['GET', '/metrics?x=1', 200],
    ['GET', '/health/live', 200],
    ['HEAD', '/health/live', 200],
    ['GET', '/health/ready', 200],
    ['GET', '/health', 404],
    ['GET', '/', 404],
    ['POST', '/metrics', 405],
    ['DELETE', '/health/live', 405],
  ])('%s %s is %i', async (method, path, status) => expect((await get(path, method)).status).toBe(status));

  it('gives the scrape to the handler', async () =>
    expect(await (await get('/metrics')).text()).toBe('m 1\n'));

  it('is not ready without what is required, and alive all the same', async () => {
    up = false;
    const ready = await get('/health/ready');
    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({
      status: 'down',
      ready: false,
      dependencies: { broker: { status: 'down', required: true } },
    });
    expect((await get('/health/live')).status).toBe(200);
    up = true;
  });

  it('refuses headers without end', async () => {
    const socket = connect(admin.port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    socket.write(`GET /metrics HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(8000)}\r\n\r\n`);
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('says when its port is taken', async () => {
    const again = startAdminServer({ host: '127.0.0.1', port: admin.port, health, metrics: () => undefined });
    await expect(again).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('closes with connections open', async () => {
    const other = await startAdminServer({ host: '127.0.0.1', port: 0, health, metrics: () => undefined });
    const socket = connect(other.port, '127.0.0.1');
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    await other.close();
    await closed;
  });
});
