import { parseAttemptName } from '../kernel/model.ts';
import { jobQueue } from '../queues/names.ts';
import { parseQueueLabels, servesQueue } from '../queues/queue-labels.ts';
import type { StageContext } from '../queues/stage.ts';
import { listRunners } from '../redis/membership.ts';
import { type Decision, sendDecision } from './decided-plan.ts';

/** How many jobs of one label set a poll ends, in the order in which they would run. */
const batch = 2000;

/** A queue without runners is forgotten after this long (ms): an empty one, and one with completed messages. */
const forgetAfter = { empty: 600_000, done: 86_400_000 };

/** States of a message that no runner has taken. */
const waitingStates = new Set<string>(['waiting', 'prioritized']);

/** A queue with messages and without runners. */
interface UnservedQueue {
  labels: string[];
  /** since when (ms) this process has seen it */
  since: number;
}

/** Ends jobs whose labels no runner has had for `VOLT_RUNNER_WAIT` minutes. */
export class JobsWithoutRunner {
  readonly #context: StageContext;
  #unserved = new Map<string, UnservedQueue>();
  /** since when (ms) this process has seen empty queues without runners */
  #idle = new Map<string, number>();

  constructor(context: StageContext) {
    this.#context = context;
  }

  async poll(now = performance.now()): Promise<void> {
    const { access, queues, config } = this.#context;
    const { alive } = await listRunners(access);
    const unserved = new Map<string, UnservedQueue>();
    const idle = new Map<string, number>();
    for (const labels of await queues.labelSets()) {
      const { avoids } = parseQueueLabels(labels);
      // a queue that avoids some runner is short-lived, see queue-choice.ts
      if (!avoids && alive.some((runner) => servesQueue(runner, labels))) continue;
      const name = jobQueue(labels);
      if ((await queues.queue(name).getJobCountByTypes('waiting', 'prioritized')) === 0) {
        const since = this.#idle.get(name) ?? now;
        if (!(await this.#forgets(name, labels, now - since))) idle.set(name, since);
        continue;
      }
      if (!avoids) unserved.set(name, this.#unserved.get(name) ?? { labels, since: now });
    }
    this.#unserved = unserved;
    this.#idle = idle;
    for (const [name, { labels, since }] of unserved) {
      if (now - since >= config.runnerWait * 60_000) await this.#end(name, labels);
    }
  }

  /**
   * Commits may ask for any labels, so the number of queues would grow without end. A message sent to a forgotten queue makes
   * it known again.
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
    const end = endOf(labels);
    const message = `${end.message} for ${config.runnerWait} min`;
    for (const id of await queue.getRanges(['waiting', 'prioritized'], 0, batch - 1, true)) {
      const ref = parseAttemptName(id);
      // a runner may have taken, and even completed, the message since it was listed
      if (!ref || !waitingStates.has(await queue.getJobState(id))) continue;
      if ((await queue.remove(id)) === 0 || (await queues.holdsOutcome(ref))) continue;
      await sendDecision(this.#context, ref, { status: 'error', reason: end.reason, message });
    }
  }
}

/** How the jobs of a queue end; the message goes on with a duration. */
function endOf(queue: readonly string[]): Pick<Decision, 'reason' | 'message'> {
  const { labels, repo, kind } = parseQueueLabels(queue);
  const isPull = kind === 'pull-request';
  const version = kind && !isPull ? ' of this version of Volt' : '';
  const isolation = isPull ? ' and the isolation that pull requests need' : '';
  const which = `no runner${version} with ${labels.join(', ') || 'any labels'}${isolation}`;
  const message = repo === undefined ? `${which} was there` : `${which} that may have jobs of ${repo} was there`;
  return { reason: isPull ? 'isolation_missing' : 'no_runner', message };
}
