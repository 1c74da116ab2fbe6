import { describe, expect, it } from '@jest/globals';
import { trace, type Attributes, type Span } from '@opentelemetry/api';
import { countRows, describeStatement, summaryOf } from './describe-statement.js';

/** A span that keeps what it is told, sampled or not. */
function recorder(sampled = true): { span: Span; said: Attributes } {
  const span = trace.wrapSpanContext({ traceId: '1'.repeat(32), spanId: '1'.repeat(16), traceFlags: 1 });
  const said: Attributes = {};
  span.isRecording = () => sampled;
  span.updateName = (name) => {
    said['name'] = name;
    return span;
  };
  span.setAttribute = (key, value) => {
    said[key] = value;
    return span;
  };
  span.setAttributes = (all) => {
    Object.assign(said, all);
    return span;
  };
  return { span, said };
}

describe('summaryOf', () => {
  it.each([
    [`BEGIN; SELECT pg_logical_emit_message(true, 'ingest', ''), floor(extract(epoch FROM now()))`, 'BEGIN'],
    [
      '\n WITH given AS (SELECT * FROM unnest($1)), stored AS (\n INSERT INTO posts (id) SELECT 1)',
      'INSERT posts',
    ],
    ['INSERT INTO ledger AS l VALUES (1) ON CONFLICT DO UPDATE SET n = 1; COMMIT; SELECT 1', 'COMMIT'],
    [
      'SELECT id, coalesce((SELECT r.n FROM reply_counts r), 0) AS n FROM posts WHERE id = $1',
      'SELECT posts',
    ],
    ['SELECT p.id FROM posts p FOR UPDATE OF p', 'SELECT posts'],
    ['WITH g AS (SELECT 1), c AS (UPDATE posts p SET a = 1) SELECT 1', 'UPDATE posts'],
    ['DELETE FROM post_tags t USING unnest($1::uuid[]) AS g', 'DELETE post_tags'],
    ['\n SELECT tenant_id, id FROM insert_posts(\n $1::text[])', 'INSERT posts'],
    ['ROLLBACK', 'ROLLBACK'],
    ['', 'query'],
  ])('%s', (text, summary) => {
    expect(summaryOf(text)).toBe(summary);
  });
});

describe('the span of a statement', () => {
  it('has its name, and no literal of it', () => {
    const { span, said } = recorder();
    describeStatement(span, {
      query: { text: `SELECT a FROM posts WHERE content = 'it''s INSERT INTO eve' AND n = 1` },
    });
    expect(said).toEqual({
      name: 'SELECT posts',
      'db.query.summary': 'SELECT posts',
      'db.query.text': 'SELECT a FROM posts WHERE content = ? AND n = 1',
    });
  });

  it.each([
    ['one', { rowCount: 3 }, 3],
    ['several, of which some count nothing', [{ rowCount: null }, { rowCount: 1 }, { rowCount: 2 }], 1],
    ['a read of ours', { rows: [{}, {}] }, 2],
    ['none', undefined, undefined],
  ])('counts the rows of %s', (_case, data, rows) => {
    const { span, said } = recorder();
    countRows(span, { data });
    expect(said['app.rows']).toBe(rows);
  });

  it('costs nothing when it is not sampled', () => {
    const { span, said } = recorder(false);
    const before = Object.keys(span);
    describeStatement(span, { query: { text: 'COMMIT' } });
    countRows(span, { data: { rowCount: 1 } });
    expect([said, Object.keys(span)]).toEqual([{}, before]);
  });
});
