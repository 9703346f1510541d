import { type AttemptRef, attemptName, type RunnerId } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import { type HeldAttempt, queuesOf, retireAttempt } from '../queues/attempts.ts';
import { noteLoss } from '../record/losses.ts';
import { moveToNextAttempt } from '../record/next-attempts.ts';
import { type OpenJob, openJobs, type RunningAttempt } from '../record/open-jobs.ts';
import { announceChange } from '../redis/channels.ts';
import type { RunnerMember } from '../redis/membership.ts';
import { count } from '../redis/tallies.ts';
import type { WatchContext } from './context.ts';
import { sendDecision } from './decided-plan.ts';
import type { KnownRunners } from './known-runners.ts';
import type { Loss, LostAttempts } from './lost-attempts.ts';
import { routeBuild } from './route.ts';

/**
 * After this many lost attempts that count a job ends as `poison`: it may be what takes down its runners. A loss does not
 * count if it was within one TTL after the dispatcher had started, or after Redis was away or had refused heartbeats; and if
 * the runner had reported a low disk. So power cuts and outages blame no job. An attempt that a runner gives back is no loss.
 */
const mostLost = 10;
/** A job that takes down the dispatcher with its runner ends as `poison` after this many attempts, whatever their losses. */
const mostAttempts = 100;

/**
 * Takes back attempts: records the next attempt, removes the message of the former one and sends the job again. It does
 * nothing if the outcome of the attempt waits to be recorded.
 */
export class TakeBack {
  readonly #context: WatchContext;
  readonly #runners: KnownRunners;
  readonly #lost: LostAttempts;

  constructor(context: WatchContext, runners: KnownRunners, lost: LostAttempts) {
    this.#context = context;
    this.#runners = runners;
    this.#lost = lost;
  }

  /** An attempt that a runner has started, if it is lost or a person has ended the key of its runner. */
  async running(attempt: RunningAttempt): Promise<void> {
    const loss = attempt.keyEnded ? undefined : this.#lost.find(attempt, attempt.runner);
    if (!attempt.keyEnded && !loss) return;
    await this.#alone(attempt, async () => {
      const job = await this.#current(attempt, 'running');
      if (job && loss) await this.#lose(job, job.runner?.id, loss);
      // the runner is told to end the attempt when it claims it next
      else if (job) await this.#next(job, 'runner_lost', 'the key of its runner was ended');
    });
  }

  /** An attempt whose message a runner has taken without a recorded start: the runner may have died in between. */
  async unstarted(attempt: HeldAttempt): Promise<void> {
    const loss = this.#lost.find(attempt, attempt.runner);
    if (!loss) return;
    const { access, queues } = this.#context;
    await this.#alone(attempt, async () => {
      const job = await this.#current(attempt, 'queued');
      if (!job) {
        this.#lost.settle(attempt);
        return retireAttempt(access, queues, attempt.queue, attempt);
      }
      const holder = this.#runners.findAlive(attempt.runner)?.member;
      if (!holder) return this.#lose(job, attempt.runner, loss);
      // the answer that gave the message to the runner was lost
      const why = `runner ${holder.name} did not hear that it was given the job`;
      if (!(await queues.holdsOutcome(refOf(job)))) await this.#next(job, 'handed_back', why, holder);
    });
  }

  /** A failure is logged and concerns no other attempt; the next poll tries again. */
  #alone({ job }: AttemptRef, work: () => Promise<void>): Promise<boolean> {
    return this.#context.problems.alone(`taking back job ${job}`, work);
  }

  async #current({ job: id, attempt }: AttemptRef, status: 'running' | 'queued'): Promise<OpenJob | undefined> {
    const [job] = await openJobs(this.#context.database, { jobs: [id], status, limit: 1 });
    return job?.attempt === attempt ? job : undefined;
  }

  async #lose(job: OpenJob, runner: RunnerId | undefined, loss: Loss): Promise<void> {
    // it had finished before its runner was lost
    if (await this.#context.queues.holdsOutcome(refOf(job))) return;
    const member = this.#runners.find(runner)?.member;
    const lost = job.lostAttempts + (loss.counts ? 1 : 0);
    if (lost >= mostLost) return this.#condemn(job, member, loss, `${lost} runners were lost while they ran it`);
    if (job.attempt - job.firstAttempt + 1 >= mostAttempts)
      return this.#condemn(job, member, loss, `it has lost its runner in too many of ${mostAttempts} attempts`);
    await this.#next(job, 'runner_lost', loss.how, member, loss);
  }

  async #next(
    job: OpenJob,
    reason: 'runner_lost' | 'handed_back',
    message: string,
    member?: RunnerMember,
    loss?: Loss,
  ): Promise<void> {
    const { access, database, queues, logger } = this.#context;
    const ref = refOf(job);
    const lost = { reason, message, at: loss?.noticedAt ?? serverNow() };
    const moved = await moveToNextAttempt(database, ref, {
      ...lost,
      ...(loss && { loss }),
      ...(member && { runner: runnerOf(member) }),
    });
    this.#lost.settle(ref);
    if (!moved) return;
    const about = { repo: job.repo.name, build: job.build, ...ref, runner: job.runner?.id };
    logger.warn(`took back the attempt: ${message}`, about);
    count(access, 'attempts_lost', [reason]);
    const queue = (await queuesOf(access, queues, [ref])).get(attemptName(ref));
    if (queue !== undefined) await retireAttempt(access, queues, queue, ref);
    await routeBuild(this.#context, job.build);
    await announceChange(access, { build: job.build, repo: job.repo.name, status: 'running' });
  }

  /**
   * Ends the job as `poison`. There is no next attempt that could be sent, and this one keeps its message until the end is
   * recorded; so every poll comes here again and sends the same message.
   */
  async #condemn(job: OpenJob, member: RunnerMember | undefined, loss: Loss, why: string): Promise<void> {
    await noteLoss(this.#context.database, refOf(job), loss, member && runnerOf(member));
    const message = `${why}; it is given to no other runner`;
    await sendDecision(this.#context, refOf(job), { status: 'error', reason: 'poison', message });
  }
}

function runnerOf({ id, name, host }: RunnerMember) {
  return { id, name, host };
}

function refOf({ id: job, attempt }: OpenJob): AttemptRef {
  return { job, attempt };
}
