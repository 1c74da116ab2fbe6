import type { AnswerName } from '@spillway/contracts/schemas';
import type { OperationInfo } from '@spillway/http/openapi';

type ResponseHeader = NonNullable<OperationInfo['answers'][number]['headers']>[number];

const HEADERS = ['ETag', 'Served-By', 'Replica-Lag', 'Age', 'Cache-Control', 'Vary'] as const;

/** What every read of posts takes, and how it fails when no database may answer. */
export const READ_HEADERS = ['Consistency-Token', 'If-None-Match'] as const;
export const READ_ERRORS = ['database_unavailable', 'consistency_unavailable'] as const;

/** The answers of a read that clients may keep and ask again for. */
export const keptAnswers = (
  description: string,
  schema: AnswerName,
  more: readonly ResponseHeader[] = [],
): OperationInfo['answers'] => ({
  200: { description, schema, headers: [...HEADERS, ...more] },
  304: { description: 'It is still what the client has.', headers: HEADERS },
});
