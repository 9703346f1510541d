import type { Job, JobJson } from 'bullmq';
import type * as z from 'zod';

/**
 * Dead letters: messages that cannot be understood (malformed, of another version, or not Volt's). They stay in their
 * queue's failed set with the reason. `volt status` counts them; /queues shows, retries and removes them.
 */

/** The message in a form that BullMQ can read: content that is not JSON is wrapped, so that only its schema refuses it. */
export function readable(json: JobJson): JobJson {
  try {
    JSON.parse(json.data || '{}');
    return json;
  } catch {
    return { ...json, data: JSON.stringify({ unreadable: json.data }) };
  }
}

/** Makes a message that is about to fail a dead letter, whatever options its sender has set. */
export async function toDeadLetters(job: Job): Promise<void> {
  job.opts.removeOnFail = false;
  // the original content would break every reader of the queue
  if (job.data && typeof job.data === 'object' && 'unreadable' in job.data) await job.updateData(job.data);
}

export function whyNotUnderstood(error: z.ZodError): string {
  const issue = error.issues[0];
  const path = issue?.path.join('.') ?? '';
  return path === '' ? `${issue?.message}` : `${path}: ${issue?.message}`;
}
