import { CommandOutcomeEntity } from './command-outcome.entity.js';
import { PostEntity } from './post.entity.js';

export const ENTITIES = [PostEntity, CommandOutcomeEntity];
