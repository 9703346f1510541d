import { parseAttemptName } from '../kernel/model.ts';
import { serverTime } from '../kernel/server-time.ts';
import { parseQueueLabels, serves } from '../queues/kept.ts';
import { jobQueue } from '../queues/names.ts';
import type { StageContext } from '../queues/stage.ts';
import { listRunners } from '../redis/membership.ts';

/** How many jobs of one set of labels are ended in one look; what is to run first goes first. */
const batch = 2000;

/** A queue that is empty and that no runner serves is forgotten after this long (ms); one with messages that runners were done with, later. */
const forgetAfter = { empty: 600_000, done: 86_400_000 };

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
  /** since when (ms) this process has seen queues that nobody serves and nothing waits in */
  #idle = new Map<string, number>();

  constructor(context: StageContext) {
    this.#context = context;
  }

  /** One look. */
  async look(now = performance.now()): Promise<void> {
    const { access, queues, config } = this.#context;
    const { alive } = await listRunners(access);
    const vain = new Map<string, Vain>();
    const idle = new Map<string, number>();
    for (const labels of await queues.labelSets()) {
      const { avoids } = parseQueueLabels(labels);
      // one that is kept from some runner is there for the jobs of a moment, see placement.ts
      if (!avoids && alive.some((runner) => serves(runner, labels))) continue;
      const name = jobQueue(labels);
      if ((await queues.queue(name).getJobCountByTypes('waiting', 'prioritized')) === 0) {
        const since = this.#idle.get(name) ?? now;
        if (!(await this.#forgets(name, labels, now - since))) idle.set(name, since);
        continue;
      }
      if (!avoids) vain.set(name, this.#vain.get(name) ?? { labels, since: now });
    }
    this.#vain = vain;
    this.#idle = idle;
    for (const [name, { labels, since }] of vain) {
      if (now - since >= config.runnerWait * 60_000) await this.#end(name, labels);
    }
  }

  /**
   * Commits ask for any labels, so their queues would become more and more. What is sent to one that was forgotten makes it
   * known again.
   */
  async #forgets(name: string, labels: string[], age: number): Promise<boolean> {
    if (age < forgetAfter.empty) return false;
    const { queues } = this.#context;
    const done = await queues.queue(name).getJobCountByTypes('completed', 'failed', 'active', 'delayed');
    if (done > 0 && age < forgetAfter.done) return false;
    await queues.forgetLabels(labels);
    return true;
  }

  async #end(name: string, labels: string[]): Promise<void> {
    const { queues, config } = this.#context;
    const queue = queues.queue(name);
    const message = `${nobodyServes(labels)} for ${config.runnerWait} min`;
    for (const id of await queue.getRanges(['waiting', 'prioritized'], 0, batch - 1, true)) {
      const ref = parseAttemptName(id);
      // the list grows old while this goes on: a runner that has come wins, though it be done with the job by now
      if (!ref || !waitingStates.has(await queue.getJobState(id))) continue;
      if ((await queue.remove(id)) === 0 || (await queues.holdsOutcome(ref))) continue;
      const at = serverTime();
      await queues.sendResult({ v: 1, kind: 'decided', ...ref, status: 'error', reason: 'no_runner', message, at });
    }
  }
}

/** As the beginning of a sentence about how long that was so. */
function nobodyServes(queue: readonly string[]): string {
  const { labels, repo } = parseQueueLabels(queue);
  const which = `no runner with ${labels.join(', ') || 'any labels'}`;
  return repo === undefined ? `${which} was there` : `${which} that may have jobs of ${repo} was there`;
}
