import { CommandOutcomeEntity } from './command-outcome.entity.js';
import { DeadLetterActionEntity } from './dead-letter-action.entity.js';
import { DeadLetterEntity } from './dead-letter.entity.js';
import { PostEntity } from './post.entity.js';

export const ENTITIES = [PostEntity, CommandOutcomeEntity, DeadLetterEntity, DeadLetterActionEntity];
