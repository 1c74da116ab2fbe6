import { readStack } from './stack.js';

/**
 * Calls the management API of the stack's RabbitMQ with all rights, for example to give a test a virtual
 * host of its own. @returns what it answers, null when nothing.
 * @throws Error with the status when the broker refuses.
 */
export async function manageBroker(
  method: 'GET' | 'PUT' | 'DELETE',
  path: string,
  body?: object,
): Promise<unknown> {
  const { adminUrl = '' } = readStack().one('rabbitmq');
  const { origin, username, password } = new URL(adminUrl);
  const response = await fetch(`${origin}/api/${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(`${username}:${decodeURIComponent(password)}`).toString('base64')}`,
      'content-type': 'application/json',
      connection: 'close',
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
  return text === '' ? null : (JSON.parse(text) as unknown);
}

/** A part of the broker that belongs to one test. */
export interface VirtualHost {
  /** With all rights: never print it. */
  readonly url: string;
  remove(): Promise<void>;
}

export async function createVirtualHost(name: string): Promise<VirtualHost> {
  await manageBroker('PUT', `vhosts/${name}`);
  await manageBroker('PUT', `permissions/${name}/admin`, { configure: '.*', write: '.*', read: '.*' });
  return {
    url: `${readStack().urlOf('rabbitmq')}/${name}`,
    remove: async () => void (await manageBroker('DELETE', `vhosts/${name}`)),
  };
}
