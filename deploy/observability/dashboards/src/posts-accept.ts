import { line, perSecond, quantiles, type Row } from './panels.js';

const WRITES = 'http_server_request_duration_count{app="gateway",method!="GET"}';
const FAILED = 'http_server_request_duration_count{app="gateway",method!="GET",status=~"5.."}';

export const acceptRow: Row = {
  title: 'Accept',
  charts: [
    {
      title: 'Posts a second',
      about: 'Confirmed by the broker, and committed. The second follows the first within a second.',
      unit: 'ops',
      lines: [
        line(perSecond('posts_accepted_total'), 'accepted'),
        line(perSecond('posts_committed_total'), 'committed'),
      ],
    },
    {
      title: 'Refused a second',
      about: 'Answered 429, 503 or 504. quota_exceeded is the client’s affair, all others are ours.',
      unit: 'ops',
      lines: [line(perSecond('posts_refused_total', 'reason'), '{{reason}}')],
    },
    {
      title: 'Writes answered without a 5xx',
      about: 'The objective is 99.9 % in 28 days.',
      unit: 'percentunit',
      lines: [line(`1 - ${perSecond(FAILED)} / (${perSecond(WRITES)} > 0) or vector(1)`, 'answered')],
    },
    {
      title: 'Time to answer a write',
      about: 'The objective is a p99 of 10 ms beside what the broker takes for its confirm.',
      unit: 's',
      lines: quantiles('http_server_request_duration', 'app="gateway",method!="GET"'),
    },
    {
      title: 'Time to the broker’s confirm',
      about: 'Rises first when the broker’s disk is slow.',
      unit: 's',
      lines: quantiles('publish_confirm_seconds'),
    },
    {
      title: 'Waiting for a confirm',
      about:
        'At the limit, posts are refused with too_many_unconfirmed. The limit falls while the broker is slow.',
      unit: 'short',
      lines: [line('sum(publish_unconfirmed)', 'waiting'), line('sum(publish_unconfirmed_limit)', 'limit')],
    },
  ],
};
