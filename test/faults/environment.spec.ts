import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readEnvFile } from './env-file.js';
import { changeEnvironment } from './environment.js';
import { preload } from './mutants/preload.js';

const TEXT = `AMQP_URLS='amqp://user:pass@127.0.0.1:5672'\nLOG_LEVEL='info'\n`;

describe('changeEnvironment', () => {
  let dir: string;
  const text = (): string => readFileSync(join(dir, 'env', 'gateway-1.env'), 'utf8');

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'env-'));
    mkdirSync(join(dir, 'env'));
    writeFileSync(join(dir, 'env', 'gateway-1.env'), TEXT);
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  it('replaces and adds variables, and puts the file back as it was', () => {
    const restore = changeEnvironment(dir, ['gateway-1'], ({ LOG_LEVEL }, name) => ({
      LOG_LEVEL: `${LOG_LEVEL ?? ''}!`,
      NAME: name,
    }));
    expect(readEnvFile(dir, 'gateway-1')).toEqual({
      AMQP_URLS: 'amqp://user:pass@127.0.0.1:5672',
      LOG_LEVEL: 'info!',
      NAME: 'gateway-1',
    });
    restore();
    expect(text()).toBe(TEXT);
  });

  it('adds mutants to those that are preloaded already', () => {
    const one = preload(dir, ['gateway-1'], ['channel-error'], { SPILLWAY_FAULTS_DIR: '/marks' });
    const two = preload(dir, ['gateway-1'], ['clock-offset']);
    const { NODE_OPTIONS, SPILLWAY_FAULTS_DIR } = readEnvFile(dir, 'gateway-1');
    expect(NODE_OPTIONS).toMatch(/^--import=file:\S+channel-error\.js --import=file:\S+clock-offset\.js$/);
    expect(SPILLWAY_FAULTS_DIR).toBe('/marks');
    two();
    one();
    expect(text()).toBe(TEXT);
  });
});
