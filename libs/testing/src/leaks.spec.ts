import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { watchLeaks } from './leaks.js';

describe('watchLeaks', () => {
  it('is content when all is closed again', async () => {
    const leaks = watchLeaks();
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    server.close();
    await leaks.expectNoLeaks();
  });

  it('names a server that still listens', async () => {
    const leaks = watchLeaks();
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    await expect(leaks.expectNoLeaks({ deadlineMs: 50 })).rejects.toThrow('1 × TCPServerWrap');
    server.close();
    await leaks.expectNoLeaks();
  });

  it('names a timer that still runs', async () => {
    const leaks = watchLeaks();
    const timer = setInterval(() => undefined, 1000);
    await expect(leaks.expectNoLeaks({ deadlineMs: 50 })).rejects.toThrow('1 × Timeout');
    clearInterval(timer);
    await leaks.expectNoLeaks();
  });
});
