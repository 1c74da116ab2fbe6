import { DataSource } from 'typeorm';

/** Lends a connection of the role that owns the schema, without a pooler, to `fn`. */
export async function withOwner<T>(url: string, fn: (source: DataSource) => Promise<T>): Promise<T> {
  const source = new DataSource({
    type: 'postgres',
    url,
    installExtensions: false,
    poolSize: 1,
    connectTimeoutMS: 2_000,
    applicationName: 'spillway partitions',
  });
  await source.initialize();
  try {
    return await fn(source);
  } finally {
    await source.destroy();
  }
}
