export { ANSWER_SCHEMAS, type AnswerName } from './schemas/answers.js';
export { COMMAND_SCHEMAS, ENVELOPE_SCHEMA } from './schemas/commands.js';
export { objectSchema, optional, refTo, type SchemaData } from './schemas/object-schema.js';
