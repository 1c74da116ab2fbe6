import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { COMMAND_KINDS } from '@spillway/contracts';
import { ENVELOPE_TYPE } from '@spillway/contracts/server';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { topology } from '../topology.js';
import { asyncApiDocument } from './document.js';

interface Channel {
  readonly address: string;
  readonly 'x-arguments': object;
  readonly 'x-bound-to': readonly object[];
}
interface Document {
  readonly channels: Readonly<Record<string, Channel>>;
  readonly 'x-exchanges': readonly { readonly name: string; readonly type: string }[];
  readonly operations: Readonly<Record<string, { readonly channel: { readonly $ref: string } }>>;
  readonly components: {
    readonly messages: Readonly<Record<string, { readonly name: string }>>;
    readonly schemas: Readonly<Record<string, object>>;
  };
}

const FILE = join(import.meta.dirname, '../../../../docs/asyncapi.yaml');
const kept = parse(readFileSync(FILE, 'utf8')) as Document;

describe('docs/asyncapi.yaml', () => {
  it('is what the code says; if not, run npm run openapi and commit the file', () => {
    expect(kept).toEqual(JSON.parse(JSON.stringify(asyncApiDocument())));
  });

  it('is AsyncAPI 3.0 by its official schema', () => {
    const path = createRequire(import.meta.url).resolve('@asyncapi/specs/schemas/3.0.0-without-$id.json');
    const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
    const validate = ajv.compile(JSON.parse(readFileSync(path, 'utf8')) as object);
    validate(kept);
    expect(validate.errors ?? []).toEqual([]);
    expect(validate({ ...kept, channels: { write: { address: 5 } } })).toBe(false);
  });

  it('has each exchange and queue of the topology with its arguments and bindings, and no other', () => {
    const { exchanges, queues } = topology(['{shard}']);
    expect(kept['x-exchanges'].map(({ name, type }) => ({ name, type }))).toEqual(exchanges);
    const written = Object.values(kept.channels).map((channel) => ({
      name: channel.address,
      arguments: channel['x-arguments'],
      bindings: channel['x-bound-to'],
    }));
    expect(written).toEqual(queues);
  });

  it('uses every channel, for the message of the code, with a schema for every kind', () => {
    const used = new Set(Object.values(kept.operations).map(({ channel }) => channel.$ref));
    expect([...used].sort()).toEqual(
      Object.keys(kept.channels)
        .map((id) => `#/channels/${id}`)
        .sort(),
    );
    expect(Object.values(kept.components.messages).map(({ name }) => name)).toEqual([ENVELOPE_TYPE]);
    expect(Object.keys(kept.components.schemas).sort()).toEqual([...COMMAND_KINDS, 'envelope'].sort());
  });
});
