import { buildIdOf, type JobId } from '../../src/kernel/model.ts';
import type { JobMessage } from '../../src/queues/messages.ts';

/** A message of a job without labels, with the given differences. */
export function jobMessageOf(job: string, change: Partial<JobMessage> = {}): JobMessage {
  return {
    v: 1,
    job: job as JobId,
    attempt: 1,
    build: buildIdOf(job as JobId),
    name: 'test',
    labels: [],
    repo: { name: 'app', url: '/nowhere/app' },
    ref: 'refs/heads/main',
    sha: 'a'.repeat(40),
    trust: { trusted: true, class: 'default' },
    plan: { kind: 'discover' },
    timeout: 1,
    ...change,
  };
}
