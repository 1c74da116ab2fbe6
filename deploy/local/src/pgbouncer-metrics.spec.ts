import { describe, expect, it } from '@jest/globals';
import { renderPgbouncer } from './pgbouncer-metrics.js';

const POOLS = `database,user,cl_active,cl_waiting,sv_active,sv_idle,sv_used,maxwait,maxwait_us
pgbouncer,pgbouncer,1,0,0,0,0,0,0
spillway,writer,3,2,1,2,1,1,500000
`;
const DATABASES = `name,database,pool_size,max_connections,current_connections
spillway,spillway,50,50,4
`;
const STATS = `database,total_xact_count,total_query_count,total_query_time,total_wait_time
spillway,2677,3087,5500000,250000
`;

describe('the metrics of a PgBouncer', () => {
  const lines = renderPgbouncer({ POOLS, DATABASES, STATS }).split('\n');

  it.each([
    'pgbouncer_up 1',
    'pgbouncer_pools_client_waiting_connections{database="spillway",user="writer"} 2',
    'pgbouncer_pools_client_maxwait_seconds{database="spillway",user="writer"} 1.5',
    'pgbouncer_databases_current_connections{name="spillway"} 4',
    '# TYPE pgbouncer_stats_queries_pooled_total counter',
    'pgbouncer_stats_queries_duration_seconds_total{database="spillway"} 5.5',
  ])('have the line %s', (line) => expect(lines).toContain(line));

  it('leave out the console itself', () => expect(lines.join()).not.toContain('"pgbouncer"'));

  it('say that it is down, and nothing else', () =>
    expect(renderPgbouncer(undefined)).toBe('# TYPE pgbouncer_up gauge\npgbouncer_up 0\n'));
});
