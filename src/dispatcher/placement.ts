import { serverNow } from '../kernel/server-time.ts';
import { jobQueue } from '../queues/names.ts';
import { parseQueueLabels, queueLabels, servesQueue } from '../queues/queue-labels.ts';
import type { StageContext } from '../queues/stage.ts';
import type { TriedRunners } from '../record/automatic-retries.ts';
import type { Database } from '../record/database.ts';
import { listRunners, type RunnerMember, unfitReason } from '../redis/membership.ts';
import { findReservedRepositories } from './reserved-repositories.ts';

/** A job avoids the runners that could not start it for this long (ms) after it was due; then any runner may take it. */
const avoidance = 60_000;

/** Most queues that avoid some runner: if a server is away, every runner fails, and none should be avoided. */
const mostAvoiding = 64;

/** What decides to which queue a job belongs. */
interface Placeable {
  labels: readonly string[];
  repo: string;
  /** further labels that its repository's jobs need */
  runners: readonly string[];
  dueAt: number | null;
  tried: TriedRunners;
}

/**
 * The queue of each job: the queue of its labels, or of its repository if runners are reserved for that. A job that is tried
 * again avoids the runners that could not start it, for a bounded time, if another runner takes jobs. If the queue of a
 * waiting job changes, queued-messages.ts sends it to the other queue.
 * @returns the labels of each job's queue
 */
export async function placements(
  context: Pick<StageContext, 'access' | 'queues'> & { database: Database },
  jobs: readonly Placeable[],
): Promise<string[][]> {
  const isReserved = await findReservedRepositories(context);
  const runners = jobs.some(isAvoiding) ? await AvoidingQueues.load(context) : undefined;
  return jobs.map((job) => {
    const queueFor = (avoided: TriedRunners) =>
      queueLabels(job.labels, job.runners, isReserved(job.repo) ? job.repo : undefined, avoided);
    return (runners && isAvoiding(job) && runners.first(queueFor, job.tried)) || queueFor([]);
  });
}

function isAvoiding({ tried, dueAt }: Placeable): boolean {
  return tried.length > 0 && serverNow() - (dueAt ?? 0) < avoidance;
}

/** The queues that avoid some runner, and the runners that take jobs. */
class AvoidingQueues {
  readonly #runners: RunnerMember[];
  readonly #avoiding: Set<string>;

  private constructor(runners: RunnerMember[], avoiding: Set<string>) {
    this.#runners = runners;
    this.#avoiding = avoiding;
  }

  static async load({ access, queues }: Pick<StageContext, 'access' | 'queues'>): Promise<AvoidingQueues> {
    const { alive } = await listRunners(access);
    const sets = (await queues.labelSets()).filter((set) => parseQueueLabels(set).avoids);
    const able = alive.filter((runner) => runner.draining !== true && unfitReason(runner) === undefined);
    return new AvoidingQueues(able, new Set(sets.map(jobQueue)));
  }

  /** The queue that avoids all tried runners, else the last of them; undefined if no runner serves either. */
  first(queueFor: (avoided: TriedRunners) => string[], tried: TriedRunners): string[] | undefined {
    return [tried, tried.slice(-1)]
      .map(queueFor)
      .find((queue) => this.#isServed(queue) && this.#mayUse(jobQueue(queue)));
  }

  #isServed(queue: readonly string[]): boolean {
    return this.#runners.some((runner) => servesQueue(runner, queue));
  }

  /** Whether the queue is in use or may be added; it is added then. */
  #mayUse(name: string): boolean {
    if (this.#avoiding.size < mostAvoiding) this.#avoiding.add(name);
    return this.#avoiding.has(name);
  }
}
