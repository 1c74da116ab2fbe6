import { request } from 'node:http';

export type XmlValue = string | number | boolean | XmlValue[] | { [name: string]: XmlValue };

/**
 * Calls a method of supervisord over its unix socket (http://supervisord.org/api.html).
 * @throws Error with the fault's text, or the socket's error when nobody listens.
 */
export async function xmlRpc(
  socket: string,
  method: string,
  params: readonly (string | boolean)[] = [],
): Promise<XmlValue> {
  const body = `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${params
    .map(
      (p) =>
        `<param><value>${typeof p === 'boolean' ? `<boolean>${p ? 1 : 0}</boolean>` : `<string>${escape(p)}</string>`}</value></param>`,
    )
    .join('')}</params></methodCall>`;
  const answer = parseXml(await post(socket, body));
  if (typeof answer === 'object' && !Array.isArray(answer) && 'faultString' in answer) {
    throw new Error(`supervisord refused ${method}: ${JSON.stringify(answer['faultString'])}`);
  }
  return answer;
}

function post(socketPath: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'text/xml', 'Content-Length': Buffer.byteLength(body) };
    const sent = request(
      { socketPath, path: '/RPC2', method: 'POST', headers, timeout: 10_000 },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve(Buffer.concat(chunks).toString()));
        response.on('error', reject);
      },
    );
    sent.on('timeout', () => sent.destroy(new Error('supervisord does not answer')));
    sent.on('error', reject);
    sent.end(body);
  });
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const unescape = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

/** The first value of an XML-RPC answer; a fault is a struct with `faultString`. Exported for its spec. */
export function parseXml(xml: string): XmlValue {
  const tokens = [...xml.matchAll(/<(\/?)([\w.]+)[^>]*>([^<]*)/g)]
    .map(([, slash, tag = '', text = '']) => ({ tag: `${slash}${tag}`, text }))
    .filter(
      ({ tag }) => !['xml', 'methodResponse', 'params', 'param', 'fault', 'data', '/data'].includes(tag),
    );
  let at = tokens.findIndex(({ tag }) => tag === 'value');
  const value = (): XmlValue => {
    const opened = tokens[at++];
    const typed = tokens[at];
    if (typed?.tag === '/value') {
      at++;
      return unescape(opened?.text ?? '');
    }
    const result = typedValue();
    at++;
    return result;
  };
  const typedValue = (): XmlValue => {
    const { tag = '', text = '' } = tokens[at++] ?? {};
    if (tag === 'array') {
      const items: XmlValue[] = [];
      while (tokens[at]?.tag === 'value') items.push(value());
      at++;
      return items;
    }
    if (tag === 'struct') {
      const members: { [name: string]: XmlValue } = {};
      while (tokens[at]?.tag === 'member') {
        const name = tokens[at + 1]?.text ?? '';
        at += 3;
        members[name] = value();
        at++;
      }
      at++;
      return members;
    }
    at++;
    if (tag === 'int' || tag === 'i4' || tag === 'double') return Number(text);
    return tag === 'boolean' ? text === '1' : unescape(text);
  };
  return value();
}
