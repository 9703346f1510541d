import { serverNow } from '../kernel/server-time.ts';
import { parseQueueLabels, queueLabels, serves } from '../queues/kept.ts';
import { jobQueue } from '../queues/names.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import type { Tried } from '../record/tries.ts';
import { listRunners, type RunnerMember, whyUnfit } from '../redis/membership.ts';
import { keptRepositories } from './kept.ts';

/** So long (ms) after it was due a job is kept from the runners that could not begin it; then any may have it. */
const avoidance = 60_000;

/** At most so many queues are kept from some runner: where a server is away, each runner fails, and none is to be avoided. */
const mostAvoiding = 64;

/** What decides to which queue a job is sent. */
interface Placed {
  labels: readonly string[];
  repo: string;
  /** labels that its repository's jobs need beside */
  runners: readonly string[];
  dueAt: number | null;
  tried: Tried;
}

/**
 * To which queue each job belongs now: that of its labels, or of its repository where runners are kept for it. One that is
 * tried again is kept from the runners that could not begin it, while there is another one that takes jobs, for a bounded
 * time. Where that changes while it waits, queued-messages.ts sends it to the other queue.
 * @returns the labels of the queue of each of the jobs
 */
export async function placements(
  context: Pick<StageContext, 'access' | 'queues'> & { database: Database },
  jobs: readonly Placed[],
): Promise<string[][]> {
  const isKept = await keptRepositories(context);
  const others = jobs.some(isAvoiding) ? await Others.look(context) : undefined;
  return jobs.map((job) => {
    const place = (avoided: Tried) =>
      queueLabels(job.labels, job.runners, isKept(job.repo) ? job.repo : undefined, avoided);
    return (others && isAvoiding(job) && others.first(place, job.tried)) || place([]);
  });
}

function isAvoiding({ tried, dueAt }: Placed): boolean {
  return tried.length > 0 && serverNow() - (dueAt ?? 0) < avoidance;
}

/** The runners that take jobs, and the queues that are kept from some. */
class Others {
  readonly #runners: RunnerMember[];
  readonly #avoiding: Set<string>;

  private constructor(runners: RunnerMember[], avoiding: Set<string>) {
    this.#runners = runners;
    this.#avoiding = avoiding;
  }

  static async look({ access, queues }: Pick<StageContext, 'access' | 'queues'>): Promise<Others> {
    const { alive } = await listRunners(access);
    const sets = (await queues.labelSets()).filter((set) => parseQueueLabels(set).avoids);
    const able = alive.filter((runner) => runner.draining !== true && whyUnfit(runner) === undefined);
    return new Others(able, new Set(sets.map(jobQueue)));
  }

  /** The queue that is kept from all of those runners, else from the last of them; undefined where nobody serves either. */
  first(place: (avoided: Tried) => string[], tried: Tried): string[] | undefined {
    return [tried, tried.slice(-1)].map(place).find((queue) => this.#isServed(queue) && this.#isFree(jobQueue(queue)));
  }

  #isServed(queue: readonly string[]): boolean {
    return this.#runners.some((runner) => serves(runner, queue));
  }

  /** Notes a new one, too. */
  #isFree(name: string): boolean {
    if (this.#avoiding.size < mostAvoiding) this.#avoiding.add(name);
    return this.#avoiding.has(name);
  }
}
