import { type AttemptRef, attemptName, parseAttemptName, type RunnerId } from '../kernel/model.ts';
import { type HeldAttempt, heldAttempts, retireAttempt } from '../queues/attempts.ts';
import { jobQueue } from '../queues/names.ts';
import type { StageContext } from '../queues/stage.ts';
import { moveToNextAttempt } from '../record/moves.ts';
import { countLostRunners, currentAttempts, type OpenJob, openJobs } from '../record/open-jobs.ts';
import type { Record } from '../record/record.ts';
import { announceChange, notifyRunner } from '../redis/channels.ts';
import { heartbeatTtl, leave, listRunners, type RunnerMember } from '../redis/membership.ts';
import { isSeenGone } from '../redis/process.ts';
import { routeBuild } from './route.ts';

/** After this many runners have been lost with a job, it is not given to another. */
const poisonLimit = 3;

/** What the watch remembers of a runner. */
interface Sighting {
  member: RunnerMember;
  /** `heartbeatAt` of its latest heartbeat */
  heartbeat: string;
  /** when that heartbeat was first seen, by `performance.now()` */
  seenAt: number;
}

interface Lost {
  message: string;
}

/**
 * Watches the runners and takes back the attempts of those that are gone. An attempt is taken back when no living
 * runner has claimed it for one TTL, counted from the last heartbeat that was seen of its runner, and never before our
 * own connection has lasted that long; or at once when this process, on the runner's machine, sees that the runner and
 * its attempts' processes are gone.
 */
export class FleetWatch {
  readonly #context: StageContext & { record: Record };
  readonly #sightings = new Map<RunnerId, Sighting>();
  /** when an attempt was last claimed, by attempt name */
  readonly #claimed = new Map<string, number>();
  #connectedAt = performance.now();

  constructor(context: StageContext & { record: Record }) {
    this.#context = context;
    context.access.client.on('ready', () => {
      this.#connectedAt = performance.now();
    });
  }

  /** One look at the registry, the record and the queues. */
  async look(): Promise<void> {
    const { access, record, queues } = this.#context;
    const now = performance.now();
    const { alive, gone } = await listRunners(access);
    this.#remember(alive, now);
    const witnessed = alive.filter((member) => isSeenGone(member) && member.scopes.every(isSeenGone));
    for (const member of witnessed) await leave(access, 'runner', member.id);
    const living = alive.filter((member) => !witnessed.includes(member));
    this.#noteClaims(living, now);
    await this.#stopSuperseded(living);

    const jobs = await openJobs(record, { limit: 100_000, status: 'running' });
    const held = await heldAttempts(access, queues);
    for (const job of jobs) {
      const runner = job.runner?.id;
      const lost = this.#isLost({ job: job.id, attempt: job.attempt }, runner, witnessed, now);
      if (lost) await this.#takeBack(job, runner, lost);
    }
    const unstarted = held.filter(
      (attempt) => !jobs.some((job) => job.id === attempt.job && job.attempt === attempt.attempt),
    );
    if (unstarted.length > 0) await this.#lookAtUnstarted(unstarted, witnessed, now);
    for (const id of gone) await leave(access, 'runner', id);
    this.#forget(now);
  }

