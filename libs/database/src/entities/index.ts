import { CommandOutcomeEntity } from './command-outcome.entity.js';
import { DeadLetterActionEntity } from './dead-letter-action.entity.js';
import { DeadLetterEntity } from './dead-letter.entity.js';
import { FeedCursorEntity } from './feed-cursor.entity.js';
import { FeedTimelineEntity } from './feed-timeline.entity.js';
import { PostEntity } from './post.entity.js';
import { PostChangeEntity } from './post-change.entity.js';
import { RepliesHourlyEntity } from './replies-hourly.entity.js';
import { ReplyCountEntity } from './reply-count.entity.js';
import { RevokedTokenEntity } from './revoked-token.entity.js';
import { StatsHourlyEntity } from './stats-hourly.entity.js';
import { StatsTotalsEntity } from './stats-totals.entity.js';
import { TagCountEntity } from './tag-count.entity.js';

export const ENTITIES = [
  PostEntity,
  CommandOutcomeEntity,
  DeadLetterEntity,
  DeadLetterActionEntity,
  PostChangeEntity,
  StatsHourlyEntity,
  StatsTotalsEntity,
  ReplyCountEntity,
  RepliesHourlyEntity,
  TagCountEntity,
  FeedCursorEntity,
  FeedTimelineEntity,
  RevokedTokenEntity,
];
