import { connect } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { readStack, startTcpProxy } from '@spillway/testing';
import { untilAvailable } from './until-available.js';

describe('untilAvailable', () => {
  let said: string[];
  beforeEach(() => {
    said = [];
    jest.spyOn(console, 'error').mockImplementation((line: string) => void said.push(line));
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('waits for what is not there yet, and says so once', async () => {
    const there = await startTcpProxy({ target: { port: Number(new URL(readStack().urlOf('redis')).port) } });
    await there.refuse();
    let tries = 0;
    const result = await untilAvailable('the database', async () => {
      tries++;
      if (tries === 3) await there.pass();
      const socket = connect(there.port, '127.0.0.1');
      await once(socket, 'connect');
      socket.destroy();
      return 'connected';
    });
    expect(result).toBe('connected');
    expect(tries).toBe(3);
    expect(said).toEqual([expect.stringMatching(/^waiting for the database \(.*ECONNREFUSED/)]);
    await there.stop();
  });

  it.each([
    ['a server that is starting', new Error('the database system is starting up')],
    ['a pooler without a server', new Error('server_login has been failing')],
    [
      'every address of a name refused',
      new AggregateError([
        new Error('connect ECONNREFUSED ::1'),
        new Error('connect ECONNREFUSED 127.0.0.1'),
      ]),
    ],
  ])('waits for %s', async (_what, error) => {
    let tries = 0;
    const result = untilAvailable('it', () =>
      ++tries === 1 ? Promise.reject(error) : Promise.resolve('there'),
    );
    expect(await result).toBe('there');
  });

  it('fails at once when what is there refuses', async () => {
    let tries = 0;
    const refused = untilAvailable('the database', () => {
      tries++;
      return Promise.reject(new Error('password authentication failed for user "migrator"'));
    });
    await expect(refused).rejects.toThrow('password authentication failed');
    expect(tries).toBe(1);
    expect(said).toEqual([]);
  });
});
