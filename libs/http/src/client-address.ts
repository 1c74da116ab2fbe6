import { BlockList, isIP } from 'node:net';
import type { IncomingHttpHeaders } from 'node:http';

/**
 * Reads addresses and networks, such as `127.0.0.1,10.0.0.0/8,::1`.
 * @throws Error when an entry is neither.
 */
export function parseProxies(text: string): BlockList {
  const proxies = new BlockList();
  for (const entry of text === '' ? [] : text.split(',').map((part) => part.trim())) {
    const [address = '', bits, ...more] = entry.split('/');
    const family = isIP(address);
    const most = family === 6 ? 128 : 32;
    const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    if (family === 0 || prefix < 0 || prefix > most || more.length > 0)
      throw new Error('must be a comma-separated list of addresses and networks');
    proxies.addSubnet(address, prefix, family === 6 ? 'ipv6' : 'ipv4');
  }
  return proxies;
}

interface Received {
  readonly socket: { readonly remoteAddress?: string | undefined };
  readonly headers: IncomingHttpHeaders;
}

/** Who sent the request: what a trusted proxy wrote into `X-Forwarded-For` last, else the peer itself. */
export function clientAddress({ socket, headers }: Received, proxies: BlockList): string {
  const peer = socket.remoteAddress ?? '';
  const forwarded = headers['x-forwarded-for'];
  if (typeof forwarded !== 'string' || !proxies.check(peer, isIP(peer) === 6 ? 'ipv6' : 'ipv4')) return peer;
  const last = forwarded.slice(forwarded.lastIndexOf(',') + 1).trim();
  return isIP(last) === 0 ? peer : last;
}
