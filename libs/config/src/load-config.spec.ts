import { describe, expect, it } from '@jest/globals';
import { ConfigError } from './config-error.js';
import { describeConfig } from './describe-config.js';
import { fraction, integer, list, oneOf, parsed, port, text, url, urls, type Field } from './field.js';
import { loadConfig } from './load-config.js';

const about = 'what it is for';
const read = <T>(field: Field<T>, value: string | undefined): T =>
  loadConfig({ value: field }, value === undefined ? {} : { X: value }).value;

function mistakesOf(fn: () => unknown): readonly string[] {
  try {
    fn();
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  const spec = {
    name: text('NAME', { about: 'who it is' }),
    poolMax: integer('POOL_MAX', 1, 10, { about, fallback: '4' }),
    key: parsed('KEY', { about, secret: true }, (value) => {
      if (value !== 'right') throw new Error('must be the right one');
      return { value };
    }),
    redisUrl: url('REDIS_URL', ['redis'], { about }),
  };

  it('reads everything, and takes the fallback for what is absent', () => {
    const env = { NAME: 'gateway-1', KEY: 'right', REDIS_URL: 'redis://:pw@127.0.0.1:6379' };
    expect(loadConfig(spec, env)).toEqual({
      name: 'gateway-1',
      poolMax: 4,
      key: { value: 'right' },
      redisUrl: 'redis://:pw@127.0.0.1:6379',
    });
    expect(loadConfig(spec, { ...env, POOL_MAX: '7' }).poolMax).toBe(7);
  });

  it('reports all mistakes at once, with the name and the expected form of each', () => {
    const mistakes = mistakesOf(() =>
      loadConfig(spec, { POOL_MAX: 'many', KEY: 'wrong', REDIS_URL: 'http://x' }),
    );
    expect(mistakes).toEqual([
      'NAME is missing: who it is',
      'POOL_MAX must be a whole number from 1 to 10',
      'KEY must be the right one',
      'REDIS_URL must be an address starting with redis://',
    ]);
    expect(() => loadConfig(spec, {})).toThrow(/nothing was started[\s\S]*NAME[\s\S]*KEY[\s\S]*REDIS_URL/);
  });

  it('never prints a value', () => {
    const secret = 's3cret-value';
    const env = { NAME: '', POOL_MAX: secret, KEY: secret, REDIS_URL: `amqp://user:${secret}@host` };
    try {
      loadConfig(spec, env);
      throw new Error('the configuration was accepted');
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect(String(error)).not.toContain(secret);
      expect(JSON.stringify(error)).not.toContain(secret);
    }
  });

  it('says only that a value is malformed when its parser throws something that is no error', () => {
    const field = parsed('X', { about }, () => {
      throw 's3cret' as unknown as Error;
    });
    expect(mistakesOf(() => read(field, 'x'))).toEqual(['X is malformed']);
  });

  it('takes an empty text for a value, not for an absent one', () => {
    expect(mistakesOf(() => read(integer('X', 0, 9, { about, fallback: '4' }), ''))).toHaveLength(1);
    expect(read(text('X', { about, fallback: '' }), '')).toBe('');
    expect(mistakesOf(() => read(text('X', { about, fallback: 'x' }), ''))).toEqual(['X must not be empty']);
  });

  it('gives a configuration that cannot be changed', () => {
    const config = loadConfig({ a: text('A', { about, fallback: 'x' }) }, {});
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('checks a fallback like any other value', () => {
    expect(mistakesOf(() => read(port('X', { about, fallback: '0' }), undefined))).toHaveLength(1);
  });
});

describe('the kinds of fields', () => {
  const cases: readonly [string, Field<unknown>, string, unknown][] = [
    ['a text', text('X', { about }), ' a ', ' a '],
    ['an integer', integer('X', -5, 5, { about }), '-5', -5],
    ['an integer at its upper end', integer('X', -5, 5, { about }), '5', 5],
    ['a port', port('X', { about }), '65535', 65535],
    ['a fraction', fraction('X', { about }), '0.2', 0.2],
    ['a whole', fraction('X', { about }), '1', 1],
    ['one of several', oneOf('X', ['debug', 'info'], { about }), 'info', 'info'],
    ['a list', list('X', { about }), 's0, s1', ['s0', 's1']],
    ['an address', url('X', ['http', 'https'], { about }), 'https://h/p', 'https://h/p'],
    ['addresses', urls('X', ['amqp'], { about }), 'amqp://a, amqp://b', ['amqp://a', 'amqp://b']],
  ];
  it.each(cases)('take %s', (_what, field, value, expected) => {
    expect(read(field, value)).toEqual(expected);
  });

  const refused: readonly [string, Field<unknown>, string][] = [
    ['an empty text', text('X', { about }), ''],
    ['an integer below its bound', integer('X', 1, 10, { about }), '0'],
    ['an integer above its bound', integer('X', 1, 10, { about }), '11'],
    ['an integer with a fraction', integer('X', 1, 10, { about }), '1.0'],
    ['an integer in hexadecimal', integer('X', 1, 100, { about }), '0x10'],
    ['an integer with an exponent', integer('X', 1, 100, { about }), '1e1'],
    ['an integer with a blank', integer('X', 1, 10, { about }), ' 1'],
    ['an integer beyond all bounds', integer('X', 1, 10, { about }), '9'.repeat(400)],
    ['port 0', port('X', { about }), '0'],
    ['port 65536', port('X', { about }), '65536'],
    ['no share at all', fraction('X', { about }), '0'],
    ['more than everything', fraction('X', { about }), '1.01'],
    ['a negative share', fraction('X', { about }), '-0.5'],
    ['a percentage', fraction('X', { about }), '20%'],
    ['two points', fraction('X', { about }), '0.1.2'],
    ['a choice that is not there', oneOf('X', ['debug', 'info'], { about }), 'INFO'],
    ['an empty list', list('X', { about }), ''],
    ['a list with an empty entry', list('X', { about }), 's0,,s1'],
    ['an address of another scheme', url('X', ['http'], { about }), 'ftp://h'],
    ['no address', url('X', ['http'], { about }), 'h:80'],
    ['a list of addresses with an empty entry', urls('X', ['amqp'], { about }), 'amqp://a,'],
    ['a list of addresses with a stranger', urls('X', ['amqp'], { about }), 'amqp://a,http://b'],
  ];
  it.each(refused)('refuse %s', (_what, field, value) => {
    expect(mistakesOf(() => read(field, value))).toEqual([expect.stringMatching(/^X must /)]);
  });

  it('keep addresses secret, since they hold passwords', () => {
    expect(url('X', ['http'], { about }).secret).toBe(true);
    expect(urls('X', ['http'], { about }).secret).toBe(true);
    expect(text('X', { about }).secret).toBe(false);
  });
});

describe('describeConfig', () => {
  it('shows what a person must set, and leaves secrets empty', () => {
    const section = describeConfig('reader', {
      name: text('NAME', { about: 'Who it is' }),
      level: oneOf('LEVEL', ['info'], { about: 'How much it says', fallback: 'info' }),
      redisUrl: url('REDIS_URL', ['redis'], { about: 'Address of Redis', fallback: 'redis://:pw@h' }),
    });
    expect(section).toBe(
      '## reader\n\n# Who it is (required)\nNAME=\n\n# How much it says\nLEVEL=info\n\n# Address of Redis\nREDIS_URL=\n',
    );
  });
});
