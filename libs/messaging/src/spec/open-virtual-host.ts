import { randomBytes } from 'node:crypto';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import { createVirtualHost, watchLeaks } from '@spillway/testing';

/** A part of the broker that belongs to one block of specs. */
export interface OwnVirtualHost {
  readonly name: string;
  /** With all rights: never print it. */
  readonly url: string;
  readonly admin: ChannelModel;
  readonly control: Channel;
  /** Fails when something is left open. */
  close(): Promise<void>;
}

export async function openVirtualHost(prefix: string): Promise<OwnVirtualHost> {
  const leaks = watchLeaks();
  const name = `spec-${prefix}-${randomBytes(4).toString('hex')}`;
  const host = await createVirtualHost(name);
  const admin = await connect(host.url);
  return {
    name,
    url: host.url,
    admin,
    control: await admin.createChannel(),
    async close() {
      await admin.close();
      await host.remove();
      await leaks.expectNoLeaks();
    },
  };
}
