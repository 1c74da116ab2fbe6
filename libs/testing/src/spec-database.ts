import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, type QueryResultRow } from 'pg';
import { readStack } from './stack.js';

export type DatabaseRole = 'postgres' | 'migrator' | 'writer' | 'reader' | 'monitor' | 'operator';

/** An empty database of the stack's servers that belongs to one spec. */
export interface SpecDatabase {
  readonly name: string;
  /** Its address for a role on a node, without a pooler. Holds a password: never print it. */
  urlOf(role: DatabaseRole, node?: string): string;
  /** Asks the primary as the superuser. */
  query<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Ends every session of it and removes it. */
  drop(): Promise<void>;
}

/** Makes a database on the stack's primary, owned by the role that migrates. */
export async function createSpecDatabase(prefix: string): Promise<SpecDatabase> {
  const name = `spec_${prefix}_${randomBytes(4).toString('hex')}`;
  const stack = readStack();
  const { passwords } = JSON.parse(readFileSync(join(stack.dir, 'secrets.json'), 'utf8')) as {
    passwords: Record<string, string>;
  };
  const urlOf = (role: DatabaseRole, node = 'postgres-primary'): string => {
    const url = new URL(stack.urlOf(node));
    url.username = role;
    url.password = passwords[role] ?? '';
    url.pathname = `/${name}`;
    return url.href;
  };
  await asSuperuser((client) => client.query(`CREATE DATABASE ${name} OWNER migrator`));
  const owner = await connectPostgres(urlOf('postgres'));
  return {
    name,
    urlOf,
    query: async <Row extends QueryResultRow>(text: string, values: readonly unknown[] = []) =>
      (await owner.query<Row>(text, [...values])).rows,
    async drop() {
      await owner.end();
      await asSuperuser((client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
    },
  };
}

async function asSuperuser(fn: (client: Client) => Promise<unknown>): Promise<void> {
  const client = await connectPostgres(readStack().urlOf('postgres-primary'));
  try {
    await fn(client);
  } finally {
    await client.end();
  }
}

/** A session of its own; that it breaks shows at its next query. */
export async function connectPostgres(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
