import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { Client } from 'pg';
import { readStack, watchLeaks, type LeakCheck } from '@spillway/testing';
import { migrateCommand } from './migrate.command.js';
import { tokenCommand } from './token.command.js';
import { topologyCommand } from './topology.command.js';

const database = `spec_cli_${randomBytes(4).toString('hex')}`;

describe('the commands for operators', () => {
  let leaks: LeakCheck;
  let superuser: Client;
  let printed: string[];
  const environment = { ...process.env };

  beforeAll(async () => {
    leaks = watchLeaks();
    superuser = new Client({ connectionString: readStack().urlOf('postgres-primary') });
    await superuser.connect();
    await superuser.query(`CREATE DATABASE ${database} OWNER migrator`);
  });
  afterAll(async () => {
    await superuser.query(`DROP DATABASE ${database} WITH (FORCE)`);
    await superuser.end();
    await leaks.expectNoLeaks();
  });
  beforeEach(() => {
    printed = [];
    jest.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
  });
  afterEach(() => {
    jest.restoreAllMocks();
    for (const name of Object.keys(process.env))
      if (!(name in environment)) Reflect.deleteProperty(process.env, name);
  });

  it('migrate makes the schema of every shard, and says when there is nothing to do', async () => {
    const url = new URL(readStack().urlOf('postgres-primary'));
    url.username = 'migrator';
    url.password = passwordOf('migrator');
    url.pathname = `/${database}`;
    process.env['MIGRATOR_URLS'] = `s0=${url.href}`;
    await migrateCommand().parseAsync([], { from: 'user' });
    await migrateCommand().parseAsync([], { from: 'user' });
    expect(printed).toEqual([expect.stringMatching(/^shard s0: ran Schema\d+/), 'shard s0: up to date']);
    expect(printed.join()).not.toContain(passwordOf('migrator'));
  });

  it('topology declares what is there already without changing it', async () => {
    const url = new URL(readStack().urlOf('rabbitmq'));
    url.username = 'topology';
    url.password = passwordOf('amqpTopology');
    process.env['TOPOLOGY_URL'] = url.href;
    await topologyCommand().parseAsync([], { from: 'user' });
    expect(printed).toEqual(['declared 3 exchanges and 4 queues']);
  });

  it('token prints a signed token and nothing else', async () => {
    process.env['TOKEN_PRIVATE_KEY_FILE'] = join(readStack().dir, 'keys', 'private.jwk');
    process.env['AUTH_ISSUER'] = 'spillway-local';
    process.env['AUTH_AUDIENCE'] = 'spillway';
    const args = ['--tenant', 'acme', '--sub', 'alice', '--roles', 'author,moderator', '--ttl', '90s'];
    await tokenCommand().parseAsync(args, { from: 'user' });
    const [token = '', ...more] = printed;
    expect(more).toEqual([]);
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'EdDSA', kid: expect.any(String) });
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({
      iss: 'spillway-local',
      aud: 'spillway',
      sub: 'alice',
      tenant: 'acme',
      roles: ['author', 'moderator'],
    });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(90);
  });

  it('token refuses a role that there is not, and a duration without a unit', async () => {
    for (const wrong of [
      ['--roles', 'king'],
      ['--ttl', '12'],
    ]) {
      const command = tokenCommand()
        .exitOverride()
        .configureOutput({ writeErr: () => undefined });
      const run = command.parseAsync(['--tenant', 'acme', '--sub', 'alice', ...wrong], { from: 'user' });
      await expect(run).rejects.toThrow(/must be/);
    }
    expect(printed).toEqual([]);
  });
});

function passwordOf(name: string): string {
  const { passwords } = JSON.parse(readFileSync(join(readStack().dir, 'secrets.json'), 'utf8')) as {
    passwords: Record<string, string>;
  };
  return passwords[name] ?? '';
}
