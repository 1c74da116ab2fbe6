import { describe, expect, it } from '@jest/globals';
import { postgresSettings } from './postgres-settings.js';
import { fillTemplate } from './template.js';

const GIB = 2 ** 30;

describe('the settings of Postgres', () => {
  it('divide half of the machine among its nodes', () => {
    expect(postgresSettings({ memory: 16 * GIB, cores: 8, freeDisk: 100 * GIB, nodes: 2 })).toEqual({
      SHARED_BUFFERS: '1024MB',
      EFFECTIVE_CACHE_SIZE: '3072MB',
      WORK_MEM: '5MB',
      MAINTENANCE_WORK_MEM: '256MB',
      PARALLEL_MAINTENANCE_WORKERS: '4',
      MAX_WAL_SIZE: '5120MB',
    });
  });

  it('stay within bounds on the smallest machine and on a large one', () => {
    const small = postgresSettings({ memory: GIB, cores: 1, freeDisk: GIB, nodes: 4 });
    expect(small).toMatchObject({ SHARED_BUFFERS: '128MB', WORK_MEM: '4MB', MAX_WAL_SIZE: '1024MB' });
    const large = postgresSettings({ memory: 512 * GIB, cores: 64, freeDisk: 9000 * GIB, nodes: 1 });
    expect(large).toMatchObject({ SHARED_BUFFERS: '8192MB', WORK_MEM: '32MB', MAX_WAL_SIZE: '8192MB' });
  });

  it('have a place each in the file that explains them', () => {
    const machine = { memory: GIB, cores: 1, freeDisk: GIB, nodes: 1 };
    const text = fillTemplate('postgres/postgresql.conf', postgresSettings(machine));
    expect(text).toContain('shared_buffers = 128MB');
    expect(text).not.toContain('${');
  });
});
