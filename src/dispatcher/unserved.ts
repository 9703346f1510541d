import { jobQueue, messageIds } from '../queues/names.ts';
import type { StageContext } from '../queues/stage.ts';
import { openJobs } from '../record/open-jobs.ts';
import type { Record } from '../record/record.ts';
import { listRunners } from '../redis/membership.ts';

/** How many queued jobs are looked at; the oldest first. */
const batch = 2000;

/** Ends jobs that ask for labels which no runner has had for as long as the settings say. */
export class UnservedWatch {
  readonly #context: StageContext & { record: Record };
  /** since when (ms) a set of labels is asked for in vain, as this process has seen it */
  #since = new Map<string, number>();

  constructor(context: StageContext & { record: Record }) {
    this.#context = context;
  }

  /** One look. */
  async look(now = performance.now()): Promise<void> {
    const { access, record, queues, config } = this.#context;
    const queued = await openJobs(record, { status: 'queued', limit: batch });
    const { alive } = await listRunners(access);
    const vain = queued.filter(
      (job) => !alive.some(({ labels }) => job.labels.every((label) => labels.includes(label))),
    );
    const keys = new Set(vain.map(({ labels }) => jobQueue(labels)));
    this.#since = new Map([...keys].map((key) => [key, this.#since.get(key) ?? now]));
    for (const job of vain) {
      const since = this.#since.get(jobQueue(job.labels)) ?? now;
      if (now - since < config.runnerWait * 60_000) continue;
      const ref = { job: job.id, attempt: job.attempt };
      // a runner that comes in this moment and takes it wins
      if ((await queues.queue(jobQueue(job.labels)).remove(messageIds.job(ref))) === 0) continue;
      const message = `no runner with ${job.labels.join(', ') || 'any labels'} was there for ${config.runnerWait} min`;
      const at = new Date().toISOString();
      await queues.sendResult({ v: 1, kind: 'decided', ...ref, status: 'error', reason: 'no_runner', message, at });
    }
  }
}
