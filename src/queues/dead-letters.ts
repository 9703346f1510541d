import type { Job, JobJson } from 'bullmq';
import type { z } from 'zod';

/**
 * What nobody here can understand (malformed, of another version, or not Volt's at all) is set aside: it stays in its
 * queue's failed set with the reason, where `volt status` counts it and /queues shows it, retries it and removes it.
 */

/** The message as BullMQ can read it: content that is not JSON is wrapped, so that it fails its schema instead of it. */
export function readable(json: JobJson): JobJson {
  try {
    JSON.parse(json.data || '{}');
    return json;
  } catch {
    return { ...json, data: JSON.stringify({ unreadable: json.data }) };
  }
}

/** Keeps a message that is about to fail for people to see, whatever its sender has wished. */
export async function toDeadLetters(job: Job): Promise<void> {
  job.opts.removeOnFail = false;
  // content that had to be wrapped would hold up everybody who looks at the queue
  if (job.data && typeof job.data === 'object' && 'unreadable' in job.data) await job.updateData(job.data);
}

export function whyNotUnderstood(error: z.ZodError): string {
  const issue = error.issues[0];
  const place = issue?.path.join('.') ?? '';
  return place === '' ? `${issue?.message}` : `${place}: ${issue?.message}`;
}
