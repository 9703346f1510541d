import { parseAttemptName } from '../kernel/model.ts';
import { jobQueue } from '../queues/names.ts';
import type { StageContext } from '../queues/stage.ts';
import { listRunners } from '../redis/membership.ts';

/** How many jobs of one set of labels are ended in one look; what is to run first goes first. */
const batch = 2000;

/** States of a message that no runner has taken. */
const waitingStates = new Set<string>(['waiting', 'prioritized']);

/** A queue that nobody serves. */
interface Vain {
  labels: string[];
  /** since when (ms) this process has seen it */
  since: number;
}

/** Ends jobs that ask for labels which no runner has had for as long as the settings say. */
export class UnservedWatch {
  readonly #context: StageContext;
  #vain = new Map<string, Vain>();

  constructor(context: StageContext) {
    this.#context = context;
  }

  /** One look. */
  async look(now = performance.now()): Promise<void> {
    const { access, queues, config } = this.#context;
    const { alive } = await listRunners(access);
    const vain = new Map<string, Vain>();
    for (const labels of await queues.labelSets()) {
      if (alive.some((runner) => labels.every((label) => runner.labels.includes(label)))) continue;
      const name = jobQueue(labels);
      if ((await queues.queue(name).getJobCountByTypes('waiting', 'prioritized')) === 0) continue;
      vain.set(name, this.#vain.get(name) ?? { labels, since: now });
    }
    this.#vain = vain;
    for (const [name, { labels, since }] of vain) {
      if (now - since >= config.runnerWait * 60_000) await this.#end(name, labels);
    }
  }

  async #end(name: string, labels: string[]): Promise<void> {
    const { queues, config } = this.#context;
    const queue = queues.queue(name);
    const message = `no runner with ${labels.join(', ') || 'any labels'} was there for ${config.runnerWait} min`;
    for (const id of await queue.getRanges(['waiting', 'prioritized'], 0, batch - 1, true)) {
      const ref = parseAttemptName(id);
      // the list grows old while this goes on: a runner that has come wins, though it be done with the job by now
      if (!ref || !waitingStates.has(await queue.getJobState(id))) continue;
      if ((await queue.remove(id)) === 0 || (await queues.holdsOutcome(ref))) continue;
      const at = new Date().toISOString();
      await queues.sendResult({ v: 1, kind: 'decided', ...ref, status: 'error', reason: 'no_runner', message, at });
    }
  }
}
