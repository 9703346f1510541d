import { parseAttemptName } from '../../../kernel/model.ts';
import { jobQueue, queueNames } from '../../../queues/names.ts';
import type { Queues } from '../../../queues/queues.ts';
import { type Finding, warn } from '../finding.ts';
import { counted, type DeepCheck, listed } from './check.ts';

/**
 * Messages in the queues of jobs that are none of Volt's. A runner that serves the queue sets them aside; where none does,
 * they wait for ever.
 */
export async function foreignFindings({ redis, mend }: DeepCheck): Promise<Finding[]> {
  if (!redis) return [];
  const { queues } = redis;
  const findings: Finding[] = [];
  for (const labels of await queues.labelSets()) {
    const name = jobQueue(labels);
    const ids = await queues.queue(name).getRanges(['waiting', 'prioritized', 'delayed'], 0, -1);
    const foreign = ids.filter((id) => parseAttemptName(id) === undefined);
    if (foreign.length === 0) continue;
    const moved = mend ? await setAside(queues, name, foreign) : [];
    const message = `${counted(foreign.length, 'message')} in "${name}" that Volt has not sent: ${listed(foreign)}`;
    findings.push(warn('messages', message, remedy(name, foreign.length - moved.length)));
  }
  return findings;
}

function remedy(name: string, left: number): string {
  const at = (queue: string) => `/queues/queue/${encodeURIComponent(queue)}`;
  if (left === 0) return `Mended: set aside, see ${at(queueNames.setAside)}.`;
  return `Remove them at ${at(name)}; \`volt doctor --mend\` sets aside what can be read, as a runner that serves the queue does.`;
}

/** @returns the ids of those that were moved; what cannot be read stays where it is */
async function setAside(queues: Queues, name: string, ids: string[]): Promise<string[]> {
  const moved: string[] = [];
  for (const id of ids) {
    try {
      const message = await queues.queue(name).getJob(id);
      if (!(await queues.setAside(`${name} ${id}`, [JSON.stringify(message?.data)]))) break;
      await queues.queue(name).remove(id);
      moved.push(id);
    } catch {
      // no JSON, or a runner was faster
    }
  }
  return moved;
}