  #remember(alive: RunnerMember[], now: number): void {
    for (const member of alive) {
      const known = this.#sightings.get(member.id);
      if (known?.heartbeat !== member.heartbeatAt) {
        this.#sightings.set(member.id, { member, heartbeat: member.heartbeatAt, seenAt: now });
      }
    }
  }

  #noteClaims(living: RunnerMember[], now: number): void {
    for (const member of living) {
      const seenAt = this.#sightings.get(member.id)?.seenAt ?? now;
      for (const name of [...member.running, ...member.reporting]) this.#claimed.set(name, seenAt);
    }
  }

  /** A runner that was taken for lost may turn out to live: what it still runs of others' jobs is to end. */
  async #stopSuperseded(living: RunnerMember[]): Promise<void> {
    const { access, record, logger } = this.#context;
    const claims = living.flatMap(({ id, running }) =>
      running.flatMap((name) => {
        const ref = parseAttemptName(name);
        return ref ? [{ id, ref }] : [];
      }),
    );
    const current = await currentAttempts(record, [...new Set(claims.map(({ ref }) => ref.job))]);
    for (const { id, ref } of claims) {
      const state = current.get(ref.job);
      if (!state || (state.open && state.attempt === ref.attempt)) continue;
      logger.debug(`attempt ${attemptName(ref)} counts no more`, { runner: id });
      await notifyRunner(access, id, { kind: 'lose', ...ref });
    }
  }

  #isLost(ref: AttemptRef, runner: RunnerId | undefined, witnessed: RunnerMember[], now: number): Lost | undefined {
    const witness = witnessed.find((member) => member.id === runner);
    if (witness) {
      const silence = now - (this.#sightings.get(witness.id)?.seenAt ?? now);
      return {
        message: `runner ${witness.name} vanished, noticed within ${Math.max(silence / 1000, 0.1).toFixed(1)} s`,
      };
    }
    const name = attemptName(ref);
    if (!this.#claimed.has(name)) this.#claimed.set(name, now);
    const lastWord = Math.max(this.#claimed.get(name) ?? now, this.#connectedAt);
    if (now - lastWord < heartbeatTtl) return undefined;
    const who = (runner && this.#sightings.get(runner)?.member.name) ?? runner?.split('~')[0] ?? 'its runner';
    return { message: `runner ${who} was silent for ${((now - lastWord) / 1000).toFixed(1)} s` };
  }

  /** Messages that a runner has taken while the record knows of no start: it may have died in between. */
  async #lookAtUnstarted(unstarted: HeldAttempt[], witnessed: RunnerMember[], now: number): Promise<void> {
    const { access, record, queues } = this.#context;
    for (const attempt of unstarted) {
      const lost = this.#isLost(attempt, attempt.runner, witnessed, now);
      if (!lost) continue;
      const [job] = await openJobs(record, { job: attempt.job, status: 'queued', limit: 1 });
      if (job?.attempt === attempt.attempt) await this.#takeBack(job, attempt.runner, lost);
      else await retireAttempt(access, queues, attempt.queue, attempt);
    }
  }

  async #takeBack(job: OpenJob, runner: RunnerId | undefined, lost: Lost): Promise<void> {
    const { access, record, queues, logger } = this.#context;
    const ref = { job: job.id, attempt: job.attempt };
    // it had finished before its runner went
    if (await queues.holdsOutcome(ref)) return;
    const losses = (await countLostRunners(record, job.id)) + 1;
    if (losses >= poisonLimit)
      return this.#condemn(job, `${losses} runners were lost while they ran it; ${lost.message}`);
    const member = runner && this.#sightings.get(runner)?.member;
    const moved = await moveToNextAttempt(record, ref, {
      reason: 'runner_lost',
      message: lost.message,
      at: Date.now(),
      ...(member ? { runner: { id: member.id, name: member.name, host: member.host } } : {}),
    });
    if (!moved) return;
    const about = { repo: job.repo.name, build: job.build, job: job.id, attempt: job.attempt, runner };
    logger.warn(`took back the attempt: ${lost.message}`, about);
    await retireAttempt(access, queues, jobQueue(job.labels), ref);
    await routeBuild(record, queues, job.build);
    await announceChange(access, { build: job.build, repo: job.repo.name, status: 'running' });
  }

  /**
   * The job has taken too many runners with it. There is no next attempt that anybody could send, and this one keeps
   * its message, until the end is recorded; so this comes again at each look, and the message that says so is the same.
   */
  async #condemn(job: OpenJob, message: string): Promise<void> {
    const at = new Date().toISOString();
    const { queues } = this.#context;
    const ref = { job: job.id, attempt: job.attempt };
    await queues.sendResult({ v: 1, kind: 'decided', ...ref, status: 'error', reason: 'poison', message, at });
  }

  #forget(now: number): void {
    const longAgo = now - 60 * heartbeatTtl;
    for (const [id, sighting] of this.#sightings) if (sighting.seenAt < longAgo) this.#sightings.delete(id);
    for (const [name, at] of this.#claimed) if (at < longAgo) this.#claimed.delete(name);
  }
}
