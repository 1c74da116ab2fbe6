import { uuidFromBytes } from '@spillway/contracts';

/**
 * Command and post id inside a job id, without verifying it: the harness knows who issued it.
 * @throws Error when the text is not a job id at all.
 */
export function readJobId(jobId: string): { readonly commandId: string; readonly postId: string } {
  const bytes = Buffer.from(jobId, 'base64url');
  if (bytes.length !== 57) throw new Error(`a 202 carried a jobId of ${bytes.length} bytes instead of 57`);
  return { commandId: uuidFromBytes(bytes.subarray(9, 25)), postId: uuidFromBytes(bytes.subarray(25, 41)) };
}
